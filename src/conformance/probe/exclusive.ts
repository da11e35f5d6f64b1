/**
 * Experiments that have the receiver to themselves: meanwhile the requests of other checks wait, so that they neither cause
 * nor hide what an experiment looks for.
 *
 * @module
 */
import pLimit from 'p-limit';
import type { WallClock } from '../../clock/port.ts';
import { within } from '../net/within.ts';

/** Milliseconds that requests in flight get to end before an experiment begins. */
const DRAINS_WITHIN_MS = 1500;

export interface Exclusive {
  /** Whether the experiment of another owner runs. */
  isBusy(owner: object): boolean;
  /** Resolves when this owner may send. */
  ready(owner: object): Promise<void>;
  /** Counts a request as in flight until it ends. */
  track<T>(request: Promise<T>): Promise<T>;
  /** Run an experiment while only its owner sends; within one of the same owner, run it at once. */
  run<T>(owner: object, wall: WallClock, experiment: () => Promise<T>): Promise<T>;
}

export const createExclusive = (): Exclusive => {
  const turn = pLimit(1);
  const inFlight = new Set<Promise<unknown>>();
  let running: { readonly owner: object; readonly ended: Promise<void> } | null = null;

  const runAlone = async <T>(
    owner: object,
    wall: WallClock,
    experiment: () => Promise<T>,
  ): Promise<T> => {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    running = { owner, ended };
    try {
      await within(wall, Promise.allSettled(inFlight), DRAINS_WITHIN_MS);
      return await experiment();
    } finally {
      running = null;
      end();
    }
  };

  const isBusy = (owner: object): boolean => running !== null && running.owner !== owner;

  return {
    isBusy,
    ready: async (owner) => {
      while (isBusy(owner)) await running?.ended;
    },
    track: async (request) => {
      inFlight.add(request);
      try {
        return await request;
      } finally {
        inFlight.delete(request);
      }
    },
    run: (owner, wall, experiment) =>
      running?.owner === owner ? experiment() : turn(() => runAlone(owner, wall, experiment)),
  };
};
