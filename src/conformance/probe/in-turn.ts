/**
 * Independent requests: one at a time, because concurrency is the subject of other checks; side by side, the more the
 * slower the receiver is, so that the run does not take minutes.
 *
 * @module
 */
import type { Probe } from './probe.ts';

/**
 * @param isEnough ends the work early, after the current request or group of requests
 * @returns one result per item that was worked on, in order
 */
export const inTurn = async <T, R>(
  probe: Pick<Probe, 'atOnce'>,
  items: readonly T[],
  work: (item: T, place: number) => Promise<R>,
  isEnough: (results: readonly R[]) => boolean = () => false,
): Promise<readonly R[]> => {
  const results: R[] = [];
  while (results.length < items.length && !isEnough(results)) {
    const begin = results.length;
    const group = items.slice(begin, begin + probe.atOnce());
    results.push(...(await Promise.all(group.map((item, at) => work(item, begin + at)))));
  }
  return results;
};
