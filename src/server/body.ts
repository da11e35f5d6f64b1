/**
 * Reads a JSON body: bounded, UTF-8, and with words for what is wrong with it.
 *
 * @module
 */
import { LIMITS } from '../../schemas/contract.ts';
import type { ParseError } from 'jsonc-parser';
import { nextTurn } from '../domain/event-loop.ts';
import {
  malformedBody,
  malformedJson,
  payloadTooLarge,
  unsupportedMediaType,
  validationFailed,
} from '../domain/problems.ts';
import type { Ctx } from './context.ts';
import { InvalidJson, JSON_LIMITS, JsonLimit, parseInSlices } from './json-slices.ts';

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** A body over its limit is read on for so long, and thrown away: a client that is cut off never reads why. */
const MAX_DISCARDED_BYTES = 134_217_728;

const readBounded = async (c: Ctx, limit: number): Promise<Uint8Array> => {
  const length = c.req.header('content-length');
  if (length !== undefined && Number(length) <= limit)
    return new Uint8Array(await c.req.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else if (size > limit + MAX_DISCARDED_BYTES) break;
  }
  if (size > limit) throw payloadTooLarge(limit);
  return Buffer.concat(chunks);
};

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** Characters looked through before other requests get their turn, about 5 ms. */
const CHARACTERS_PER_SLICE = 1_048_576;

/** Returns a scanner that is given a text part by part and answers whether it is nested too deeply so far. */
const createDepthScanner = (): ((text: string, from: number, to: number) => boolean) => {
  let depth = 0;
  let quoted = false;
  let escaped = false;
  return (text, from, to) => {
    for (let at = from; at < to; at += 1) {
      const code = text.charCodeAt(at);
      if (escaped) escaped = false;
      else if (quoted) {
        if (code === BACKSLASH) escaped = true;
        else if (code === QUOTE) quoted = false;
      } else if (code === QUOTE) quoted = true;
      else if (OPENING.has(code)) {
        depth += 1;
        if (depth > JSON_LIMITS.maxNesting) return true;
      } else if (CLOSING.has(code)) depth -= 1;
    }
    return false;
  };
};

/** Scans in slices, so that a large body does not hold the event loop. */
const isTooDeep = async (text: string): Promise<boolean> => {
  const scan = createDepthScanner();
  for (let from = 0; from < text.length; from += CHARACTERS_PER_SLICE) {
    if (from > 0) await nextTurn();
    if (scan(text, from, Math.min(text.length, from + CHARACTERS_PER_SLICE))) return true;
  }
  return false;
};

/** The first error is looked for in this many characters; a snapshot may be far longer. */
const MAX_EXPLAINED = 1_048_576;

/** Thrown by the visitor to end its walk. */
class FirstError extends Error {
  readonly found: ParseError;
  constructor(found: ParseError) {
    super('the first error');
    this.found = found;
  }
}

/** The walk builds nothing and ends at the first error: a text may consist of errors only. */
const firstErrorIn = async (text: string): Promise<ParseError | null> => {
  const { visit } = await import('jsonc-parser');
  try {
    visit(
      text,
      {
        onError: (error, offset, length) => {
          throw new FirstError({ error, offset, length });
        },
      },
      { disallowComments: true, allowTrailingComma: false },
    );
  } catch (error) {
    if (error instanceof FirstError) return error.found;
    throw error;
  }
  return null;
};

/** The first error, unless it comes late; null where the text is cut, which makes an error at its end. */
const earlyErrorIn = async (text: string): Promise<ParseError | null> => {
  const start = text.slice(0, MAX_EXPLAINED);
  const first = await firstErrorIn(start);
  const isAtCut = first !== null && first.offset + first.length >= start.length;
  return start.length < text.length && isAtCut ? null : first;
};

