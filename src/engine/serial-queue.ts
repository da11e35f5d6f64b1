/**
 * Serial queue: runs one task at a time, in order of arrival, and rejects when too many are waiting.
 *
 * @module
 */
import { busy } from '../domain/problems.ts';

export interface SerialQueue {
  /** @throws {Problem} `BUSY` if the queue is full */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when all tasks queued so far have finished. */
  over(): Promise<void>;
}

export const createSerialQueue = (most: number, what: string): SerialQueue => {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    take: async (work) => {
      if (waiting >= most) {
        throw busy(`${most} ${what} are already queued. Wait until they have finished.`);
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
