/**
 * Serial queue: runs one task at a time, in order of arrival, and rejects when too many are waiting.
 *
 * @module
 */
import pLimit from 'p-limit';
import { busy } from '../domain/problems.ts';

export interface SerialQueue {
  /** @throws {Problem} `BUSY` if the queue is full */
  run<T>(task: () => Promise<T>): Promise<T>;
  /** Resolves when all tasks queued so far have finished. */
  finished(): Promise<void>;
}

/**
 * @param maxTasks running and waiting
 * @param tasks names the tasks in the error, e.g. `changes of this clock`
 */
export const createSerialQueue = (maxTasks: number, tasks: string): SerialQueue => {
  const limit = pLimit(1);
  return {
    run: async (task) => {
      if (limit.activeCount + limit.pendingCount >= maxTasks) {
        throw busy(`${maxTasks} ${tasks} are already queued. Wait until they have finished.`);
      }
      return limit(task);
    },
    finished: () => limit(() => undefined),
  };
};
