/**
 * Wait until a sink holds a number of requests, in real time.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';
import { passes, type SinkFilter, type SinkStore } from './store.ts';

export interface SinkWait {
  readonly name: string;
  readonly filter: SinkFilter;
  readonly count: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Resolves when they are there, when the time is over, and when the signal is aborted. */
export const waitForRequests = (
  store: SinkStore,
  wall: WallClock,
  { name, filter, count, timeoutMs, signal }: SinkWait,
): Promise<void> =>
  new Promise((resolve) => {
    let there = store.select(name, filter).length;
    let stop = (): void => undefined;
    const end = (): void => {
      stop();
      resolve();
    };
    if (there >= count || signal.aborted) {
      end();
      return;
    }
    const deafen = store.listen(name, (row) => {
      // One by one: to look through all of them at each new one would take long when they come fast.
      if (row === null) there = 0;
      else if (passes(row, filter)) there += 1;
      if (there >= count) end();
    });
    const disarm = wall.after(timeoutMs, end);
    signal.addEventListener('abort', end);
    stop = () => {
      deafen();
      disarm();
      signal.removeEventListener('abort', end);
    };
  });