/** V8's own message quotes the source, which may hold a secret; so the place is found again, and only when needed. */
const explain = async (text: string): Promise<Error> => {
  const { printParseErrorCode } = await import('jsonc-parser');
  const first = await earlyErrorIn(text);
  if (first === null && text.length > MAX_EXPLAINED) {
    return malformedBody(
      `The body is not JSON: its first error comes after character ${MAX_EXPLAINED}. Check it with a JSON parser.`,
    );
  }
  const offset = first?.offset ?? text.length;
  const before = text.slice(0, offset).split('\n');
  const words = first === null ? 'unexpected end' : printParseErrorCode(first.error);
  const plain = words.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return malformedJson(before.length, (before.at(-1)?.length ?? 0) + 1, offset, plain);
};

const decoded = async (bytes: Uint8Array): Promise<string> => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  try {
    for (let from = 0; from < bytes.length; from += CHARACTERS_PER_SLICE) {
      if (from > 0) await nextTurn();
      text += decoder.decode(bytes.subarray(from, from + CHARACTERS_PER_SLICE), { stream: true });
    }
    return text + decoder.decode();
  } catch {
    throw malformedBody('The body is not UTF-8. Send JSON in UTF-8.');
  }
};

/** @throws {Problem} 415, 413, 400 for what is empty or not UTF-8 */
const readBodyText = async (c: Ctx, limit: number): Promise<string> => {
  const type = c.req.header('content-type');
  if (type === undefined || !JSON_TYPE.test(type.trim())) throw unsupportedMediaType(type);
  const bytes = await readBounded(c, limit);
  if (bytes.length === 0) throw malformedBody('The body is empty. Send a JSON object.');
  return decoded(bytes);
};

const tooDeep = (): Error =>
  validationFailed(
    `The body is nested more than ${JSON_LIMITS.maxNesting} levels deep. Send flatter data.`,
  );

/**
 * The body as JSON.
 *
 * @throws {Problem} 415 for another type, 413 over the limit, 400 with the place for what is not JSON, 422 for what is too deep
 */
export const readJson = async (c: Ctx, limit: number = LIMITS.maxBodyBytes): Promise<unknown> => {
  const text = await readBodyText(c, limit);
  if (await isTooDeep(text)) throw tooDeep();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw await explain(text);
  }
};

/**
 * As {@link readJson}, for a large body whose bulk is in lists two levels below its root. The event loop runs in between.
 *
 * @throws {Problem} also 422 for a body that has its bulk elsewhere
 */
export const readLargeJson = async (c: Ctx, limit: number): Promise<unknown> => {
  const text = await readBodyText(c, limit);
  try {
    return await parseInSlices(text);
  } catch (error) {
    if (error instanceof InvalidJson) throw await explain(text);
    if (!(error instanceof JsonLimit)) throw error;
    // It may be no JSON at all.
    if ((await earlyErrorIn(text)) !== null) throw await explain(text);
    if (error.limit === 'maxNesting') throw tooDeep();
    throw validationFailed(
      error.limit === 'maxRest'
        ? `The body has more than ${JSON_LIMITS.maxRest} characters outside the rows of its tables. Load a snapshot unchanged.`
        : `A row has more than ${JSON_LIMITS.maxElement} characters. Load a snapshot unchanged.`,
    );
  }
};

/** As {@link readJson}, but no body at all is an empty object. */
export const readOptionalJson = async (c: Ctx): Promise<unknown> => {
  const empty = c.req.header('content-length') === '0' || c.req.raw.body === null;
  return empty ? {} : readJson(c);
};

/** The first part of a body of any kind, as text; the rest is read and discarded. */
export const readStart = async (
  c: Ctx,
  limit: number,
): Promise<{ readonly text: string; readonly truncated: boolean }> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    if (size < limit) chunks.push(chunk.subarray(0, limit - size));
    size += chunk.length;
    if (size > limit + MAX_DISCARDED_BYTES) break;
  }
  const truncated = size > limit;
  // `stream` leaves out a character that the cut has split.
  return {
    text: new TextDecoder().decode(Buffer.concat(chunks), { stream: truncated }),
    truncated,
  };
};

/** The value that a text is the JSON of; undefined when it is no JSON, or nested too deeply. */
export const jsonOf = (text: string): unknown => {
  if (createDepthScanner()(text, 0, text.length)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
