/**
 * Detection of effects hooks that count in process memory: after a restart, a missing count does not prove a loss.
 *
 * @module
 */
import { deliver, effectsOf } from './deliver.ts';
import { sleep } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';
import { restart } from './restart.ts';
import { isAccepted } from '../verdict.ts';

/** After this time, a durable store has certainly been written. */
const STORED_AFTER_MS = 3000;

/** Reason to skip a check because of such a hook. */
export const FORGETFUL = `The effects hook forgets its counts on restart, even of an event counted ${STORED_AFTER_MS / 1000} s earlier. Let it count in durable storage, such as the database.`;

/** Restart the receiver once more. @returns whether the hook loses a count from before */
export const hookForgets = async (probe: Probe): Promise<boolean> => {
  const effects = effectsOf(probe);
  const witness = probe.event();
  if (!isAccepted(await deliver(probe, witness))) return false;
  if ((await effects.settled(witness.id, 1)) === 0) return false;
  await sleep(probe.wall, STORED_AFTER_MS);
  if (!isAccepted(await restart(probe))) return false;
  return (await effects.settled(witness.id, 1)) === 0;
};
