/**
 * Whether events are lost because their ids sort below one that was processed before: the receiver remembers the highest id
 * instead of every id.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import { deliver } from '../judge/deliver.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { eventIn } from './explain-refusal.ts';
import type { NamedCause } from './known-causes.ts';

/** Each decides half of the orders that have nothing to do with it. */
const LOWER_IDS = 3;
const PATIENCE_MS = 1000;

const highestSent = (probe: Probe): string =>
  probe
    .allExchanges()
    .flatMap(({ request }) => eventIn(request.body)?.id ?? [])
    .reduce((highest, id) => (id > highest ? id : highest), 'evt_0');

const lowerThan = (probe: Probe, id: string): string => {
  const fresh = probe.events.freshId();
  // By their first differing character, not by their length.
  return fresh < id ? fresh : `evt_0${fresh.slice('evt_'.length)}`;
};

/** @param type an event type that the receiver is supposed to act on */
export const explainByIdOrder = async (
  probe: Probe,
  type: EventType,
): Promise<NamedCause | null> => {
  const { effects } = probe;
  if (effects === null) return null;
  const hasEffect = async (id: string): Promise<boolean> => {
    if (!isAccepted(await deliver(probe, probe.event(type, {}, { id })))) return false;
    return (await effects.settled(id, 1, { forMs: PATIENCE_MS })) === 1;
  };
  const highest = `${highestSent(probe)}0`;
  if (!(await hasEffect(highest))) return null;
  const lower = Array.from({ length: LOWER_IDS }, () => lowerThan(probe, highest));
  for (const id of lower) if (await hasEffect(id)) return null;
  const higher = `${highest}1`;
  if (!(await hasEffect(higher))) return null;
  return {
    key: 'lost:id-order',
    sentence: `An event whose id sorts below the highest id so far is taken for a repeat and lost: \`${highest}\` takes effect, \`${lower[0]}\`, which is lower and new, does not, and \`${higher}\`, which is higher, does again.`,
    fix: 'Remember every processed id, under a unique key: ids are opaque, and neither their order nor that of their arrival means anything.',
  };
};
