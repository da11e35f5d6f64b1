/**
 * Mutants that fail on one kind of value: what generated events are for.
 *
 * @module
 */
import { ModelReceiver, type Answer, type Event } from '../model/receiver.ts';
import type { Mutant, MoreOfMutant } from './mutant.ts';

/** Answers 500 to some valid events before anything is done with them. */
const failing = (
  name: string,
  fault: string,
  fails: (event: Event) => boolean,
  more: MoreOfMutant = {},
): Mutant => ({
  name: `content-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override async arrived(event: Event): Promise<Answer> {
        return fails(event) ? { status: 500 } : super.arrived(event);
      }
    })(secret),
  ...more,
});

/** No plain event of a run may be of this hour. */
const droppedHour = (): string => (new Date().getUTCHours() % 12 === 0 ? 'T21:' : 'T12:');

const textOf = ({ data }: Event, member: string): string => String(data[member] ?? '');

export const GENERATED_MUTANTS: readonly Mutant[] = [
  failing('braces-format', 'formats the name of a campaign with str.format', (event) =>
    /[{}]/.test(textOf(event, 'campaign_name')),
  ),
  failing('top-level-domain', 'refuses top-level domains of more than eight letters', (event) =>
    /\.[^.@]{9,}$/.test(textOf(event, 'lead_email')),
  ),
  failing('backslash-in-bounces', 'builds a pattern from the message of a bounce', (event) =>
    textOf(event, 'bounce_message').includes('\\'),
  ),
  {
    name: 'content-noon-dropped',
    fault: 'acknowledges what happened in the hour after noon and does nothing',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly hour = droppedHour();
        override async arrived(event: Event): Promise<Answer> {
          return event.timestamp.includes(this.hour) ? { status: 200 } : super.arrived(event);
        }
      })(secret),
  },
  failing(
    'long-thread-id',
    'a column of 40 characters for threads',
    (event) => textOf(event, 'thread_id').length > 40,
  ),
  failing('lone-surrogate', 'encodes texts strictly', (event) =>
    Object.values(event.data).some((value) => typeof value === 'string' && /\p{Cs}/u.test(value)),
  ),
];
