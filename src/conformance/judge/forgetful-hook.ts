/**
 * Effects hooks that count in the process's memory: after a restart, what they do not count is no loss.
 *
 * @module
 */
import { deliver, effectsOf } from './deliver.ts';
import { sleep } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';
import { restart } from './restart.ts';
import { isAccepted } from '../verdict.ts';

/** What was counted so long before is stored, however seldom that is written. */
const LONG_BEFORE_MS = 3000;

/** Why nothing can be said. */
export const FORGETFUL = `The effects hook forgets with a restart: an event that was counted ${LONG_BEFORE_MS / 1000} s before is gone from it, too. Let it count where a restart does not reach, such as the database.`;

/** Whether one more restart takes from the hook what it had counted long before. */
export const hookForgets = async (probe: Probe): Promise<boolean> => {
  const effects = effectsOf(probe);
  const witness = probe.event();
  if (!isAccepted(await deliver(probe, witness))) return false;
  if ((await effects.settled(witness.id, 1)) === 0) return false;
  await sleep(probe.wall, LONG_BEFORE_MS);
  if (!isAccepted(await restart(probe))) return false;
  return (await effects.settled(witness.id, 1)) === 0;
};
