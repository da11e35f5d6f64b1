/**
 * The cause of effects that have stopped: the request since which they have.
 *
 * @module
 */
import type { EffectsStop, SeenExchange } from '../run/observed.ts';
import { describeReply } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

const FIX =
  'Catch every error of a single event inside the loop of the worker, store the event as failed, and continue; let a supervisor restart a worker that ends.';

const typeOf = ({ exchange }: SeenExchange): string => {
  const body = Buffer.from(exchange.request.body).toString('utf8');
  const type = /"event"\s*:\s*"([^"]{1,60})"/.exec(body)?.[1];
  return type === undefined ? 'a request that is no event' : `an event of type \`${type}\``;
};

const senders = (seen: readonly SeenExchange[]): string =>
  [...new Set(seen.map(({ by }) => by).filter((by) => by !== 'control'))].slice(0, 4).join(', ');

/** "an event of type `email.opened`, sent by content/optional-null". */
export const describeSince = ({ culprit, suspects }: EffectsStop): string =>
  culprit === null
    ? `one of ${suspects.length} requests (${senders(suspects)})`
    : `${typeOf(culprit)}, sent by ${culprit.by}`;

export const causeOfStop = (stop: EffectsStop): NamedCause => {
  const { culprit } = stop;
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
