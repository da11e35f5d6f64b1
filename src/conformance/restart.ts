/**
 * Restarts the receiver and waits until it is back.
 *
 * @module
 */
import type { Exchange } from './probe/exchange.ts';
import { HookError, waitFor } from './probe/hooks.ts';
import type { Probe } from './probe/probe.ts';
import { isAccepted } from './verdict.ts';

/** A JVM, or a container, takes its time. Milliseconds. */
export const BACK_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 50;

export const FORGOTTEN =
  'the effects hook counts in the memory of the process, and has forgotten what was before the restart; keep its figures where a restart does not reach, such as the database';

/** @returns the first valid event that was accepted after the restart, or the last one that was not */
export const restart = async (probe: Probe): Promise<Exchange> => {
  const { hooks, wall } = probe;
  if (hooks.restart === undefined) {
    throw new HookError('A check that asks for a restart must need that hook.');
  }
  await hooks.restart();
  return waitFor(wall, () => probe.post(probe.event()), isAccepted, {
    forMs: BACK_WITHIN_MS,
    everyMs: LOOK_EVERY_MS,
  });
};
