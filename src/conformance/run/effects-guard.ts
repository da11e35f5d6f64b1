/**
 * Ends a run once accepted events take effect no longer: every further check of effects would fail for the same cause.
 *
 * @module
 */
import { STAGES, type Stage } from '../check.ts';
import { causeOfStop } from '../experiments/effects-stop.ts';
import { rememberCause } from '../experiments/known-causes.ts';
import { createEffectsWatch } from './effects-watch.ts';
import type { EffectsStop } from './observed.ts';
import type { RunPlan } from './plan.ts';
import type { Probes } from './probes.ts';
import type { SkipReasons } from './skip-reasons.ts';

export interface EffectsGuard {
  /** After a stage: stop the run if a plain event has no effect any longer. */
  verify(stage: Stage): Promise<void>;
  /** Since when accepted events have no effect; null while they have. */
  readonly stop: EffectsStop | null;
  /** Whether there is an effects hook that can be relied on. */
  isObservable(): boolean;
}

export const createEffectsGuard = (
  { context }: Pick<RunPlan, 'context'>,
  probes: Probes,
  skipReasons: Pick<SkipReasons, 'stop' | 'unreliable' | 'isStopped'>,
): EffectsGuard => {
  const watch = createEffectsWatch(probes.create('effects-watch'), () => probes.exchanges);
  const isObservable = (): boolean =>
    context.hooks.effects !== undefined && skipReasons.unreliable('effects') === null;
  return {
    get stop() {
      return watch.stop;
    },
    isObservable,
    verify: async (stage) => {
      const isOver = skipReasons.isStopped() || context.signal?.aborted === true;
      if (isOver || 'gate' in STAGES[stage] || !isObservable()) return;
      if (await watch.look()) return;
      if (watch.stop !== null) rememberCause(context, 'lost', causeOfStop(watch.stop));
      skipReasons.stop(
        'Not run: accepted events have no effect any longer, see delivery/effects-stop.',
      );
    },
  };
};
