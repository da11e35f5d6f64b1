/**
 * By what a receiver takes an event for a repeat although its id is new: pairs of events that share one thing each, from
 * the simplest to the whole data.
 *
 * @module
 */
import { toProviderTime } from '../../domain/time.ts';
import { deliver, effectsOf, settleBehind } from '../judge/deliver.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

type Shared = 'timestamp' | 'thread' | 'lead' | 'type';

interface Candidate {
  readonly shared: readonly Shared[];
  readonly key: string;
  /** Completes "An event … is taken for a repeat of it and lost". */
  readonly phrase: string;
}

const CANDIDATES: readonly Candidate[] = [
  {
    shared: ['timestamp', 'type'],
    key: 'timestamp',
    phrase: 'with the same timestamp as an earlier one, of any lead,',
  },
  {
    shared: ['thread', 'type'],
    key: 'thread',
    phrase: 'with the same `thread_id` as an earlier one, such as the second reply of a thread,',
  },
  {
    shared: ['lead'],
    key: 'same-lead',
    phrase: 'of the same lead as an earlier one, whatever its type and time,',
  },
  {
    shared: ['lead', 'type'],
    key: 'lead-type',
    phrase: 'of the same lead and type as an earlier one, such as a second reply,',
  },
  {
    shared: ['lead', 'type', 'thread'],
    key: 'same-data',
    phrase: 'with the same data as an earlier one',
  },
  {
    shared: ['lead', 'timestamp'],
    key: 'lead-timestamp',
    phrase: 'of the same lead and with the same timestamp as an earlier one',
  },
  {
    shared: ['lead', 'type', 'timestamp'],
    key: 'lead-type-timestamp',
    phrase: 'with the same lead, type and timestamp as an earlier one',
  },
];

const SECOND_MS = 1000;
/** Seconds between the times of the pairs: none is that of another event of the run. */
const STEP = 7;

/** Makes pairs whose times differ from those of all other events. */
const createPairs = (probe: Probe) => {
  const start = probe.wall.now() - 600 * SECOND_MS;
  let made = 0;
  const time = (): string => {
    made += 1;
    return toProviderTime(start - made * STEP * SECOND_MS);
  };
  return (shared: readonly Shared[]): readonly [Event, Event] => {
    const first = probe.event('email.replied', {}, { timestamp: time() });
    const { lead_email, lead_id, thread_id } = first.data;
    const isReply = shared.includes('type');
    const second = probe.event(
      isReply ? 'email.replied' : 'email.opened',
      {
        ...(shared.includes('lead') ? { lead_email, lead_id } : {}),
        ...(shared.includes('thread') ? { thread_id } : {}),
      },
      { timestamp: shared.includes('timestamp') ? first.timestamp : time() },
    );
    return [first, second];
  };
};

/** @returns null when the pair says nothing: one of them is refused, or the first has no effect */
const isSecondLost = async (
  probe: Probe,
  [first, second]: readonly [Event, Event],
): Promise<boolean | null> => {
  const effects = effectsOf(probe);
  if (!isAccepted(await deliver(probe, first))) return null;
  if (!(await effects.appears(first.id))) return null;
  if (!isAccepted(await deliver(probe, second))) return null;
  await settleBehind(probe);
  return (await effects.settled(second.id, 1)) === 0;
};

/** @returns null when pairs that share nothing lose the second one, too, or none of the candidates decides */
export const explainBySharedMembers = async (probe: Probe): Promise<NamedCause | null> => {
  const pair = createPairs(probe);
  if ((await isSecondLost(probe, pair(['type']))) !== false) return null;
  if ((await isSecondLost(probe, pair([]))) === null) return null;
  for (const { shared, key, phrase } of CANDIDATES) {
    if ((await isSecondLost(probe, pair(shared))) !== true) continue;
    return {
      key: `lost:${key}`,
      sentence: `An event ${phrase} is taken for a repeat of it and lost, although its id is new.`,
      fix: 'Use only the envelope’s `id` as the deduplication key.',
    };
  }
  return null;
};
