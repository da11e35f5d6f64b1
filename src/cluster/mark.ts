/**
 * The mark of a forwarded request: it proves that a node of the same sandbox sent it to this node, so that the checks at
 * the edge need not be repeated and the request is not forwarded again.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Header of a forwarded request. */
export const MARK_HEADER = 'x-sendemall-forwarded';

/** The headers that the client sent. */
export const withoutMark = (headers: Headers): readonly (readonly [string, string])[] =>
  [...headers].filter(([name]) => name !== MARK_HEADER);

const MARK = /^from=(\S{1,200}) to=(\S{1,200}) mac=([0-9a-f]{64})$/u;

/** The parts of a request that the mark covers. */
export interface MarkedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

export interface Mark {
  readonly from: string;
  readonly to: string;
}

const macOf = (secret: Buffer, { from, to }: Mark, { method, target }: MarkedRequest): Buffer =>
  createHmac('sha256', secret).update(['forwarded', from, to, method, target].join('\n')).digest();

/** The header's value. */
export const signMark = (secret: Buffer, mark: Mark, request: MarkedRequest): string =>
  `from=${mark.from} to=${mark.to} mac=${macOf(secret, mark, request).toString('hex')}`;

/** @returns null if the header is malformed, or was not signed with this secret for this request */
export const readMark = (secret: Buffer, header: string, request: MarkedRequest): Mark | null => {
  const [, from, to, mac] = MARK.exec(header) ?? [];
  if (from === undefined || to === undefined || mac === undefined) return null;
  const mark = { from, to };
  return timingSafeEqual(Buffer.from(mac, 'hex'), macOf(secret, mark, request)) ? mark : null;
};
