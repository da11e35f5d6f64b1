/**
 * Publishes many events in batches, so that one large request cannot hold the event loop from other accounts.
 *
 * Each batch is all or nothing, and durable before the next one begins. When the first batch fails, nothing is published
 * and the error is thrown. When a later one fails, nothing is taken back, because receivers may have got the events
 * already: what was published is returned, and {@link Published.missing} says how many events were not.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { LIMITS } from '../../schemas/contract.ts';
import type { Delivery, StoredEvent } from '../domain/delivery.ts';
import { tooManyDeliveries } from '../domain/problems.ts';
import type { EventToPublish, Published } from './engine.ts';
import { publish, receiversOf, type Publisher } from './publish.ts';

/** Events and deliveries that are written together: about ten milliseconds in a file. */
const MAX_BATCH_ROWS = 512;
/** Characters of data that are written together. */
const MAX_BATCH_SIZE = 1_048_576;

const logger = getLogger(['sendemall-mock', 'engine']);

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Cheap for the many events of one request, which are of one size. */
const batchSize = ([first]: readonly EventToPublish[], deliveriesEach: number): number => {
  const size = first === undefined ? 1 : JSON.stringify(first.data).length;
  return Math.max(
    1,
    Math.min(Math.floor(MAX_BATCH_ROWS / (1 + deliveriesEach)), Math.floor(MAX_BATCH_SIZE / size)),
  );
};

/**
 * @param publisher asked before each batch: webhooks may change between two
 * @throws {Problem} when it would make too many deliveries, or the first batch cannot be published
 */
export const publishInBatches = async (
  requests: readonly EventToPublish[],
  publisher: () => Publisher,
): Promise<Published> => {
  const { webhooks } = publisher();
  const [first] = requests;
  const each = first === undefined ? 0 : receiversOf(first, webhooks).length;
  const limit = LIMITS.maxTriggerDeliveries;
  if (each * requests.length > limit) throw tooManyDeliveries(requests.length, each, limit);
  const size = batchSize(requests, each);
  if (requests.length <= size) return publish(requests, publisher());

  const done: Published[] = [];
  let published = 0;
  while (published < requests.length) {
    const batch = requests.slice(published, published + size);
    try {
      done.push(await publish(batch, publisher()));
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
