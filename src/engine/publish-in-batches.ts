/**
 * Publishes many events in batches, so that one large request cannot block the event loop for other accounts.
 *
 * Each batch is atomic, and durable before the next one begins. If the first batch fails, nothing is published and the
 * error is thrown. If a later one fails, earlier ones are not rolled back, because receivers may already have the events:
 * the published events are returned, and {@link Published.missing} counts the others.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { LIMITS } from '../../schemas/contract.ts';
import type { Delivery, StoredEvent } from '../domain/delivery.ts';
import { nextTurn } from '../domain/event-loop.ts';
import { tooManyDeliveries } from '../domain/problems.ts';
import type { Published } from './engine.ts';
import type { EventToPublish } from './event-source.ts';
import { publish, receiversOf, type PublishContext } from './publish.ts';

/** Events and deliveries per transaction: about ten milliseconds in a file. */
const MAX_BATCH_ROWS = 512;
/** Characters of data per transaction. */
const MAX_BATCH_CHARACTERS = 1_048_576;

const logger = getLogger(['sendemall-mock', 'engine']);

/** Events per batch, estimated from the first one: all events of a request have about the same size. */
const batchSize = ([first]: readonly EventToPublish[], deliveriesEach: number): number => {
  const size = first === undefined ? 1 : JSON.stringify(first.data).length;
  return Math.max(
    1,
    Math.min(
      Math.floor(MAX_BATCH_ROWS / (1 + deliveriesEach)),
      Math.floor(MAX_BATCH_CHARACTERS / size),
    ),
  );
};

/**
 * @param context called before each batch, because webhooks may change in between
 * @throws {Problem} if the request exceeds the limit of deliveries, or the first batch is rejected
 */
export const publishInBatches = async (
  requests: readonly EventToPublish[],
  context: () => PublishContext,
): Promise<Published> => {
  const { webhooks } = context();
  const [first] = requests;
  const each = first === undefined ? 0 : receiversOf(first, webhooks).length;
  const limit = LIMITS.maxTriggerDeliveries;
  if (each * requests.length > limit) throw tooManyDeliveries(requests.length, each, limit);
  const size = requests.length === 1 ? 1 : batchSize(requests, each);
  if (requests.length <= size) return publish(requests, context());

  const done: Published[] = [];
  let published = 0;
  while (published < requests.length) {
    const batch = requests.slice(published, published + size);
    try {
      done.push(await publish(batch, context()));
    } catch (error) {
      if (published === 0) throw error;
      logger.error('Published {published} of {count} events: {error}', {
        published,
        count: requests.length,
        error,
      });
      break;
    }
    published += batch.length;
    await nextTurn();
  }
  return {
    events: done.flatMap(({ events }): readonly StoredEvent[] => events),
    get deliveries() {
      return done.flatMap(({ deliveries }): readonly Delivery[] => deliveries);
    },
    missing: requests.length - published,
  };
};
