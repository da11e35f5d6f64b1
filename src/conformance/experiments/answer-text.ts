/**
 * An answer in a word, for causes: when it came does not matter there.
 *
 * @module
 */
import type { Reply } from '../net/exchange.ts';

/** `500`, `connection reset`. */
export const answerText = (reply: Reply): string =>
  reply.kind === 'answer' ? String(reply.status) : reply.message;
