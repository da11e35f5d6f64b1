/**
 * Moves an account's clock as a discrete-event simulation: to the next due time, run what is due, wait until it has
 * settled, and on to the next.
 *
 * @module
 */
import type { Millis } from '../domain/delivery.ts';
import { validationFailed } from '../domain/problems.ts';
import { LAST_MOMENT, toSandboxTime } from '../domain/time.ts';
import type { Advanced, AdvanceTarget } from './engine.ts';
import type { Lane } from './lane.ts';

const goalOf = (target: AdvanceTarget, from: Millis): Millis => {
  if ('until' in target) return LAST_MOMENT;
  const goal = 'by' in target ? from + target.by : target.to;
  if (goal < from) {
    throw validationFailed(
      `"to" is ${toSandboxTime(goal)}, before this account's clock (${toSandboxTime(from)}): time only moves forward. Give a later time, or reset the account.`,
    );
  }
  if (!(goal <= LAST_MOMENT)) {
    throw validationFailed(
      `This would move the clock past ${toSandboxTime(LAST_MOMENT)}, the last moment that it can show. Give a shorter span.`,
    );
  }
  return goal;
};

export const advance = async (
  lane: Lane,
  target: AdvanceTarget,
  moved: () => void,
  signal?: AbortSignal,
): Promise<Advanced> => {
  const from = lane.now();
  const goal = goalOf(target, from);
  const before = lane.attempts();
  const step = async (to: Millis): Promise<void> => {
    await lane.hold(to);
    moved();
    await lane.idle();
  };
  try {
    await lane.hold(from);
    await lane.idle();
    for (
      let next = lane.earliestDue();
      next !== null && next <= goal && signal?.aborted !== true;
      next = lane.earliestDue()
    ) {
      await step(next);
      if ('until' in target && target.until === 'next_attempt') break;
    }
    if (!('until' in target) && signal?.aborted !== true && lane.now() < goal) await step(goal);
  } finally {
    await lane.letGo();
  }
  return { from, to: lane.now(), attempts: lane.attempts() - before };
};
