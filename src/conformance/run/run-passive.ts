/**
 * Execution of the passive checks, which judge what the others exchanged.
 *
 * @module
 */
import type { PassiveCheck, Verdict } from '../check.ts';
import { sleep } from '../hooks/hooks.ts';
import { stopwatch } from '../net/stopwatch.ts';
import { notTested } from '../verdict.ts';
import type { EffectsGuard } from './effects-guard.ts';
import type { Liveness } from './liveness.ts';
import type { RunPlan } from './plan.ts';
import type { Probes } from './probes.ts';
import type { Results } from './results.ts';
import type { SkipReasons } from './skip-reasons.ts';

export interface PassiveRunOptions {
  readonly plan: Pick<RunPlan, 'context' | 'timeoutMs'>;
  readonly probes: Pick<Probes, 'exchanges'>;
  readonly liveness: Liveness;
  readonly results: Results;
  readonly skipReasons: Pick<SkipReasons, 'ofPassive'>;
  readonly effects: EffectsGuard;
  readonly cutOff: (begun: boolean) => Verdict;
}

/** Run the passive checks in order. If a check that bears on MUST was cut off, none of them can pass. */
export const runPassive = async (
  checks: readonly PassiveCheck[],
  { plan, probes, liveness, results, skipReasons, effects, cutOff }: PassiveRunOptions,
): Promise<void> => {
  const { context, timeoutMs } = plan;
  const isPartial = results.isPartial();
  const closed = skipReasons.ofPassive();
  for (const check of checks) {
    if (closed !== null) {
      results.finish(check, { verdict: notTested(closed), exchanges: [], durationMs: 0 });
      continue;
    }
    // Searching all responses takes a while: let signals be handled in between.
    await sleep(context.wall, 0);
    const elapsed = stopwatch();
    const observed = check.observe({
      exchanges: probes.exchanges,
      crashes: liveness.crashes,
      lostControls: liveness.lostControls,
      hang: liveness.hang,
      slowdown: liveness.slowdown,
      controls: liveness.controls,
      timeoutMs,
      effectsStop: effects.stop,
      seesEffects: effects.isObservable(),
      secretsIn: context.redactor.find,
    });
    const verdict = observed.status === 'pass' && isPartial ? cutOff(true) : observed;
    results.finish(check, { verdict, exchanges: [], durationMs: elapsed() });
  }
};
