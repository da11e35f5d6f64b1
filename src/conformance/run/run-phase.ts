/**
 * Execution of one phase of the schedule.
 *
 * @module
 */
import { STAGES, type ActiveCheck } from '../check.ts';
import { waitsFor, type Phase } from './schedule.ts';

/** Concurrent checks if the receiver is slow. */
const SLOW_CONCURRENCY = 96;

/** How many checks of a phase run at a time. */
const workersOf = ({ stage, isSideBySide }: Phase, concurrency: number): number => {
  if (isSideBySide) return Math.max(concurrency, SLOW_CONCURRENCY);
  return STAGES[stage].parallel ? concurrency : 1;
};

/**
 * Run the checks of a phase in order; in a parallel stage up to `concurrency` at a time, and more if the receiver is slow.
 */
export const runPhase = async (
  phase: Phase,
  concurrency: number,
  run: (check: ActiveCheck) => Promise<void>,
): Promise<void> => {
  const { checks } = phase;
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
  const workers = workersOf(phase, concurrency);
  await Promise.all(Array.from({ length: workers }, work));
};
