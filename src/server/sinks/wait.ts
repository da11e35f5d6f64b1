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

/** Resolve once `count` matching requests are recorded, on timeout, or when the signal is aborted. */
export const waitForRequests = (
  store: SinkStore,
  wall: WallClock,
  { name, filter, count, timeoutMs, signal }: SinkWait,
): Promise<void> =>
  new Promise((resolve) => {
    let matching = store.select(name, filter).length;
    let stop = (): void => undefined;
    const end = (): void => {
      stop();
      resolve();
    };
    if (matching >= count || signal.aborted) {
      end();
      return;
    }
    const unlisten = store.listen(name, (row) => {
      // Count incrementally: scanning all rows for each new one is slow when they arrive fast.
      if (row === null) matching = 0;
      else if (passes(row, filter)) matching += 1;
      if (matching >= count) end();
    });
    const disarm = wall.after(timeoutMs, end);
    signal.addEventListener('abort', end);
    stop = () => {
      unlisten();
      disarm();
      signal.removeEventListener('abort', end);
    };
  });
