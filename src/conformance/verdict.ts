/**
 * Verdicts, and one-line descriptions of replies.
 *
 * @module
 */
import type { Verdict } from './check.ts';
import type { Reason } from './needs.ts';
import { isSuccess } from '../domain/retry-plan.ts';
import { isThrottled } from './net/throttle.ts';
import type { Exchange, Reply } from './net/exchange.ts';

export const pass = (note?: string): Verdict =>
  note === undefined ? { status: 'pass' } : { status: 'pass', note };

export const fail = (failure: Omit<Extract<Verdict, { status: 'fail' }>, 'status'>): Verdict => ({
  status: 'fail',
  ...failure,
});

/** @param reason why, and what would make it testable; or what is needed, as data */
export const notTested = (reason: Reason): Verdict => ({ status: 'not_tested', reason });

const BLOCKED = 'Not meaningful until ';

/** Why a check was not tested that rests on one that failed. */
export const blockedBy = (id: string): string => `${BLOCKED}${id} passes.`;

/** Whether a reason is one of {@link blockedBy}. */
export const isBlocked = (reason: string | null): boolean => reason?.startsWith(BLOCKED) === true;

/** The check could not run, so the run is inconclusive. */
export const unjudged = (reason: string): Verdict => ({ status: 'error', reason });

/** A 2xx: the provider considers the event delivered. */
export const isAccepted = ({ reply }: Pick<Exchange, 'reply'>): boolean =>
  reply.kind === 'answer' && isSuccess(reply.status);

/** A 4xx, or a rate limit: a deliberate rejection. */
export const isRefused = ({ reply }: Pick<Exchange, 'reply'>): boolean =>
  reply.kind === 'answer' &&
  ((reply.status >= 400 && reply.status < 500) || isThrottled({ reply }));

export const isTimedOut = ({ reply }: Pick<Exchange, 'reply'>): boolean =>
  reply.kind === 'none' && reply.cause === 'timeout';

/** The connection was closed without a response. */
export const isCut = ({ reply }: Pick<Exchange, 'reply'>): boolean =>
  reply.kind === 'none' && reply.cause === 'reset';

/**
 * The verdict if all requests timed out. A hanging receiver is one finding, of http/no-hang, whatever was sent.
 *
 * @param refused not empty
 * @returns null unless every request timed out
 */
export const timeoutVerdictOf = (refused: readonly Pick<Exchange, 'reply'>[]): Verdict | null => {
  if (!refused.every(isTimedOut)) return null;
  const longest = Math.max(...refused.map(({ reply }) => reply.durationMs));
  return notTested(
    `The receiver did not respond within ${Math.max(1, Math.round(longest / 100)) / 10} s: see http/no-hang.`,
  );
};

/** `401 in 3 ms`, `connection reset after 12 ms`. */
export const describeReply = (reply: Reply): string =>
  reply.kind === 'answer'
    ? `${reply.status} in ${Math.round(reply.durationMs)} ms`
    : `${reply.message} after ${Math.round(reply.durationMs)} ms`;

/**
 * A clause about the response to a request: `The receiver responded to the event with 401 in 3 ms`, or `The receiver gave no
 * valid response to the event (connection reset after 12 ms)`.
 *
 * @param request what was sent, such as `the event`
 */
export const describeResponseTo = (request: string, reply: Reply): string =>
  reply.kind === 'answer'
    ? `The receiver responded to ${request} with ${describeReply(reply)}`
    : `The receiver gave no valid response to ${request} (${describeReply(reply)})`;
