/**
 * Independent requests: one at a time, because concurrency is the subject of other checks; side by side if the receiver is
 * so slow that the run would take minutes.
 *
 * @module
 */
import type { Probe } from './probe.ts';

const SIDE_BY_SIDE = 48;

/**
 * @param isEnough ends the work early, after the current request or group of requests
 * @returns one result per item that was worked on, in order
 */
export const inTurn = async <T, R>(
  probe: Pick<Probe, 'isSlow'>,
  items: readonly T[],
  work: (item: T, place: number) => Promise<R>,
  isEnough: (results: readonly R[]) => boolean = () => false,
): Promise<readonly R[]> => {
  const results: R[] = [];
  while (results.length < items.length && !isEnough(results)) {
    const begin = results.length;
    const group = items.slice(begin, begin + (probe.isSlow() ? SIDE_BY_SIDE : 1));
    results.push(...(await Promise.all(group.map((item, at) => work(item, begin + at)))));
  }
  return results;
};
