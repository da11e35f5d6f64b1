/**
 * Reads JSON bodies: bounded in size and depth, UTF-8 only, with the position of a syntax error.
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
import { loadPackage } from './load-package.ts';

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Bytes to read and discard beyond the limit: a client that is cut off earlier never reads the error. */
const MAX_DISCARDED_BYTES = 134_217_728;

/** Bytes to read, or to decode, before yielding to the event loop, about 5 ms. */
const BYTES_PER_SLICE = 1_048_576;

/** Read the body in parts, because joining 64 MiB would block the event loop. */
const readBounded = async (c: Ctx, limit: number): Promise<readonly Uint8Array[]> => {
  const length = c.req.header('content-length');
  if (length !== undefined && Number(length) <= Math.min(limit, BYTES_PER_SLICE))
    return [new Uint8Array(await c.req.arrayBuffer())];
  const parts: Buffer[] = [];
  let chunks: Uint8Array[] = [];
  let waiting = 0;
  let size = 0;
  const join = (): void => {
    parts.push(Buffer.concat(chunks));
    chunks = [];
    waiting = 0;
  };
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.length;
    if (size > limit + MAX_DISCARDED_BYTES) break;
    if (size > limit) continue;
    chunks.push(chunk);
    waiting += chunk.length;
    if (waiting >= BYTES_PER_SLICE) join();
  }
  if (size > limit) throw payloadTooLarge(limit);
  join();
  return parts;
};

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** Characters to scan before yielding to the event loop, about 5 ms. */
const CHARACTERS_PER_SLICE = 1_048_576;

/** Create a scanner that takes a text part by part and returns true once it is nested too deeply. */
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

/** Whether a text has more opening brackets than levels are allowed, quoted ones included. */
const mayBeTooDeep = (text: string): boolean => {
  let found = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      found += 1;
      if (found > JSON_LIMITS.maxNesting) return true;
    }
  }
  return false;
};

/** Scan in slices, so that a large body does not block the event loop. */
const isTooDeep = async (text: string): Promise<boolean> => {
  if (!mayBeTooDeep(text)) return false;
  const scan = createDepthScanner();
  for (let from = 0; from < text.length; from += CHARACTERS_PER_SLICE) {
    if (from > 0) await nextTurn();
    if (scan(text, from, Math.min(text.length, from + CHARACTERS_PER_SLICE))) return true;
  }
  return false;
};

/** Characters to search for the first error; a snapshot may be far longer. */
const MAX_EXPLAINED_CHARACTERS = 1_048_576;

/** Thrown by the visitor to stop at the first error. */
class FirstError extends Error {
  readonly found: ParseError;
  constructor(found: ParseError) {
    super('the first error');
    this.found = found;
  }
}

/** Loaded on the first invalid body. */
const loadJsonParser = () => loadPackage('jsonc-parser', () => import('jsonc-parser'));

/** Stops at the first error and builds no tree: a text may consist of errors only. */
const firstErrorIn = async (text: string): Promise<ParseError | null> => {
  const { visit } = await loadJsonParser();
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
    // Before any error, it is nested more deeply than the visitor can go.
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
  return null;
};

/** The beginning of a text, to search for errors. */
interface Beginning {
  readonly text: string;
  /** Whether the text is longer. */
  readonly isCut: boolean;
}

const beginningOf = (parts: readonly string[]): Beginning => {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  let text = '';
  for (const part of parts) {
    if (text.length >= MAX_EXPLAINED_CHARACTERS) break;
    text += part.slice(0, MAX_EXPLAINED_CHARACTERS - text.length);
  }
  return { text, isCut: length > text.length };
};

/** The first error in the searched part; null if it is at the cut, where every truncated text has one. */
const earlyErrorIn = async ({ text, isCut }: Beginning): Promise<ParseError | null> => {
  const first = await firstErrorIn(text);
  const isAtCut = first !== null && first.offset + first.length >= text.length;
  return isCut && isAtCut ? null : first;
};

