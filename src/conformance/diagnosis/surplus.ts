/**
 * A response that goes on after its end: on a connection that stays open, what is too much is taken for the beginning of the
 * next response.
 *
 * @module
 */
import type { Reply } from '../net/exchange.ts';

export interface Surplus {
  readonly key: string;
  readonly sentence: string;
  readonly fix: string;
}

const WITHOUT_BODY: readonly number[] = [204, 304];

/**
 * @param before the response before it on the same connection
 * @returns null when the reply can be read, or nothing came before it
 */
export const describeSurplus = (before: Reply | undefined, reply: Reply): Surplus | null => {
  if (before?.kind !== 'answer') return null;
  if (reply.kind !== 'none' || reply.cause !== 'invalid_response') return null;
  const { status } = before;
  const what = WITHOUT_BODY.includes(status)
    ? `A response with the status ${status} is followed by a body, which HTTP forbids`
    : `A response with the status ${status} is longer than its Content-Length says`;
  return {
    key: 'http:surplus',
    sentence: `${what}: on a connection that stays open, these bytes are taken for the beginning of the next response, which cannot be read.`,
    fix: 'Send no body with 204 (or respond with 200), and let the server count the bytes of a body for its Content-Length.',
  };
};
