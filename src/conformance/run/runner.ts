/**
 * Runs checks stage by stage. The parts own the state of a run: `results` the results, `skip-reasons` why checks are
 * skipped, `probes` the log of exchanges, `liveness` crashes of the receiver, `schedule` what remains. The runner only
 * wires them, and decides whether the time budget lasts. It does not judge receivers: that is what checks are for.
 *
 * @module
 */
import { isActive, type PassiveCheck } from '../check.ts';
import { spareOccupied } from '../experiments/occupying-connection.ts';
import { silenceOf } from '../experiments/silent-connection.ts';
import type { CheckResult } from '../report.ts';
import { notReached } from './cut-off.ts';
import { createEffectsGuard } from './effects-guard.ts';
import { createLiveness } from './liveness.ts';
import type { RunPlan } from './plan.ts';
import { createProbes, type Probes } from './probes.ts';
import { createResults } from './results.ts';
import { createActiveRun } from './run-active.ts';
import { runPassive } from './run-passive.ts';
import { runPhase } from './run-phase.ts';
import { createSchedule, type Schedule } from './schedule.ts';
import { createSkipReasons, type SkipReasons } from './skip-reasons.ts';

/** @returns whether the time budget will probably not last for the remaining checks; announces it once */
const createBudgetCheck = (
  { deadline, context, onProgress }: RunPlan,
  schedule: Schedule,
  { pace, slowMode }: Pick<Probes, 'pace' | 'slowMode'>,
  skipReasons: SkipReasons,
): (() => boolean) => {
  let announced = false;
  return () => {
    const remainingMs = deadline?.remainingMs() ?? Infinity;
    const runnable = schedule.remaining.filter((check) => skipReasons.of(check) === null).length;
    const estimateMs = pace.estimateMs(runnable, slowMode.isOn());
    if (estimateMs <= remainingMs || context.signal?.aborted === true) return false;
    if (!announced) {
      onProgress({ type: 'slow', answerMs: pace.averageMs(), estimateMs, remainingMs });
    }
    announced = true;
    return true;
  };
};

/** Run `work`, which the end of the run may cut off. */
const unlessEnded = async (
  signal: AbortSignal | undefined,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
};

/** Run all checks of a plan. @returns one result per check, in the order of the plan; failures with one cause are one finding */
export const runChecks = async (plan: RunPlan): Promise<readonly CheckResult[]> => {
  const { checks, context, concurrency, deadline } = plan;
  const results = createResults(plan);
  const skipReasons = createSkipReasons(plan, results);
  const probes = createProbes(plan, (hook) => skipReasons.unreliable(hook) !== null);
  const control = probes.create('control');
  const liveness = createLiveness(control, context.wall, context.receiverLog);
  const cutOff = (begun: boolean) =>
    notReached(deadline?.cutOff() ?? 'interruption', deadline?.budgetMs ?? Infinity, begun);
  const effects = createEffectsGuard(plan, probes, skipReasons);
  const parts = { plan, probes, liveness, results, skipReasons, effects, cutOff };

  const run = createActiveRun(parts);
  const schedule = createSchedule(checks.filter(isActive));
  const isShort = createBudgetCheck(plan, schedule, probes, skipReasons);
  let isSlow = false;
  for (
    let phase = schedule.next(false);
    phase !== undefined;
    phase = schedule.next(isShort(), isSlow)
  ) {
    const { checks: ran, stage } = phase;
    await runPhase(phase, concurrency, run);
    await unlessEnded(context.signal, async () => {
      if (stage === 'preflight' && !skipReasons.isStopped()) {
        await silenceOf(control);
        await spareOccupied(control);
      }
      // What both send does not depend on each other, and a slow receiver makes each of them wait.
      await Promise.all([isSlow ? run.controlPhase(ran) : null, effects.verify(stage)]);
      isSlow = await probes.slowMode.look(control);
    });
  }
  const passive = checks.filter((check): check is PassiveCheck => !isActive(check));
  await runPassive(passive, parts);
  return results.merged();
};
