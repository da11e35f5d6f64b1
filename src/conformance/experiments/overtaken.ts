/**
 * Whether an accepted event is lost when another request follows before it is processed, even a forged one that is
 * refused: what still waits is overwritten.
 *
 * @module
 */
import { countLost, deliver } from '../judge/deliver.ts';
import { wrongSignature } from '../judge/forgeries.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { rememberCause, type NamedCause } from './known-causes.ts';

const PAIRS = 8;
const ENOUGH = 2;
const PATIENCE = { forMs: 600 };

/** Pairs of an event and a forged request. @param isWaited the event has its effect before the other one is sent */
const lostInPairs = async (probe: Probe, isWaited: boolean): Promise<number> => {
  const taken: Event[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const event = probe.event();
    if (isAccepted(await deliver(probe, event))) taken.push(event);
    if (isWaited) await probe.effects?.settled(event.id, 1, PATIENCE);
    await probe.post(probe.event(), { signature: wrongSignature(probe) });
  }
  return countLost(probe, taken);
};

/** @returns the cause, which is remembered for lost events and for forgeries that take effect; null when none is lost so */
export const explainOvertaken = async (probe: Probe): Promise<NamedCause | null> => {
  if (probe.effects === null) return null;
  const lost = await lostInPairs(probe, false);
  if (lost < ENOUGH || (await lostInPairs(probe, true)) > lost / 4) return null;
  const cause = {
    key: 'lost:overtaken',
    sentence: `An accepted event is lost when another request follows before it is processed, even a forged one that is refused (${lost} of ${PAIRS}; not when the event has its effect first): the next request overwrites what still waits, such as a pooled buffer of the body or a variable that requests share.`,
    fix: 'Copy the body, or what is parsed from it, before the handler returns (Go: a buffer goes back to its sync.Pool only when nothing refers to it any more); queue values and not references.',
  };
  rememberCause(probe, 'lost', cause);
  rememberCause(probe, 'forged', cause);
  return cause;
};
