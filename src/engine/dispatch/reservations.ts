/**
 * Reserved places: a delivery that is due when it is published is stored as claimed and sent at once, without another
 * round trip to the store.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { Millis, WebhookKey } from '../../domain/delivery.ts';
import type { Claim, QueueStore } from '../../storage/store.ts';
import type { Endpoint, Endpoints } from './endpoints.ts';
import { handOver, type Work } from './work.ts';

const logger = getLogger(['sendemall-mock', 'engine']);

/** Reserve a place; false if the delivery must be claimed later, e.g. because others are due already. */
export const reservePlace = (endpoints: Endpoints, webhook: WebhookKey, now: Millis): boolean => {
  const endpoint = endpoints.get(webhook);
  if (endpoint === undefined || !endpoints.isOpen(endpoint)) return false;
  if (endpoints.places(endpoint) < 1 || endpoint.nextDue <= now) return false;
  endpoint.reserved += 1;
  return true;
};

/** Return reserved places. */
export const returnPlaces = (endpoints: Endpoints, webhooks: Iterable<WebhookKey>): void => {
  for (const key of webhooks) {
    const endpoint = endpoints.get(key);
    if (endpoint !== undefined) endpoint.reserved -= 1;
  }
};

const fillPlaces = (
  endpoints: Endpoints,
  claims: readonly Claim[],
): { readonly filled: ReadonlySet<Endpoint>; readonly orphans: readonly number[] } => {
  const filled = new Set<Endpoint>();
  const orphans: number[] = [];
  for (const claim of claims) {
    const endpoint = endpoints.get(claim.webhook);
    if (endpoint === undefined) {
      orphans.push(claim.delivery);
      continue;
    }
    endpoint.reserved -= 1;
    endpoint.ready.push(claim);
    filled.add(endpoint);
  }
  return { filled, orphans };
};

/**
 * Fill reserved places with the stored deliveries, and send them. Deliveries whose webhook was deleted meanwhile are
 * released, so that the store cancels them. Never rejects, because the deliveries are durable already.
 */
export const acceptClaims = async (
  work: Work,
  claims: readonly Claim[],
  store: Pick<QueueStore, 'release'>,
): Promise<void> => {
  const { filled, orphans } = fillPlaces(work.endpoints, claims);
  if (orphans.length > 0) {
    await store.release(orphans).catch((error: unknown) => {
      logger.error('Cannot return {count} deliveries of a deleted webhook: {error}', {
        count: orphans.length,
        error,
      });
    });
  }
  for (const endpoint of filled) await handOver(work, endpoint);
};
