/**
 * Execution of one active check: skip it or run it, then verify that the receiver is still alive.
 *
 * @module
 */
import { areaOf, STAGES, type ActiveCheck, type Verdict } from '../check.ts';
import { changedStateOf } from '../experiments/knowledge.ts';
import { explainLockout } from '../experiments/lockout.ts';
import { isOfRestart } from '../judge/restart.ts';
import type { Exchange } from '../net/exchange.ts';
import { stopwatch } from '../net/stopwatch.ts';
import { isThrottled } from '../net/throttle.ts';
import { isRefused, isTimedOut, notTested } from '../verdict.ts';
import { couldNotRun, createJudge } from './judge-check.ts';
import { isRefusedConnection, isUnreachable, type Liveness } from './liveness.ts';
import type { RunPlan } from './plan.ts';
import type { Hang, LostControl } from './observed.ts';
import type { Probes } from './probes.ts';
import type { Results } from './results.ts';
import type { SkipReasons } from './skip-reasons.ts';

export interface ActiveRunOptions {
  readonly plan: Pick<RunPlan, 'context' | 'bail' | 'counts' | 'onProgress'>;
  readonly probes: Probes;
  readonly liveness: Liveness;
  readonly results: Results;
  readonly skipReasons: SkipReasons;
  /** The verdict of a check when the run has ended. @param begun whether it had started */
  readonly cutOff: (begun: boolean) => Verdict;
}

/** Keys of causes from which not even a restart brings the receiver back. */
const FINAL = /:after-kill$/;

const isFinal = (verdict: Verdict): boolean =>
  verdict.status === 'fail' && FINAL.test(verdict.key ?? '');

const HUNG = notTested('The receiver stopped answering during this check: see http/survives.');

/** A failure shown by requests that got no response, of a receiver that answers nothing since then. */
const unlessHung = (verdict: Verdict, sent: readonly Exchange[], { cause }: Hang): Verdict => {
  if (verdict.status !== 'fail' || verdict.key === cause.key) return verdict;
  const { exchanges = sent } = verdict;
  return exchanges.some(isTimedOut) ? HUNG : verdict;
};

const CRASHED = notTested('The receiver crashed during this check: see http/survives.');

/** Refused as a sender that is blocked. */
const isLocked = (control: Exchange): boolean => isRefused(control) && !isThrottled(control);

/** Why the controls behind a check of forgeries were refused. */
const lookForLockout = async (
  { stage }: ActiveCheck,
  lost: readonly LostControl[],
  probes: Probes,
): Promise<void> => {
  const isRelevant = stage === 'negative' && lost.some(({ control }) => isLocked(control));
  if (isRelevant) await explainLockout(probes.create('lockout'));
};

/** A failure shown only by exchanges that a crash cut off is not this check's finding, and hooks may end with the process. */
const unlessCrashed = (verdict: Verdict, sent: readonly Exchange[]): Verdict => {
  if (verdict.status === 'error') return CRASHED;
  if (verdict.status !== 'fail') return verdict;
  const { exchanges = sent } = verdict;
  return exchanges.some(isUnreachable) ? CRASHED : verdict;
};

/** A failure to which the receiver gave no response, with what its process wrote last. */
const withLog = (
  verdict: Verdict,
  sent: readonly Exchange[],
  log: string | null | undefined,
): Verdict => {
  if (verdict.status !== 'fail' || verdict.log !== undefined || !log) return verdict;
  const { exchanges = sent } = verdict;
  return exchanges.some(isUnreachable) ? { ...verdict, log } : verdict;
};

/** Whether a phase with this check ends with a control: not after mere measurements, and not at the end of a run. */
const isFollowedByControl = (check: ActiveCheck): boolean =>
  STAGES[check.stage].control && areaOf(check) !== 'performance' && check.stage !== 'flood';

export interface ActiveRun {
  /** Run one check and store its result. */
  (check: ActiveCheck): Promise<void>;
  /** Send one control for all checks of a phase, if any of their stages has controls. */
  controlPhase(checks: readonly ActiveCheck[]): Promise<void>;
}

