/**
 * A body that is too large for the receiver or a proxy.
 *
 * @module
 */
import { inDigitGroups } from '../../domain/digit-groups.ts';
import type { Reply } from '../net/exchange.ts';
import { remedyFor } from './frameworks.ts';
import { intermediaryOf } from './evidence.ts';

/** What the guide's own receiver takes; above it, a refusal is no fault. Bytes. */
const DUE_LIMIT = 100_000;

export const raiseLimit = (reply: Reply): string =>
  `Allow at least 100 kB, better 1 MB. ${remedyFor('limit', reply)} nginx: client_max_body_size.`;

/** @returns null when it is no 413, or so large a body may be refused */
export const describeBodyLimit = (
  bytes: number,
  reply: Reply,
): { readonly diagnosis: string; readonly fix: string } | null => {
  if (reply.kind !== 'answer' || reply.status !== 413 || bytes > DUE_LIMIT) return null;
  const who = intermediaryOf(reply);
  return {
    diagnosis: `The size is the problem, not the content: a body of ${inDigitGroups(bytes)} bytes is too large (413)${who === null ? '' : ` for ${who}`}, so the body size limit is too low.`,
    fix: raiseLimit(reply),
  };
};
