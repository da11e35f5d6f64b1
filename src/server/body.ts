/**
 * Reads JSON bodies: bounded in size and depth, UTF-8 only, with the position of a syntax error.
 *
 * @module
 */
import { LIMITS } from '../../schemas/contract.ts';
import { payloadTooLarge, unsupportedMediaType } from '../domain/problems.ts';
import type { Ctx } from './context.ts';
import { beginningOf, emptyBody, explain, notUtf8, tooDeep } from './json-errors.ts';
import { JSON_LIMITS } from './json-slices.ts';

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Bytes to read and discard beyond the limit: a client that is cut off earlier never reads the error. */
export const MAX_DISCARDED_BYTES = 134_217_728;

const readBounded = async (c: Ctx, limit: number): Promise<Uint8Array> => {
  const length = c.req.header('content-length');
  if (length !== undefined && Number(length) <= limit) {
    return new Uint8Array(await c.req.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.length;
    if (size > limit + MAX_DISCARDED_BYTES) break;
    if (size <= limit) chunks.push(chunk);
  }
  if (size > limit) throw payloadTooLarge(limit);
  return Buffer.concat(chunks);
};

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

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

/** It keeps nothing between two bodies. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/** @throws {Problem} 415 for another type than JSON */
export const checkIsJson = (c: Ctx): void => {
  const type = c.req.header('content-type');
  if (type === undefined || !JSON_TYPE.test(type.trim())) throw unsupportedMediaType(type);
};

/** @throws {Problem} 415 for another type, 413 over the limit, 400 if empty or not UTF-8 */
const readBodyText = async (c: Ctx, limit: number): Promise<string> => {
  checkIsJson(c);
  const body = await readBounded(c, limit);
  if (body.length === 0) throw emptyBody();
  try {
    return decoder.decode(body);
  } catch {
    throw notUtf8();
  }
};

/**
 * Read the body as JSON.
 *
 * @throws {Problem} 415 for another type, 413 over the limit, 400 with the position for invalid JSON, 422 if too deep
 */
export const readJson = async (c: Ctx): Promise<unknown> => {
  const text = await readBodyText(c, LIMITS.maxBodyBytes);
  if (mayBeTooDeep(text) && createDepthScanner()(text, 0, text.length)) throw tooDeep();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw await explain(beginningOf(text));
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
