/**
 * Events that a receiver has accepted and not processed yet. A receiver that responds first and works afterwards, as the
 * guide recommends, may be many events behind: while its queue makes progress, a missing effect is late and not lost.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';
import { sleep, type Queue } from './hooks.ts';

/** The queue makes progress, but is too long to wait for. */
export class BehindError extends Error {
  override readonly name = 'BehindError';
}

export interface Backlog extends Queue {
  /** Add a valid event that was accepted with 2xx. */
  accepted(eventId: string): void;
  /** Note another request that was accepted: a repeat, or an event of another type, may wait in the same queue. */
  other(): void;
}

/** A queue without progress for this long is stalled, unless others that have no effect to be seen may be before the next. */
const STANDS_STILL_AFTER_MS = 3000;
const LOOK_EVERY_MS = 100;
/** Maximum wait for a queue at one time, and in the whole run. */
const MAX_MS = 60_000;
const MAX_OF_ALL_MS = 120_000;

const BEHIND =
  'The receiver accepts events faster than it processes them, and is too far behind to be judged. Make its test build faster (more workers, no delays), or skip the checks that send many events: delivery/dedupe-evict and performance/*.';

interface Waiting {
  readonly id: string;
  readonly at: number;
  /** Other requests that were accepted before it, after the one in front of it. */
  readonly others: number;
}

/** Each of the others may take longer than the quickest event. */
const PACE_FACTOR = 2;

/**
 * @param count how often an event has taken effect
 * @param eachMs what the receiver needs for one event, as far as it is known
 */
export const createBacklog = (
  count: (eventId: string) => Promise<number>,
  wall: WallClock,
  eachMs: () => number = () => 0,
): Backlog => {
  const order: Waiting[] = [];
  let others = 0;
  const known = new Set<string>();
  const done = new Set<string>();
  /** The place of the last event that has taken effect, and when it was first seen there. */
  let front = -1;
  let frontSince = wall.now();
  let waited = 0;
  let looking: Promise<void> | null = null;

  const isDone = async (place: number): Promise<boolean> => {
    const { id } = order[place]!;
    if (done.has(id)) return true;
    if ((await count(id)) === 0) return false;
    done.add(id);
    return true;
  };

  /** From the newest backwards in growing steps: most often the newest is the one. */
  const findFront = async (): Promise<number> => {
    let above = order.length;
    let place = above - 1;
    for (let step = 1; place > front && !(await isDone(place)); step *= 2) {
      above = place;
      place -= step;
    }
    let below = Math.max(place, front);
    while (above - below > 1) {
      const middle = (below + above) >> 1;
      if (await isDone(middle)) below = middle;
      else above = middle;
    }
    return below;
  };

  const look = (): Promise<void> => {
    const search = async (): Promise<void> => {
      const now = await findFront();
      if (now === front) return;
      front = now;
      frontSince = wall.now();
    };
    // Those who wait at the same time share what is seen.
    looking ??= search().finally(() => {
      looking = null;
    });
    return looking;
  };

  /** Whether something waits whose turn may come yet. */
  const moves = (): boolean => {
    const next = order[front + 1];
    if (next === undefined) return false;
    const patience = STANDS_STILL_AFTER_MS + next.others * eachMs() * PACE_FACTOR;
    return wall.now() < Math.max(frontSince, next.at) + patience;
  };

  return {
    accepted: (id) => {
      if (known.has(id)) {
        others += 1;
        return;
      }
      known.add(id);
      order.push({ id, at: wall.now(), others });
      others = 0;
    },
    other: () => {
      others += 1;
    },
    look,
    outlast: async (isOver) => {
      const since = wall.now();
      const before = waited;
      for (await look(); moves(); await look()) {
        if (await isOver()) return;
        // Of several that wait side by side, the time counts once.
        const mine = wall.now() - since;
        waited = Math.max(waited, before + mine);
        if (mine > MAX_MS || waited > MAX_OF_ALL_MS) throw new BehindError(BEHIND);
        await sleep(wall, LOOK_EVERY_MS);
      }
    },
  };
};
