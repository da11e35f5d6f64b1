/**
 * Mutants of the area `content`.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { ModelReceiver, type Answer, type Event } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

/** Takes a type for a known one that fits it. */
const comparing = (
  name: string,
  fault: string,
  fits: (type: string, known: string) => boolean,
): Mutant => ({
  name: `content-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override applyToLead(event: Event): void {
        const known = ['email.unsubscribed', 'email.bounced', 'email.opened', 'email.replied'];
        const type = known.find((one) => fits(event.event, one)) ?? event.event;
        super.applyToLead({ ...event, event: type });
      }
    })(secret),
});

/** Cannot handle some events: it answers this before anything is done with them. */
const refusing = (
  name: string,
  fault: string,
  refuses: (event: Event) => boolean,
  status = 500,
  also?: Mutant['also'],
): Mutant => ({
  name: `content-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override async arrived(event: Event): Promise<Answer> {
        return refuses(event) ? { status } : super.arrived(event);
      }
    })(secret),
  ...(also === undefined ? {} : { also }),
});

/** Does not get to the receiver. */
const inFront = (
  name: string,
  fault: string,
  refusal: (raw: Buffer, request: IncomingMessage) => Answer | null,
): Mutant => ({
  name: `content-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override async answer(raw: Buffer, request: IncomingMessage): Promise<Answer> {
        return refusal(raw, request) ?? super.answer(raw, request);
      }
    })(secret),
});

const limited = (name: string, bytes: number): Mutant =>
  inFront(`limit-${name}`, `takes no more than ${name}`, (raw) =>
    raw.length > bytes ? { status: 413 } : null,
  );

const keys = (value: object): number => Object.keys(value).length;
const longest = ({ data }: Event, size: (text: string) => number): number =>
  Math.max(...Object.values(data).map((value) => (typeof value === 'string' ? size(value) : 0)));
const counts = ({ data }: Event): number[] =>
  Object.values({ ...data, ...data['totals'] }).filter((value) => typeof value === 'number');

const known: readonly string[] = [
  'positive',
  'neutral',
  'negative',
  'out_of_office',
  'unsubscribe',
];

export const CONTENT_MUTANTS: readonly Mutant[] = [
  refusing(
    'type-unhandled',
    'has no branch for email.delivered',
    ({ event }) => event === 'email.delivered',
  ),
  refusing(
    'lead-required',
    'reads the lead of every event',
    ({ data }) => !('lead_email' in data),
    500,
    { 'domain/no-lead-event': 'the same event is refused there' },
  ),
  refusing('bounce-code-number', 'stores bounce_code as a number', ({ data }) =>
    Number.isNaN(Number(data['bounce_code'] ?? 0)),
  ),
  refusing(
    'lead-name-required',
    'greets every lead by name',
    ({ event, data }) => event === 'email.replied' && data['lead_name'] === undefined,
  ),
  refusing(
    'user-agent-required',
    'parses the user agent of every opening',
    ({ event, data }) => event === 'email.opened' && data['user_agent'] === undefined,
  ),
  refusing(
    'sentiment-unhandled',
    'has no branch for out_of_office',
    ({ data }) => data['reply_sentiment'] === 'out_of_office',
  ),
  refusing('small-integer', 'stores counts in 16 bits', (event) =>
    counts(event).some((count) => count > 32_767),
  ),
  refusing('zero-is-missing', 'takes 0 for missing', (event) => counts(event).includes(0), 400),
  refusing(
    'unknown-event-refused',
    'answers 400 to types that it does not know',
    ({ event }) => !/^(email|campaign)\./.test(event),
    400,
  ),
  {
    name: 'content-unknown-event-processed',
    fault: 'the last branch takes whatever is left',
    make: (secret) =>
      new (class extends ModelReceiver {
        override knows(): boolean {
          return true;
        }
      })(secret),
  },
  comparing('type-prefix', 'compares the type of an event by its prefix', (type, known) =>
    type.startsWith(known),
  ),
  comparing('type-suffix', 'compares the type of an event by its suffix', (type, known) =>
    type.endsWith(known.slice('email.'.length)),
  ),
  comparing('type-word', 'compares the type of an event by its word', (type, known) =>
    type.startsWith(known.replace(/d$/, '')),
  ),
  refusing('strict-data', 'a strict schema for data', ({ data }) => 'a_new_field' in data, 422),
  refusing('strict-envelope', 'a strict schema for the event', (event) => keys(event) > 4, 422),
  {
    name: 'content-unknown-field-dropped',
    fault: 'takes what does not fit its schema, and drops it',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async arrived(event: Event): Promise<Answer> {
          return keys(event) > 4 ? { status: 200 } : super.arrived(event);
        }
      })(secret),
  },
  {
    name: 'content-names-without-case',
    fault: 'reads members by their names in lower case',
    make: (secret) =>
      new (class extends ModelReceiver {
        override parse(raw: Buffer): Event {
          const members = Object.entries(super.parse(raw));
          return Object.fromEntries(
            members.map(([name, value]) => [name.toLowerCase(), value] as const),
          ) as unknown as Event;
        }
      })(secret),
  },
  refusing(
    'sentiment-closed',
    'an enum in the database for sentiments',
    ({ data }) => !known.includes(data['reply_sentiment'] ?? 'neutral'),
  ),
  refusing(
    'bounce-type-closed',
    'a switch without a default for bounces',
    ({ data }) => !['hard', 'soft'].includes(data['bounce_type'] ?? 'hard'),
  ),
  inFront('firewall', 'a firewall in front reads the words', (raw) =>
    /<script>|or 1=1|etc\/passwd/i.test(raw.toString())
      ? {
          status: 403,
          headers: { server: 'cloudflare', 'content-type': 'text/html' },
          body: '<html><h1>Sorry, you have been blocked</h1></html>',
        }
      : null,
  ),
  refusing('sql-built-from-text', 'puts texts into SQL as they are', ({ data }) =>
    /' OR '/.test(String(data['reply_preview'])),
  ),
  refusing(
    'short-column',
    'VARCHAR(255)',
    (event) => longest(event, (text) => text.length) > 255,
    500,
    { 'content/generated': 'a link of 300 characters is ordinary' },
  ),
  refusing(
    'column-in-bytes',
    'a column of 3,900 bytes',
    (event) => longest(event, (text) => Buffer.byteLength(text)) > 3900,
  ),
  inFront('type-compared', 'compares the whole Content-Type', (_raw, { method, headers }) =>
    method === 'POST' && headers['content-type'] !== 'application/json' ? { status: 415 } : null,
  ),
  inFront('charset-refused', 'knows no charset', (_raw, { headers }) =>
    /charset/i.test(headers['content-type'] ?? '') ? { status: 415 } : null,
  ),
  limited('16k', 16_384),
  limited('64k', 65_536),
  limited('100k', 102_400),
  {
    name: 'content-prototype-polluted',
    fault: 'merges events member by member',
    make: (secret) =>
      new (class extends ModelReceiver {
        /** Stands for Object.prototype, which the suite itself has in these tests. */
        readonly everyObject: Record<string, unknown> = {};

        override async arrived(event: Event): Promise<Answer> {
          const own = Object.getOwnPropertyDescriptor(event, '__proto__')?.value as object;
          Object.assign(this.everyObject, own);
          const status = this.everyObject['status'];
          return typeof status === 'number' ? { status } : super.arrived(event);
        }
      })(secret),
  },
  refusing('proto-key-fails', 'fails over __proto__', (event) => Object.hasOwn(event, '__proto__')),
];
