/**
 * Whether events are lost because they arrive close to others: pairs at the same moment, and pairs with a pause between.
 *
 * @module
 */
import { FIX } from '../histories/remedies.ts';
import { sleep } from '../hooks/hooks.ts';
import { countLost, deliver } from '../judge/deliver.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { postTogether } from '../probe/simultaneous.ts';
import { isAccepted } from '../verdict.ts';
import { rememberCause, type NamedCause } from './known-causes.ts';

const PAIRS = 12;
const ENOUGH = 2;
const PAUSE_MS = 30;

const sendPair = async (probe: Probe, isTogether: boolean): Promise<readonly Event[]> => {
  const events = [probe.event(), probe.event()];
  if (isTogether) {
    const sent = await postTogether(
      probe,
      events.map((event) => ({ body: probe.write(event) })),
    );
    return events.filter((_, place) => isAccepted(sent[place]!));
  }
  const taken: Event[] = [];
  for (const event of events) {
    if (isAccepted(await deliver(probe, event))) taken.push(event);
    await sleep(probe.wall, PAUSE_MS);
  }
  return taken;
};

const lostOf = async (probe: Probe, isTogether: boolean): Promise<number> => {
  const taken: Event[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    taken.push(...(await sendPair(probe, isTogether)));
    if (isTogether) await sleep(probe.wall, PAUSE_MS);
  }
  return countLost(probe, taken);
};

/** @returns the cause, which is remembered; null when pairs lose nothing, or those with a pause do, too */
export const explainCloseTogether = async (probe: Probe): Promise<NamedCause | null> => {
  if (probe.effects === null || probe.isSlow()) return null;
  const lost = await lostOf(probe, true);
  if (lost < ENOUGH || (await lostOf(probe, false)) > 0) return null;
  const cause = {
    key: 'lost:close-together',
    sentence: `Of two events that arrive at the same moment one is accepted and lost (${lost} of ${PAIRS} pairs; none ${PAUSE_MS} ms apart): the other one replaces what is stored under the time of arrival, such as a file name or a key, or in a variable that requests share.`,
    fix: `Name what is stored by the id of the event, never by the time alone. ${FIX.shared}`,
  };
  rememberCause(probe, 'lost', cause);
  return cause;
};
