/**
 * Parser of HTTP/1.1 responses, as far as verdicts need it. Handwritten because it must accept broken responses.
 *
 * @module
 */
import type { Answer, HeaderPairs } from './exchange.ts';

/** Maximum number of body bytes that are kept. */
export const MAX_REPLY_BYTES = 65_536;

export interface ReadReply {
  readonly answer: Answer;
  /** Bytes after the response. */
  readonly rest: Buffer;
}

interface Body {
  readonly body: Buffer;
  readonly rest: Buffer;
}

const NOTHING = Buffer.alloc(0);
const START = 'HTTP/1.';

const headersOf = (lines: readonly string[]): HeaderPairs =>
  lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });

/** Decode a chunked body; null while it is incomplete. */
const unchunk = (bytes: Buffer): Body | null => {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(size > 0)) {
      // Trailers, if any, end as a head does.
      const end = bytes.indexOf('\r\n\r\n', lineEnd);
      return end < 0 ? null : { body: Buffer.concat(parts), rest: bytes.subarray(end + 4) };
    }
    const end = lineEnd + 2 + size;
    if (bytes.length < end + 2) return null;
    parts.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
};

/** Whether these bytes can be the beginning of a response. */
export const mayBeHttp = (received: Buffer): boolean => {
  const length = Math.min(received.length, START.length);
  return received.toString('latin1', 0, length) === START.slice(0, length);
};

/** @param ended whether the connection has ended @returns null while the body is incomplete */
const bodyOf = (
  status: number,
  header: (name: string) => string | undefined,
  rest: Buffer,
  ended: boolean,
): Body | null => {
  if (status === 204 || status === 304) return { body: NOTHING, rest };
  // A body that exceeds the limit is never complete: use what is there.
  const all = { body: rest, rest: NOTHING };
  const enough = rest.length >= MAX_REPLY_BYTES ? all : null;
  if (/chunked/i.test(header('transfer-encoding') ?? '')) return unchunk(rest) ?? enough;
  const length = header('content-length');
  if (length === undefined) return ended ? all : enough;
  const size = Number(length);
  if (rest.length < size) return enough;
  return { body: rest.subarray(0, size), rest: rest.subarray(size) };
};

/** @param ended whether the connection has ended @returns null while the response is incomplete or not HTTP */
export const readReply = (
  received: Buffer,
  ended: boolean,
  durationMs: number,
): ReadReply | null => {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const [statusLine = '', ...lines] = received.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
  if (!Number.isInteger(status)) return null;
  const after = received.subarray(headEnd + 4);
  if (status < 200) return readReply(after, ended, durationMs);
  const headers = headersOf(lines);
  const header = (name: string): string | undefined => headers.find(([key]) => key === name)?.[1];
  const read = bodyOf(status, header, after, ended);
  if (read === null) return null;
  const body = read.body.toString('utf8', 0, MAX_REPLY_BYTES);
  const length = header('content-length') ?? '';
  const cut =
    read.body.length >= MAX_REPLY_BYTES
      ? { totalBytes: /^\d{1,15}$/.test(length) ? Number(length) : null }
      : {};
  return {
    answer: { kind: 'answer', status, headers, body, ...cut, durationMs },
    rest: read.rest,
  };
};
