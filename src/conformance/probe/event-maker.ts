/**
 * Fresh valid events: the spec's own examples with ids, people and times of their own.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import type { WebhookEvent } from '../../../schemas/events.ts';
import { EVENT_EXAMPLES } from '../../../schemas/examples.ts';
import { toProviderTime } from '../../domain/time.ts';

export type Data = Readonly<Record<string, unknown>>;

/** An event as it is about to be written; not always one that the contract allows. */
export interface Event {
  readonly event: string;
  readonly id: string;
  readonly timestamp: string;
  readonly data: Data;
}

/** Replaces members of the envelope. */
export type Envelope = Partial<Pick<Event, 'event' | 'id' | 'timestamp'>>;

export interface EventMaker {
  /** An id that no other event of this run has. */
  freshId(): string;
  /** An address that no other event of this run has, under `.example`. */
  freshEmail(): string;
  /** A fresh valid event of a type; `data` is merged over the example's, undefined takes a member out. */
  make(type?: EventType, data?: Data, envelope?: Envelope): Event;
  /** Every example of the spec, each with an id of its own. */
  examples(): readonly Event[];
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * @param random numbers in [0, 1): the same ones give the same ids
 * @param now milliseconds since 1970
 */
export const createEventMaker = (random: () => number, now: () => number): EventMaker => {
  const run = Array.from({ length: 10 }, () => ALPHABET[Math.floor(random() * 32)]).join('');
  let made = 0;
  const next = (): string => {
    made += 1;
    return `${run}${String(made).padStart(5, '0')}`;
  };
  const freshId = (): string => `evt_${next()}`;
  // A domain for each check: what a faulty receiver does to a whole domain is found by whoever looks for that.
  const domain = `${run.toLowerCase()}.receiver-test.example`;
  const freshEmail = (): string => `lead.${next().slice(run.length)}@${domain}`;

  const fresh = (example: WebhookEvent): Event => {
    const data: Record<string, unknown> = { ...example.data };
    if ('lead_email' in data) {
      data['lead_email'] = freshEmail();
      data['lead_id'] = `lead_${next()}`;
    }
    data['campaign_id'] = `cmp_${run}`;
    return { event: example.event, id: freshId(), timestamp: toProviderTime(now()), data };
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
