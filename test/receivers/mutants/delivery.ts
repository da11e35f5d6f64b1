/**
 * Mutants of the area `delivery`: what they remember, and what they take for a repeat.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ModelReceiver, type Answer, type Event } from '../model/receiver.ts';
import { LOSS_MUTANTS } from './delivery-loss.ts';
import { RECOVERY_MUTANTS } from './delivery-recovery.ts';
import type { Mutant } from './mutant.ts';

const SECOND = 1000;
const HOUR = 3_600_000;

const ageOf = ({ timestamp }: Event): number => Date.now() - Date.parse(timestamp);
const emailOf = ({ data }: Event): string => String(data['lead_email']);

const LATE_DROPPED = 'what comes late is dropped, here too';

export const DELIVERY_MUTANTS: readonly Mutant[] = [
  {
    name: 'delivery-no-dedupe',
    fault: 'remembers nothing',
    make: (secret) =>
      new (class extends ModelReceiver {
        override get seen(): Set<string> {
          return new Set();
        }
      })(secret),
  },
  {
    name: 'delivery-duplicate-409',
    fault: 'answers 409 to every repeat',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          return this.seen.has(event.id) ? { status: 409 } : super.process(event);
        }
      })(secret),
  },
  {
    name: 'delivery-duplicate-500',
    fault: 'lets the error of the unique key through',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          return this.seen.has(event.id) ? { status: 500 } : super.process(event);
        }
      })(secret),
  },
  {
    name: 'delivery-dedupes-by-lead-and-time',
    fault: 'takes type, lead and second for the key',
    make: (secret) =>
      new (class extends ModelReceiver {
        override dedupeKey(event: Event): string {
          return `${event.event} ${emailOf(event)} ${event.timestamp}`;
        }
      })(secret),
  },
  {
    name: 'delivery-dedupes-by-data',
    fault: 'takes a hash of the data for the key',
    make: (secret) =>
      new (class extends ModelReceiver {
        override dedupeKey({ data }: Event): string {
          return JSON.stringify(data);
        }
      })(secret),
  },
  {
    name: 'delivery-dedupes-by-body',
    fault: 'takes a hash of the body for the key',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly hashes = new WeakMap<Event, string>();
        override parse(raw: Buffer): Event {
          const event = super.parse(raw);
          this.hashes.set(event, createHash('sha256').update(raw).digest('hex'));
          return event;
        }
        override dedupeKey(event: Event): string {
          // A recovered event has its own bytes, too: those that were sent.
          const { event: type, id, timestamp, data } = event;
          const body = JSON.stringify({ event: type, id, timestamp, data });
          return this.hashes.get(event) ?? createHash('sha256').update(body).digest('hex');
        }
      })(secret),
  },
  {
    name: 'delivery-id-folded',
    fault: 'keeps ids in a column that does not tell case',
    make: (secret) =>
      new (class extends ModelReceiver {
        override dedupeKey({ id }: Event): string {
          return id.toLowerCase();
        }
      })(secret),
  },
  {
    name: 'delivery-id-cut',
    fault: 'keeps the first 64 characters of an id',
    make: (secret) =>
      new (class extends ModelReceiver {
        override dedupeKey({ id }: Event): string {
          return id.slice(0, 64);
        }
      })(secret),
  },
  {
    name: 'delivery-marks-before-verify',
    fault: 'marks the id as seen before it checks the signature',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
          if (!this.verify(raw, request)) {
            try {
              this.seen.add(this.dedupeKey(this.parse(raw)));
            } catch {
              // It has no id.
            }
          }
          return super.receive(raw, request);
        }
      })(secret),
  },
  {
    name: 'delivery-five-minute-window',
    fault: 'refuses events that are older than five minutes',
    also: {
      'delivery/out-of-order': 'an event that comes late is refused for its age',
      'content/generated': 'its times are of the day before',
    },
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          return ageOf(event) > 300 * SECOND ? { status: 400 } : super.process(event);
        }
      })(secret),
  },
  {
    name: 'delivery-drops-day-old',
    fault: 'answers 200 to events that are older than a day, and drops them',
    also: { 'content/generated': 'its times are of the day before' },
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          return ageOf(event) > 24 * HOUR ? { status: 200 } : super.process(event);
        }
      })(secret),
  },
  {
    name: 'delivery-refuses-future',
    fault: 'refuses events that are half a minute ahead',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          return ageOf(event) < -30 * SECOND ? { status: 400 } : super.process(event);
        }
      })(secret),
  },
  {
    name: 'delivery-drops-older-than-latest',
    fault: 'drops whatever is older than the latest event of its campaign',
    also: {
      'delivery/old-events': LATE_DROPPED,
      'content/generated': LATE_DROPPED,
      'domain/unsub-wins': LATE_DROPPED,
    },
    // What a restart cuts off and comes again is older than what showed that it is back: dropped, unless it was in time.
    without: ['restart'],
    make: (secret) => new DropsOlder(secret, ({ data }) => String(data['campaign_id'])),
  },
  {
    name: 'delivery-drops-older-of-lead',
    fault: 'drops whatever is older than the latest event of its lead',
    also: { 'domain/unsub-wins': LATE_DROPPED, 'content/generated': LATE_DROPPED },
    make: (secret) => new DropsOlder(secret, emailOf),
  },
  {
    name: 'delivery-drops-older-but-unsubscribes',
    fault: 'drops whatever is older than the latest event of its lead, but for unsubscribes',
    also: { 'content/generated': LATE_DROPPED },
    make: (secret) => new DropsOlder(secret, emailOf, ['email.unsubscribed']),
  },
  {
    name: 'delivery-forgets-old-ids',
    fault: 'forgets ids of events that are older than two days',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          if (ageOf(event) > 48 * HOUR) this.seen.delete(event.id);
          return super.process(event);
        }
      })(secret),
  },
  {
    name: 'delivery-dedupes-in-memory',
    fault: 'keeps the ids in a Set',
    make: (secret) =>
      new (class extends ModelReceiver {
        override get seen(): Set<string> {
          return this.memory.seen;
        }
      })(secret),
  },
  {
    name: 'delivery-small-cache',
    fault: 'keeps the last 500 ids',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const answer = await super.process(event);
          for (const oldest of this.seen) {
            if (this.seen.size <= 500) break;
            this.seen.delete(oldest);
          }
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-overwrites-blindly',
    fault: 'writes each sentiment over the last one',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          if (event.event !== 'email.replied') return;
          this.lead(emailOf(event)).sentiment = String(event.data['reply_sentiment']);
        }
      })(secret),
  },
  {
    name: 'delivery-first-value-stays',
    fault: 'keeps the first sentiment for ever',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          const before = this.disk.leads.get(emailOf(event))?.sentiment ?? null;
          super.applyToLead(event);
          const lead = this.disk.leads.get(emailOf(event));
          if (lead !== undefined && before !== null) lead.sentiment = before;
        }
      })(secret),
  },
  {
    name: 'delivery-repeat-overwrites',
    fault: 'stores the sentiment before the id is looked up, so a repeat stores its own again',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const isRepeat = this.seen.has(this.dedupeKey(event));
          if (isRepeat && event.event === 'email.replied')
            this.lead(emailOf(event)).sentiment = String(event.data['reply_sentiment']);
          return super.process(event);
        }
      })(secret),
  },
  ...LOSS_MUTANTS,
  ...RECOVERY_MUTANTS,
];

class DropsOlder extends ModelReceiver {
  readonly latest = new Map<string, string>();
  readonly streamOf: (event: Event) => string;
  readonly kept: readonly string[];
  /** @param kept types that are processed at any age */
  constructor(secret: string, streamOf: (event: Event) => string, kept: readonly string[] = []) {
    super(secret);
    this.streamOf = streamOf;
    this.kept = kept;
  }
  override async process(event: Event): Promise<Answer> {
    if (this.kept.includes(event.event)) return super.process(event);
    const stream = this.streamOf(event);
    if (event.timestamp < (this.latest.get(stream) ?? '')) return { status: 200 };
    this.latest.set(stream, event.timestamp);
    return super.process(event);
  }
}
