/**
 * Whether a type without effect is ignored for its type, or because its data lacks a member that those of other types have:
 * with that member, which is never sent, such an event takes effect, though an unknown type with the same data does not.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import { EVENT_EXAMPLES } from '../../../schemas/examples.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Data, Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { list } from './cause-text.ts';
import type { NamedCause } from './known-causes.ts';
import { minimiseItems } from './minimise.ts';
import { tryEvents, type Trial } from './trial.ts';

const UNKNOWN_TYPE = 'lead.merged';
const ROUNDS = 2;
const MAX_TRIES = 30;

export interface Lacking {
  readonly cause: NamedCause;
  /** The plain event and the one with the members. */
  readonly exchanges: readonly Exchange[];
}

/** Members of the data of other types, each of a lead of its own. */
const foreignData = (probe: Probe, type: EventType): Data => {
  const own = new Set(EVENT_EXAMPLES[type].flatMap(({ data }) => Object.keys(data)));
  const all = EVENT_TYPES.flatMap((other) => Object.entries(probe.event(other).data));
  return Object.fromEntries(all.filter(([name]) => !own.has(name)));
};

const pick = (data: Data, names: readonly string[]): Data =>
  Object.fromEntries(names.map((name) => [name, data[name]]));

/** Tries one event whose effect counts, whatever its type. */
const tryOne = async (probe: Probe, event: Event): Promise<Trial> => {
  const [trial] = await tryEvents(probe, [event], new Set([event.event]));
  return trial!;
};

const hasEffect = ({ flaw, isUnclear }: Trial): boolean => flaw === null && !isUnclear;

const tryWith = (probe: Probe, type: EventType, names: readonly string[]): Promise<Trial> =>
  tryOne(probe, probe.event(type, pick(foreignData(probe, type), names)));

/** A receiver that acts on whatever has a lead may well leave alone what has none. */
const actsOnAny = async (
  probe: Probe,
  type: EventType,
  names: readonly string[],
): Promise<boolean> => {
  const event = probe.event(type, pick(foreignData(probe, type), names));
  return hasEffect(await tryOne(probe, { ...event, event: UNKNOWN_TYPE }));
};

const explain = async (
  probe: Probe,
  type: EventType,
  names: readonly string[],
): Promise<Lacking | null> => {
  let [without, along] = [[] as Exchange[], [] as Exchange[]];
  for (let round = 0; round < ROUNDS; round += 1) {
    const plain = await tryOne(probe, probe.event(type));
    const added = await tryWith(probe, type, names);
    if (plain.flaw !== 'lost' || !hasEffect(added)) return null;
    [without, along] = [[plain.exchange], [added.exchange]];
  }
  const members = list(
    names.map((name) => `\`${name}\``),
    'and',
  );
  return {
    cause: {
      key: `lost:lacks:${type}`,
      sentence: `Answers 2xx and does nothing for every \`${type}\` event because it has no ${members}: with one, which such an event never has, it takes effect, and an unknown type with the same data does not.`,
      fix: `Process \`${type}\` without ${members}: make the column nullable, and insert with ON CONFLICT (id) DO NOTHING, which lets other errors through (INSERT OR IGNORE and INSERT IGNORE swallow a missing value, too). If the type is left alone on purpose, do not subscribe to it.`,
    },
    exchanges: [...along, ...without],
  };
};

/** @param types that have no effect */
export const findLacking = async (
  probe: Probe,
  types: readonly EventType[],
): Promise<Lacking | null> => {
  for (const type of types) {
    const names = Object.keys(foreignData(probe, type));
    if (!hasEffect(await tryWith(probe, type, names))) continue;
    if (await actsOnAny(probe, type, names)) continue;
    const least = await minimiseItems(
      names,
      async (some) => hasEffect(await tryWith(probe, type, some)),
      MAX_TRIES,
    );
    const found = await explain(probe, type, least);
    if (found !== null) return found;
  }
  return null;
};
