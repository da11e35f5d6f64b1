/**
 * Fresh valid events: the examples of the spec with new ids, people and times.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import type { WebhookEvent } from '../../../schemas/events.ts';
import { EVENT_EXAMPLES } from '../../../schemas/examples.ts';
import { seededRandom } from '../../domain/random.ts';
import { toProviderTime } from '../../domain/time.ts';

export type Data = Readonly<Record<string, unknown>>;

/** An event before serialization; not necessarily valid. */
export interface Event {
  readonly event: string;
  readonly id: string;
  readonly timestamp: string;
  readonly data: Data;
}

/** Overrides of envelope fields. */
export type Envelope = Partial<Pick<Event, 'event' | 'id' | 'timestamp'>>;

export interface EventMaker {
  /** An id that is unique in this run. */
  freshId(): string;
  /** An address under `.example` that is unique in this run, or the next one that the receiver knows. */
  freshEmail(): string;
  /** A fresh event of a type (default: `email.replied`). `data` is merged over the example's; undefined removes a field. */
  make(type?: EventType, data?: Data, envelope?: Envelope): Event;
  /** Every example of the spec, each with a new id. */
  examples(): readonly Event[];
}

export interface EventMakerOptions {
  readonly salt?: number;
  readonly knownEmail?: (() => string) | null | undefined;
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * @param random random numbers in [0, 1); the same numbers give the same ids
 * @param now current time in ms since 1970
 * @param options.salt a whole number that makes ids and addresses differ, with the same random numbers; default: 0
 * @param options.knownEmail gives addresses that the receiver knows; default: addresses are generated
 */
export const createEventMaker = (
  random: () => number,
  now: () => number,
  { salt = 0, knownEmail }: EventMakerOptions = {},
): EventMaker => {
  const salting = seededRandom(salt);
  const shift = (): number => (salt === 0 ? 0 : salting());
  const run = Array.from(
    { length: 10 },
    () => ALPHABET[Math.floor((random() + shift()) * 32) % 32],
  ).join('');
  let made = 0;
  const next = (): string => {
    made += 1;
    return `${run}${String(made).padStart(5, '0')}`;
  };
  const freshId = (): string => `evt_${next()}`;
  // One domain per check, so that a fault that affects a whole domain is only found by the check for it.
  const domain = `${run.toLowerCase()}.receiver-test.example`;
  const freshEmail = knownEmail ?? ((): string => `lead.${next().slice(run.length)}@${domain}`);

  const fresh = (example: WebhookEvent): Event => {
    const data: Record<string, unknown> = { ...example.data };
    if ('lead_email' in data) {
      data['lead_email'] = freshEmail();
      data['lead_id'] = `lead_${next()}`;
    }
    const id = freshId();
    if ('thread_id' in data) data['thread_id'] = `thrd_${id.slice('evt_'.length)}`;
    // A campaign that is completed has further events only where a check is about that.
    const isLast = example.event === 'campaign.completed';
    data['campaign_id'] = `cmp_${isLast ? id.slice('evt_'.length) : run}`;
    return { event: example.event, id, timestamp: toProviderTime(now()), data };
  };

  return {
    freshId,
    freshEmail,
    make: (type = 'email.replied', data = {}, envelope = {}) => {
      const [example] = EVENT_EXAMPLES[type];
      const base = fresh(example);
      const merged = Object.entries({ ...base.data, ...data }).filter(
        ([, value]) => value !== undefined,
      );
      return { ...base, ...envelope, data: Object.fromEntries(merged) };
    },
    examples: () =>
      EVENT_TYPES.flatMap((type) =>
        (EVENT_EXAMPLES[type] as readonly WebhookEvent[]).map((example) => fresh(example)),
      ),
  };
};
