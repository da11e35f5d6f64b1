/**
 * Whether a receiver takes an event for the repeat of another one that has everything in common with it but the id. Then
 * generated events are lost by coincidence, and no value in them is the cause.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Probe } from '../probe/probe.ts';
import { tryEvents, type Interests } from './trial.ts';

const ROUNDS = 2;

/** Where this is judged. */
export const TAKEN_FOR_REPEAT =
  'Events that differ only in their id are taken for repeats: see delivery/dedupe-key.';

/** Deliver two events that differ only in their id, and look whether the second one is lost, again and again. */
export const isTakenForRepeat = async (
  probe: Probe,
  type: EventType,
  interests: Interests,
): Promise<boolean> => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const first = probe.event(type);
    const [before] = await tryEvents(probe, [first], interests);
    const [after] = await tryEvents(probe, [{ ...first, id: probe.events.freshId() }], interests);
    if (before?.flaw !== null || before.isUnclear || after?.flaw !== 'lost') return false;
  }
  return true;
};