/** V8's message quotes the source, which may contain a secret, so locate the error again, only when needed. */
const explain = async (beginning: Beginning): Promise<Error> => {
  const { printParseErrorCode } = await loadJsonParser();
  const { text, isCut } = beginning;
  const first = await earlyErrorIn(beginning);
  if (first === null && isCut) {
    return malformedBody(
      `Invalid JSON: the first error is after character ${MAX_EXPLAINED_CHARACTERS}. Check the body with a JSON parser.`,
    );
  }
  const offset = first?.offset ?? text.length;
  const before = text.slice(0, offset).split('\n');
  const description = first === null ? 'unexpected end' : printParseErrorCode(first.error);
  const what = description.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return malformedJson(before.length, (before.at(-1)?.length ?? 0) + 1, offset, what);
};

const createDecoder = (): TextDecoder => new TextDecoder('utf-8', { fatal: true });

/** For bodies of one part: it keeps nothing between two. */
const sharedDecoder = createDecoder();

const decoded = async (parts: readonly Uint8Array[]): Promise<readonly string[]> => {
  const texts: string[] = [];
  try {
    if (parts.length === 1) return [sharedDecoder.decode(parts[0])];
    const decoder = createDecoder();
    for (const [index, part] of parts.entries()) {
      if (index > 0) await nextTurn();
      texts.push(decoder.decode(part, { stream: true }));
    }
    texts.push(decoder.decode());
  } catch {
    throw malformedBody('The body is not UTF-8. Send JSON in UTF-8.');
  }
  return texts;
};

/** @throws {Problem} 415 for another type, 413 over the limit, 400 if empty or not UTF-8 */
const readBodyText = async (c: Ctx, limit: number): Promise<readonly string[]> => {
  const type = c.req.header('content-type');
  if (type === undefined || !JSON_TYPE.test(type.trim())) throw unsupportedMediaType(type);
  const parts = await readBounded(c, limit);
  if (parts.every(({ length }) => length === 0)) {
    throw malformedBody('The body is empty. Send a JSON object.');
  }
  return decoded(parts);
};

const tooDeep = (): Error =>
  validationFailed(
    `The body is nested more than ${JSON_LIMITS.maxNesting} levels deep. Send less nested data.`,
  );

/**
 * Read the body as JSON.
 *
 * @param limit in bytes
 * @throws {Problem} 415 for another type, 413 over the limit, 400 with the position for invalid JSON, 422 if too deep
 */
export const readJson = async (c: Ctx, limit: number = LIMITS.maxBodyBytes): Promise<unknown> => {
  const text = (await readBodyText(c, limit)).join('');
  if (await isTooDeep(text)) throw tooDeep();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw await explain(beginningOf([text]));
  }
};

const EXCEEDED: Readonly<Record<Exclude<JsonLimit['limit'], 'maxNesting'>, string>> = {
  maxRest: `The body has more than ${JSON_LIMITS.maxRest} characters outside the rows of its tables`,
  maxElement: `A row has more than ${JSON_LIMITS.maxElement} characters`,
  maxValues: `The body has more than ${JSON_LIMITS.maxValues} values`,
};

/**
 * Like {@link readJson}, for a large body that consists mostly of lists two levels below the root. Yields to the event
 * loop in between.
 *
 * @throws {Problem} also 422 for a body that is large elsewhere
 */
export const readLargeJson = async (c: Ctx, limit: number): Promise<unknown> => {
  const parts = await readBodyText(c, limit);
  try {
    return await parseInSlices(parts);
  } catch (error) {
    if (error instanceof InvalidJson) throw await explain(beginningOf(parts));
    if (!(error instanceof JsonLimit)) throw error;
    if (error.limit === 'maxNesting') throw tooDeep();
    // It may not be JSON at all.
    const beginning = beginningOf(parts);
    if ((await earlyErrorIn(beginning)) !== null) throw await explain(beginning);
    throw validationFailed(`${EXCEEDED[error.limit]}. Restore the snapshot unmodified.`);
  }
};

/** Like {@link readJson}, but a missing body is an empty object. */
export const readOptionalJson = async (c: Ctx): Promise<unknown> => {
  const empty = c.req.header('content-length') === '0' || c.req.raw.body === null;
  return empty ? {} : readJson(c);
};

/** Read the first `limit` bytes of a body of any type as text; the rest is discarded. */
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
  // `stream` drops a character that the cut has split.
  return {
    text: new TextDecoder().decode(Buffer.concat(chunks), { stream: truncated }),
    truncated,
  };
};

/** Parse a text as JSON; undefined if it is invalid or too deeply nested. */
export const jsonOf = (text: string): unknown => {
  if (createDepthScanner()(text, 0, text.length)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
