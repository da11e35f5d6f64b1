/**
 * Execution of one phase of the schedule.
 *
 * @module
 */
import { STAGES, type ActiveCheck, type Stage } from '../check.ts';
import { waitsFor, type Phase } from './schedule.ts';

/** Concurrent checks if the receiver is slow. */
const SLOW_CONCURRENCY = 96;

/** How many checks of a stage run at a time. */
const workersOf = (stage: Stage, concurrency: number, isSlow: boolean): number => {
  if (STAGES[stage].parallel) return isSlow ? Math.max(concurrency, SLOW_CONCURRENCY) : concurrency;
  return 1;
};

/**
 * Run the checks of a phase in order; in a parallel stage up to `concurrency` at a time, and more if the receiver is slow.
 */
export const runPhase = async (
  { stage, checks }: Phase,
  { concurrency, isSlow }: { readonly concurrency: number; readonly isSlow: boolean },
  run: (check: ActiveCheck) => Promise<void>,
): Promise<void> => {
  const waiting = [...checks];
  const running = new Map<string, Promise<void>>();
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const check = next;
      // Prerequisites precede the check in the list, so that this cannot wait forever.
      const earlier = checks.filter((one) => waitsFor(check, one));
      const before = Promise.all(earlier.flatMap(({ id }) => running.get(id) ?? []));
      const ran = before.then(() => run(check));
      running.set(check.id, ran);
      await ran;
    }
  };
  const workers = workersOf(stage, concurrency, isSlow);
  await Promise.all(Array.from({ length: workers }, work));
};
