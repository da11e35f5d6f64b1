/**
 * Experiments that a run makes once, with the receiver to themselves.
 *
 * @module
 */
import type { Probe } from '../probe/probe.ts';

/**
 * What is shared is the result and not the promise of it: one that waits for its turn would stop another experiment that has
 * the receiver to itself and asks for the same.
 *
 * @param name stands for one experiment
 */
export const onceAlone = <T>(
  probe: Probe,
  name: string,
  experiment: () => Promise<T>,
): Promise<T> => {
  const results = probe.memory.once('results of experiments', () => new Map<string, T>());
  return probe.alone(async () => {
    if (!results.has(name)) results.set(name, await experiment());
    return results.get(name)!;
  });
};
