/**
 * Execution of one phase of the schedule.
 *
 * @module
 */
import pLimit from 'p-limit';
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
 * Those that mostly wait run beside them.
 */
export const runPhase = async (
  phase: Phase,
  concurrency: number,
  run: (check: ActiveCheck) => Promise<void>,
): Promise<void> => {
  const { checks } = phase;
  const workers = workersOf(phase, concurrency);
  const turns = pLimit(workers);
  const beside = pLimit(Infinity);
  const running = new Map<ActiveCheck, Promise<void>>();
  for (const check of checks) {
    // Prerequisites precede the check in the list, so that this cannot wait forever.
    const earlier = checks.filter((one) => waitsFor(check, one));
    const start = async (): Promise<void> => {
      await Promise.all(earlier.flatMap((one) => running.get(one) ?? []));
      await run(check);
    };
    const isBeside = check.isLong === true && workers > 1;
    running.set(check, isBeside ? beside(start) : turns(start));
  }
  await Promise.all(running.values());
};
