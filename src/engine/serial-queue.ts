/**
 * One at a time, in order of arrival.
 *
 * @module
 */
import { busy } from '../domain/problems.ts';

export interface SerialQueue {
  /** Throws `BUSY` when too many wait already. */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when all that was asked for so far is over. */
  over(): Promise<void>;
}

export const createSerialQueue = (most: number, what: string): SerialQueue => {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    take: async (work) => {
      if (waiting >= most) {
        throw busy(`${most} ${what} wait for their turn already. Wait for those to end.`);
      }
      waiting += 1;
      const turn = last.then(work).finally(() => {
        waiting -= 1;
      });
      last = turn.catch(() => undefined);
      return turn;
    },
    over: async () => {
      await last;
    },
  };
};
