/**
 * Reads one HTTP/1.1 answer from bytes: as much of the protocol as a verdict needs.
 *
 * @module
 */
import type { Answer, HeaderPairs } from './exchange.ts';

const headersOf = (lines: readonly string[]): HeaderPairs =>
  lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });

/** Null while the last chunk has not come. */
const unchunk = (bytes: Buffer): Buffer | null => {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    const end = lineEnd + 2 + size;
    if (bytes.length < end + 2) return null;
    parts.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
};

/** @param ended nothing more will come @returns null while the answer is not complete, or is not HTTP */
export const readReply = (received: Buffer, ended: boolean, durationMs: number): Answer | null => {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const [statusLine = '', ...lines] = received.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
  if (!Number.isInteger(status)) return null;
  const rest = received.subarray(headEnd + 4);
  if (status < 200) return readReply(rest, ended, durationMs);
  const headers = headersOf(lines);
  const header = (name: string): string | undefined => headers.find(([key]) => key === name)?.[1];
  const answer = (body: Buffer): Answer => ({
    kind: 'answer',
    status,
    headers,
    body: body.toString('utf8'),
    durationMs,
  });
  if (status === 204 || status === 304) return answer(Buffer.alloc(0));
  if (/chunked/i.test(header('transfer-encoding') ?? '')) {
    const body = unchunk(rest);
    return body === null ? null : answer(body);
  }
  const length = header('content-length');
  if (length !== undefined) return rest.length < Number(length) ? null : answer(rest);
  return ended ? answer(rest) : null;
};
