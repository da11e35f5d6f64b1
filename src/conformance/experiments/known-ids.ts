/**
 * Whether events are lost because their new ids are taken for ids that are known: a checksum, a shortened hash or a filter
 * in place of the id itself. Unlike a loss by chance it lasts, depends on the id alone, and grows with the number of ids.
 *
 * @module
 */
import { deliver, settleBehind } from '../judge/deliver.ts';
import { earlyAccepted } from '../judge/first-events.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

/** Lost events that are tried again. */
const MAX_TRIED = 4;
const MIN_LOST = 3;
/** Ids from the beginning of the run, when few were known. */
const EARLY = 250;
const MIN_GROWTH = 2.5;

/** An id of its own may be taken for another one, too. */
const OTHER_IDS = 3;

const hasEffect = async (probe: Probe, event: Event): Promise<boolean> => {
  if (!isAccepted(await deliver(probe, event))) return false;
  await settleBehind(probe);
  return (await probe.effects!.count(event.id)) > 0;
};

/** It has no effect when it is sent again, alone, while the same event with another id has. */
const dependsOnId = async (probe: Probe, event: Event): Promise<boolean> => {
  if (await hasEffect(probe, event)) return false;
  for (let tried = 0; tried < OTHER_IDS; tried += 1) {
    if (await hasEffect(probe, { ...event, id: probe.events.freshId() })) return true;
  }
  return false;
};

/**
 * @param lost events that were sent one at a time and had no effect
 * @param sent how many were sent
 */
export const explainByKnownIds = async (
  probe: Probe,
  lost: readonly Event[],
  sent: number,
): Promise<NamedCause | null> => {
  const { effects } = probe;
  if (effects === null || lost.length < MIN_LOST) return null;
  const early = await earlyAccepted(probe, EARLY);
  const counts = await Promise.all(early.map((id) => effects.count(id)));
  const lostEarly = counts.filter((count) => count === 0).length;
  const earlyRate = lostEarly / Math.max(1, early.length);
  if (lost.length / sent < MIN_GROWTH * earlyRate) return null;
  for (const event of lost.slice(0, MAX_TRIED)) {
    if (!(await dependsOnId(probe, event))) return null;
  }
  return {
    key: 'lost:known-ids',
    sentence: `Some new ids are taken for known ones, so that their events are treated as repeats and lost: ${lost.length} of ${sent} that were sent one at a time have no effect, not when they are sent again either, while the same events with other ids have theirs. Of the first ${early.length} events of the run, when few ids were known, ${lostEarly} were lost.`,
    fix: 'Compare whole ids: a unique key on the id itself, not on a checksum, a shortened hash, a number made of it or a Bloom filter.',
  };
};
