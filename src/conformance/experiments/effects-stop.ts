/**
 * The cause of effects that have stopped: the request since which they have.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import { EVENT_EXAMPLES } from '../../../schemas/examples.ts';
import type { Event } from '../probe/event-maker.ts';
import type { EffectsStop, SeenExchange } from '../run/observed.ts';
import { describeReply } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

const FIX =
  'Catch every error of a single event inside the loop of the worker, store the event as failed, and continue; let a supervisor restart a worker that ends.';

const parse = ({ exchange }: SeenExchange): Partial<Event> => {
  try {
    return (JSON.parse(Buffer.from(exchange.request.body).toString('utf8')) ?? {}) as object;
  } catch {
    return {};
  }
};

/** Members that the plain example of its type has and this event has not, or only as null. */
const missingIn = ({ event, data = {} }: Partial<Event>): readonly string[] => {
  const [example] = EVENT_EXAMPLES[event as EventType] ?? [];
  return Object.keys(example?.data ?? {}).filter((member) => data[member] == null);
};

/** "an event of type `email.replied` without `lead_company`". */
const describeEvent = (seen: SeenExchange): string => {
  const event = parse(seen);
  if (typeof event.event !== 'string') return 'a request that is no event';
  const missing = missingIn(event).map((member) => `\`${member}\``);
  const without = missing.length === 0 ? '' : ` without ${missing.join(' and ')}`;
  return `an event of type \`${event.event.slice(0, 60)}\`${without}`;
};

const senders = (seen: readonly SeenExchange[]): string =>
  [...new Set(seen.map(({ by }) => by).filter((by) => by !== 'control'))].slice(0, 4).join(', ');

/** "an event of type `email.opened`, sent by content/optional-null". */
const describeSince = ({ culprit, suspects }: EffectsStop): string =>
  culprit === null
    ? `one of ${suspects.length} requests (${senders(suspects)})`
    : `${describeEvent(culprit)}, sent by ${culprit.by}`;

/** "since an event of type `email.opened`, sent by content/optional-null". */
export const describeStop = (stop: EffectsStop): string =>
  stop.isHeldBack === true
    ? 'an accepted event had no effect until the next one arrived'
    : `accepted events have no effect since ${describeSince(stop)}`;

export const causeOfStop = (stop: EffectsStop): NamedCause => {
  const { culprit } = stop;
  if (stop.isHeldBack === true) {
    return {
      key: 'held-back:lost',
      sentence:
        'An accepted event has its effect only when the next one arrives: it waits in a buffer or a batch that nothing else empties, and the last one waits forever.',
      fix: 'Empty the buffer after a short time as well, and keep it where a restart does not lose it.',
    };
  }
  const answered =
    culprit === null
      ? ''
      : `That request was answered ${describeReply(culprit.exchange.reply)} and stopped the worker. `;
  return {
    key: 'since:lost',
    sentence: `Events are accepted but have no effect any longer since ${describeSince(stop)}: the worker, thread or consumer that processes them has died or is blocked.`,
    fix: answered + FIX,
  };
};