export const createActiveRun = (options: ActiveRunOptions): ActiveRun => {
  const { plan, probes, liveness, results, skipReasons, cutOff } = options;
  const { signal } = plan.context;
  const hasEnded = (): boolean => signal?.aborted === true;

  const judge = createJudge(options);

  /** Stop the run if the receiver is gone. An intended restart is no crash. */
  const verifyAlive = async (check: ActiveCheck, all: readonly Exchange[]): Promise<void> => {
    const sent = all.filter((exchange) => !isOfRestart(exchange));
    if (hasEnded() || 'gate' in STAGES[check.stage]) return;
    if (check.needs?.includes('restart') === true) {
      if (await liveness.isBack()) return;
      skipReasons.stop(`Not run: the receiver did not recover after the restart of ${check.id}.`);
      return;
    }
    await liveness.lookAtPace(sent);
    if (liveness.slowdown !== null) {
      skipReasons.stop(`Not run: see http/survives. ${liveness.slowdown.sentence}`);
      return;
    }
    // In a stage without controls, only a lost connection is a reason to send one.
    const lost = sent.find(isUnreachable);
    // For a slow receiver, one control per phase has to do.
    const isDue = STAGES[check.stage].control && !probes.slowMode.isOn();
    if (!isDue && lost === undefined && !sent.some(isTimedOut)) return;
    // Under a burst, some systems refuse the connections that they cannot hold.
    const wasDown = !('crowd' in STAGES[check.stage]) && sent.some(isRefusedConnection);
    const isWhileFailing = check.needs?.includes('fault') === true;
    const last = lost ?? sent.at(-1) ?? null;
    const lostBefore = liveness.lostControls.length;
    const alive = await liveness.control(check.id, last, { wasDown, isWhileFailing });
    if (alive) return lookForLockout(check, liveness.lostControls.slice(lostBefore), probes);
    skipReasons.stop(
      liveness.hang === null
        ? `Not run: the receiver crashed on a request of ${check.id} and did not recover.`
        : `Not run: see http/survives. ${liveness.hang.cause.sentence}`,
    );
  };

  const run = async (check: ActiveCheck) => {
    const probe = probes.create(check.id, 'crowd' in STAGES[check.stage]);
    const elapsed = stopwatch();
    const crashesBefore = liveness.crashes.length;
    const hungBefore = liveness.hang !== null;
    let verdict = await judge(check, probe);
    const durationMs = elapsed();
    const { exchanges } = probe;
    try {
      await verifyAlive(check, exchanges);
    } catch (error) {
      if (!hasEnded()) verdict = couldNotRun(check, error);
    }
    if (!hungBefore && liveness.hang !== null)
      verdict = unlessHung(verdict, exchanges, liveness.hang);
    if (liveness.crashes.length > crashesBefore) verdict = unlessCrashed(verdict, exchanges);
    verdict = withLog(verdict, exchanges, plan.context.receiverLog?.());
    return { verdict, exchanges, durationMs, changed: changedStateOf(probe) };
  };

  const controlPhase = async (checks: readonly ActiveCheck[]): Promise<void> => {
    const id = checks.findLast(isFollowedByControl)?.id;
    if (id === undefined || hasEnded() || skipReasons.isStopped()) return;
    if (await liveness.control(id, null)) return;
    skipReasons.stop(`Not run: the receiver crashed before or during ${id} and did not recover.`);
  };

  const runAndStore = async (check: ActiveCheck): Promise<void> => {
    const reason = skipReasons.of(check);
    if (reason !== null || hasEnded()) {
      const verdict = reason === null ? cutOff(false) : notTested(reason);
      results.finish(check, { verdict, exchanges: [], durationMs: 0 });
      return;
    }
    plan.onProgress({ type: 'started', check });
    const { changed, ...ran } = await run(check);
    const result = results.finish(check, ran);
    if (plan.bail && plan.counts(result)) {
      skipReasons.stop(`Not run: stopped after the failure of ${check.id}.`);
    }
    if ('gate' in STAGES[check.stage] && result.status !== 'pass') skipReasons.closeGate(check.id);
    if (isFinal(ran.verdict)) skipReasons.stop(`Not run: see ${check.id}.`);
    if (changed !== null) skipReasons.stop(`Not run: see ${check.id}. ${changed.cause}`);
  };

  return Object.assign(runAndStore, { controlPhase });
};
