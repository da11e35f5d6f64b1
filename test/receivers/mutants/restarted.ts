/**
 * Mutants that read back otherwise what they have stored, keep times too coarsely, or count what was not processed.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { ModelReceiver, type Answer, type Event } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

const emailOf = ({ data }: Event): string => String(data['lead_email']);

/** Every number of seconds since 1970 that a float of 32 bits holds is two minutes from the next. */
const inFloat = (timestamp: string): string =>
  new Date(Math.fround(Date.parse(timestamp) / 1000) * 1000).toISOString();

/** A lead is read by the time of its latest reply. */
const withTime = (name: string, fault: string, read: (timestamp: string) => string): Mutant => ({
  name,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override applyToLead(event: Event): void {
        super.applyToLead({ ...event, timestamp: read(event.timestamp) });
      }
    })(secret),
});

export const RESTARTED_MUTANTS: readonly Mutant[] = [
  {
    name: 'delivery-keeps-failures',
    fault: 'keeps the response to each event for its repeats, failures included',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly failed = new Map<string, Answer>();
        override async arrived(event: Event): Promise<Answer> {
          const before = this.failed.get(event.id);
          if (before !== undefined) return before;
          const answer = await super.arrived(event);
          if (answer.status === 500) this.failed.set(event.id, answer);
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-takes-retry-for-replay',
    fault: 'remembers the signature of what failed, and refuses its retry as a replay',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly replayed = new Set<string>();
        override async arrived(event: Event): Promise<Answer> {
          if (this.replayed.has(event.id)) return { status: 401 };
          const answer = await super.arrived(event);
          if (answer.status === 500) this.replayed.add(event.id);
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-repeat-refused-after-restart',
    fault: 'knows in memory only what it has processed, and cannot store it twice',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const isKnown = this.memory.seen.has(event.id);
          if (!isKnown && this.seen.has(event.id)) return { status: 500 };
          const answer = await super.process(event);
          if (answer.status < 300) this.memory.seen.add(event.id);
          return answer;
        }
      })(secret),
  },
  {
    name: 'delivery-replays-in-order-of-arrival',
    fault: 'rebuilds leads at start from a log in the order of arrival',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly latest = new Map<string, string>();
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          if (event.event === 'email.replied')
            this.latest.set(emailOf(event), String(event.data['reply_sentiment']));
        }
        override boot(): void {
          super.boot();
          for (const [email, sentiment] of this.latest) this.lead(email).sentiment = sentiment;
        }
      })(secret),
  },
  {
    name: 'delivery-forgets-time-of-reply',
    fault: 'keeps the time of the latest reply in memory only',
    make: (secret) =>
      new (class extends ModelReceiver {
        override boot(): void {
          super.boot();
          for (const lead of this.disk.leads.values()) lead.repliedAt = '';
        }
      })(secret),
  },
  {
    name: 'delivery-count-in-one-byte',
    fault: 'stores the number of opens in one byte',
    make: (secret) =>
      new (class extends ModelReceiver {
        override boot(): void {
          super.boot();
          for (const lead of this.disk.leads.values()) lead.openCount %= 256;
        }
      })(secret),
  },
  {
    name: 'delivery-stores-before-verifying',
    fault: 'stores requests before it verifies them, and processes all that is stored at start',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly stored: Event[] = [];
        override verify(raw: Buffer, request: IncomingMessage): boolean {
          const isValid = super.verify(raw, request);
          if (!isValid && this.headerOf(request) !== undefined && raw.length < 4096) {
            try {
              this.stored.push(JSON.parse(raw.toString('utf8')) as Event);
            } catch {
              // Not an event.
            }
          }
          return isValid;
        }
        override boot(): void {
          super.boot();
          for (const event of this.stored.splice(0)) {
            if (typeof event?.id === 'string' && this.knows(event) && event.data)
              void this.process(event);
          }
        }
      })(secret),
  },
  {
    name: 'delivery-journal-ends-at-long-line',
    fault: 'reads its journal at start up to the first line of more than 48 kB',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly behind = new Map<string, Event>();
        hasEnded = false;
        override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
          this.hasEnded ||= raw.length > 48 * 1024 && this.verify(raw, request);
          return super.receive(raw, request);
        }
        override async apply(event: Event): Promise<void> {
          await super.apply(event);
          if (this.hasEnded) this.behind.set(event.id, event);
        }
        override boot(): void {
          super.boot();
          for (const [id, event] of this.behind) {
            this.seen.delete(id);
            this.disk.effects.delete(id);
            this.disk.leads.delete(emailOf(event));
          }
          this.behind.clear();
        }
      })(secret),
  },
  withTime(
    'domain-time-in-32-bits',
    'keeps the time of a reply in a float of 32 bits, which is exact to two minutes',
    inFloat,
  ),
  withTime('domain-time-in-minutes', 'keeps the time of a reply to the minute', (timestamp) =>
    timestamp.slice(0, 16),
  ),
  withTime('domain-time-in-days', 'keeps the date of a reply only', (timestamp) =>
    timestamp.slice(0, 10),
  ),
  {
    name: 'domain-counts-failed-tries',
    fault: 'counts an event for its rates before it is processed',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async apply(event: Event): Promise<void> {
          if (this.failing && this.knows(event)) this.watchBounces(event);
          await super.apply(event);
        }
      })(secret),
  },
  {
    name: 'domain-counts-repeats',
    fault: 'counts an event for its rates before it looks its id up',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          if (this.seen.has(event.id) && this.knows(event)) this.watchBounces(event);
          return super.process(event);
        }
      })(secret),
  },
  {
    name: 'domain-older-bounce-ignored',
    fault: 'ignores a bounce that is older than the latest event of its lead',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly latest = new Map<string, string>();
        override applyToLead(event: Event): void {
          const before = this.latest.get(emailOf(event)) ?? '';
          if (event.event === 'email.bounced' && event.timestamp < before) return;
          if (event.timestamp > before) this.latest.set(emailOf(event), event.timestamp);
          super.applyToLead(event);
        }
      })(secret),
  },
  {
    name: 'delivery-latest-id-of-lead',
    fault: 'remembers the id of the latest event of each lead that has replied',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly latest = new Map<string, string>();
        override async process(event: Event): Promise<Answer> {
          const answer = await super.process(event);
          if (event.event !== 'email.replied' || answer.status >= 300) return answer;
          const before = this.latest.get(emailOf(event));
          if (before !== undefined && before !== event.id) this.seen.delete(before);
          this.latest.set(emailOf(event), event.id);
          return answer;
        }
      })(secret),
  },
  {
    name: 'domain-leads-evicted',
    fault: 'keeps the latest 500 leads',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          const email = emailOf(event);
          const lead = this.disk.leads.get(email);
          if (lead !== undefined) {
            this.disk.leads.delete(email);
            this.disk.leads.set(email, lead);
          }
          super.applyToLead(event);
          for (const oldest of this.disk.leads.keys()) {
            if (this.disk.leads.size <= 500) break;
            this.disk.leads.delete(oldest);
          }
        }
      })(secret),
  },
];
