/**
 * Verdicts, and how an exchange is told in one line.
 *
 * @module
 */
import type { Verdict } from './check.ts';
import type { Exchange, Reply } from './net/exchange.ts';

export const pass = (note?: string): Verdict =>
  note === undefined ? { status: 'pass' } : { status: 'pass', note };

export const fail = (failure: Omit<Extract<Verdict, { status: 'fail' }>, 'status'>): Verdict => ({
  status: 'fail',
  ...failure,
});

/** @param reason why, and what would make it testable */
export const notTested = (reason: string): Verdict => ({ status: 'not_tested', reason });

/** Nothing could be learnt of the receiver, so the run is inconclusive. */
export const unjudged = (reason: string): Verdict => ({ status: 'error', reason });

/** A 2xx: the provider takes the event as delivered. */
export const isAccepted = ({ reply }: Pick<Exchange, 'reply'>): boolean =>
  reply.kind === 'answer' && reply.status >= 200 && reply.status < 300;

/** A 4xx: refused for good, and on purpose. */
export const isRefused = ({ reply }: Pick<Exchange, 'reply'>): boolean =>
  reply.kind === 'answer' && reply.status >= 400 && reply.status < 500;

export const isTimedOut = ({ reply }: Pick<Exchange, 'reply'>): boolean =>
  reply.kind === 'none' && reply.cause === 'timeout';

/**
 * Silence says nothing of what was sent: a receiver that hangs is one finding, and of another check.
 *
 * @param refused not empty
 * @returns why nothing can be said when all that came of them was silence; else null
 */
export const silenceOf = (refused: readonly Pick<Exchange, 'reply'>[]): Verdict | null => {
  if (!refused.every(isTimedOut)) return null;
  const longest = Math.max(...refused.map(({ reply }) => reply.durationMs));
  return notTested(
    `It gave no answer within ${Math.max(1, Math.round(longest / 100)) / 10} s: see http/no-hang.`,
  );
};

/** `401 in 3 ms`, `connection reset after 12 ms`. */
export const describeReply = (reply: Reply): string =>
  reply.kind === 'answer'
    ? `${reply.status} in ${Math.round(reply.durationMs)} ms`
    : `${reply.message} after ${Math.round(reply.durationMs)} ms`;
