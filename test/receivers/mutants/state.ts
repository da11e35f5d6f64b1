/**
 * Mutants that keep a wrong state for some addresses, times and numbers.
 *
 * @module
 */
import { ModelReceiver, type Event } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

/** Changes an event before it is applied to its lead. */
const reading = (name: string, fault: string, read: (event: Event) => Event): Mutant => ({
  name: `domain-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override applyToLead(event: Event): void {
        super.applyToLead(read(event));
      }
    })(secret),
});

const withEmail = (event: Event, change: (email: string) => string): Event => {
  const email = event.data['lead_email'];
  return typeof email === 'string'
    ? { ...event, data: { ...event.data, lead_email: change(email) } }
    : event;
};

/** Wall-clock time of New York, where an hour comes twice in autumn. */
const newYork = new Intl.DateTimeFormat('sv', {
  timeZone: 'America/New_York',
  dateStyle: 'short',
  timeStyle: 'medium',
});

export const STATE_MUTANTS: readonly Mutant[] = [
  reading('unsubscribe-lower-case', 'unsubscribes the address in lower case', (event) =>
    event.event === 'email.unsubscribed' ? withEmail(event, (email) => email.toLowerCase()) : event,
  ),
  {
    ...reading('strips-plus', 'takes off what stands behind a plus sign', (event) => event),
    make: (secret) =>
      new (class extends ModelReceiver {
        override lead(email: string) {
          return super.lead(email.replace(/\+.*@/, '@'));
        }

        override stateOf(email: string) {
          return super.stateOf(email.replace(/\+.*@/, '@'));
        }
      })(secret),
  },
  reading('twelve-hour-clock', 'reads the hour on a twelve-hour clock', (event) => ({
    ...event,
    timestamp: event.timestamp.replace('T12:', 'T00:'),
  })),
  reading(
    'skipped-hour',
    'reads the hour that New York skips in March as the next one',
    (event) => ({
      ...event,
      timestamp: event.timestamp.replace('2026-03-08T02', '2026-03-08T03'),
    }),
  ),
  reading('local-time', 'compares times as those of New York', (event) => ({
    ...event,
    timestamp: newYork.format(new Date(event.timestamp)),
  })),
  {
    name: 'domain-count-as-text',
    fault: 'compares counts as texts',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          const { lead_email: email, open_count: count } = event.data;
          const before = email === undefined ? 0 : this.lead(email).openCount;
          super.applyToLead(event);
          if (count === undefined || email === undefined) return;
          if (String(count) < String(before)) this.lead(email).openCount = before;
        }
      })(secret),
  },
];
