/**
 * Whether a new event is lost because only a part of its id is compared: ids that differ in every character, and ids that
 * differ from some place on.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { EventType } from '../../../schemas/contract.ts';
import { deliver } from '../judge/deliver.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';
import { bisect } from './minimise.ts';

const PREFIX = 'evt_';
const LENGTH = 24;
const PATIENCE_MS = 1000;

/** Letters and digits that have nothing to do with those of another id. */
const scatteredId = (probe: Probe): string =>
  PREFIX +
  createHash('sha256').update(probe.events.freshId()).digest('hex').toUpperCase().slice(0, LENGTH);

/** The same up to a place, and another one in every character behind it. */
const differingFrom = (id: string, place: number, other: string): string => {
  const rest = Array.from(id.slice(place), (character, at) => {
    const replacement = other[(place + at) % other.length]!;
    return replacement === character ? 'Z' : replacement;
  });
  return id.slice(0, place) + rest.join('');
};

/**
 * @param type an event type that the receiver is supposed to act on
 * @returns null when an id that differs in every character has no effect, or one that differs in its last ones has
 */
export const explainByIdPart = async (
  probe: Probe,
  type: EventType,
): Promise<NamedCause | null> => {
  const { effects } = probe;
  if (effects === null) return null;
  let isRefused = false;
  const isLost = async (id: string): Promise<boolean> => {
    if (!isAccepted(await deliver(probe, probe.event(type, {}, { id })))) isRefused = true;
    return !isRefused && (await effects.settled(id, 1, { forMs: PATIENCE_MS })) === 0;
  };
  const first = scatteredId(probe);
  const last = first.length - 2;
  const isLostFrom = (place: number): Promise<boolean> =>
    isLost(differingFrom(first, place, scatteredId(probe)));
  if ((await isLost(first)) || !(await isLostFrom(last))) return null;
  if (await isLostFrom(PREFIX.length)) return null;
  const { bad } = await bisect(PREFIX.length, last, isLostFrom);
  // It may be chance that the last ones were lost.
  if (isRefused || !(await isLostFrom(last))) return null;
  return {
    key: 'lost:id-part',
    sentence: `An event whose id agrees with an earlier one in its first ${bad} characters is taken for a repeat of it and lost: only a part of the id is compared.`,
    fix: 'Compare the whole id, as text: it is opaque, and no part of it has a meaning.',
  };
};
