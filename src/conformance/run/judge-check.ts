/**
 * Verdict of one check: errors become verdicts, and a check that a rate limit has disturbed is repeated.
 *
 * @module
 */
import { STAGES, type ActiveCheck, type Verdict } from '../check.ts';
import { connectionLimitOf } from '../experiments/connection-limit.ts';
import { explainVerdict } from '../experiments/explain-verdict.ts';
import { BehindError } from '../hooks/backlog.ts';
import type { Exchange } from '../net/exchange.ts';
import { isThrottled } from '../net/throttle.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, notTested, unjudged, isCut } from '../verdict.ts';
import { orGiveUp } from './cut-off.ts';
import type { RunPlan } from './plan.ts';
import type { Probes } from './probes.ts';

interface JudgeOptions {
  readonly plan: Pick<RunPlan, 'context'>;
  readonly probes: Pick<Probes, 'throttle'>;
  /** The verdict of a check when the run has ended. @param begun whether it had started */
  readonly cutOff: (begun: boolean) => Verdict;
}

/** Message of an error with its cause, because "fetch failed" alone is not helpful. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  if (!(cause instanceof Error)) return message;
  const { code = cause.message } = cause as NodeJS.ErrnoException;
  return `${message} (${code})`;
};

export const couldNotRun = ({ id }: ActiveCheck, error: unknown): Verdict =>
  unjudged(`${id} could not run: ${reasonOf(error)}`);

/** Repetitions of a check that a rate limit has disturbed. */
const MAX_REPEATS = 2;

const limitedReason = ({ reply }: Exchange): string =>
  `The receiver limits the rate of requests (${describeReply(reply)}), which is legal, so this was not judged. Lift the limit in the tested build, or give the run more time.`;

/** Checks that say themselves why a connection ended. */
const isAboutConnections = ({ stage, needs = [] }: ActiveCheck): boolean =>
  'gate' in STAGES[stage] || needs.includes('restart') || needs.includes('fault');

/**
 * The verdict of a check. A connection that was closed because there are too many says nothing of what was sent over it:
 * then the check is run again with fewer of them, and what is still closed has that cause.
 */
const runOnce = async (check: ActiveCheck, probe: Probe): Promise<Verdict> => {
  const before = probe.exchanges.length;
  const wasLimited = probe.memory.maxInFlight < Infinity;
  let verdict = await check.run(probe);
  const isDisturbed = (): boolean =>
    probe.memory.accepted > 0 && probe.exchanges.slice(before).some(isCut);
  if (isAboutConnections(check) || !isDisturbed()) return explainVerdict(probe, check, verdict);
  const limit = await connectionLimitOf(probe);
  if (limit === null) return explainVerdict(probe, check, verdict);
  // A crowd is meant to meet the limit.
  if (!wasLimited && !('crowd' in STAGES[check.stage])) verdict = await check.run(probe);
  const { key, sentence: diagnosis, fix } = limit.cause;
  return verdict.status === 'fail' && (verdict.exchanges ?? probe.exchanges).some(isCut)
    ? { ...verdict, key, diagnosis, fix }
    : explainVerdict(probe, check, verdict);
};

export const createJudge = ({ plan, probes, cutOff }: JudgeOptions) => {
  const { wall, signal } = plan.context;
  const hasEnded = (): boolean => signal?.aborted === true;

  const judgeOnce = async (check: ActiveCheck, probe: Probe): Promise<Verdict> => {
    try {
      const verdict = await orGiveUp(runOnce(check, probe), wall, signal);
      return verdict === null || hasEnded() ? cutOff(true) : verdict;
    } catch (error) {
      if (hasEnded()) return cutOff(true);
      if (error instanceof BehindError) return notTested(error.message);
      return couldNotRun(check, error);
    }
  };

  /** A failure shown by a rate limit is no finding: repeat the check later, or do not test it. */
  const judgeUnlimited = async (check: ActiveCheck, probe: Probe): Promise<Verdict> => {
    for (let repeats = 0; ; repeats += 1) {
      const before = probe.exchanges.length;
      const verdict = await judgeOnce(check, probe);
      if (verdict.status !== 'fail' || check.judgesLimits === true) return verdict;
      const shown = verdict.exchanges ?? probe.exchanges.slice(before);
      const limited = shown.find(isThrottled);
      if (limited === undefined) return verdict;
      if (repeats === MAX_REPEATS) return notTested(limitedReason(limited));
      probes.throttle.shouldRetry(limited, repeats, true);
      await probes.throttle.ready();
    }
  };

  return judgeUnlimited;
};
