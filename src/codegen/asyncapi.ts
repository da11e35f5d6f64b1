/**
 * What the AsyncAPI document says: the events, how they are signed and when they count as delivered.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Documents, type Found, follow, isMembers } from './documents.ts';
import { type Place, SpecProblem, inside } from './spec-problem.ts';

const FILE = 'asyncapi.yaml';

/** One event that the provider sends. */
export interface EventMessage {
  /** Such as `email.replied`. */
  readonly type: string;
  readonly payload: Found;
  readonly examples: readonly unknown[];
}

/** The AsyncAPI document, read by its own parser. */
export interface EventSpec {
  readonly events: readonly EventMessage[];
  readonly contentType: string;
}

/** Reads and validates the document; refuses it on a diagnostic of level error. */
export async function readEventSpec(documents: Documents): Promise<EventSpec> {
  const { Parser } = await import('@asyncapi/parser');
  const path = join(documents.folder, FILE);
  const { document, diagnostics } = await new Parser().parse(readFileSync(path, 'utf8'), {
    source: pathToFileURL(path).pathname,
  });
  const error = diagnostics.find((diagnostic) => {
    const severity: number = diagnostic.severity;
    return severity === 0;
  });
  if (error || !document) {
    const place = inside({ file: FILE, pointer: '' }, ...(error?.path ?? []));
    const line = error ? ` (line ${error.range.start.line + 1})` : '';
    throw new SpecProblem(place, `${error?.message ?? 'cannot be read'}${line}`);
  }

  const raw = rawMessages(documents);
  const events = document
    .operations()
    .filterBySend()
    .flatMap((operation) =>
      operation
        .messages()
        .all()
        .map((message): EventMessage => {
          const found = raw.get(message.id());
          const type = message.name();
          if (!found || type === undefined) {
            throw new SpecProblem(
              { file: FILE, pointer: '/channels' },
              `message "${message.id()}" needs a "name" and a place in a channel.`,
            );
          }
          return {
            type,
            payload: { value: found.payload, place: inside(found.place, 'payload') },
            examples: message
              .examples()
              .all()
              .map((example) => example.payload()),
          };
        }),
    );
  const types = new Set(
    document
      .allMessages()
      .all()
      .map((message) => message.contentType()),
  );
  const [contentType = 'application/json'] = types;
  if (types.size > 1) {
    throw new SpecProblem(
      { file: FILE, pointer: '' },
      'every message must have the same content type.',
    );
  }
  return { events, contentType };
}

/** The messages of all channels by id, as written: the parser's own have lost the names of schemas. */
function rawMessages(documents: Documents): Map<string, { payload: unknown; place: Place }> {
  const messages = new Map<string, { payload: unknown; place: Place }>();
  const { channels } = documents.read(FILE);
  for (const [channel, value] of Object.entries(isMembers(channels) ? channels : {})) {
    const listed = isMembers(value) ? value['messages'] : undefined;
    for (const [id, message] of Object.entries(isMembers(listed) ? listed : {})) {
      const place = inside({ file: FILE, pointer: '' }, 'channels', channel, 'messages', id);
      const found = follow(documents, { value: message, place });
      const payload = isMembers(found.value) ? found.value['payload'] : undefined;
      messages.set(id, { payload, place: found.place });
    }
  }
  return messages;
}
