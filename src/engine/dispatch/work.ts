/**
 * The work of one generation: its endpoints and attempts.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { AccountKey, Millis, Webhook, WebhookKey } from '../../domain/delivery.ts';
import type { Claim, QueueStore, Store } from '../../storage/store.ts';
import { createAttempts, type AttemptDependencies, type Attempts } from './attempts.ts';
import { createEndpoints, fillPlaces, type Endpoint, type Endpoints } from './endpoints.ts';
import { createGeneration, type Generation } from './generation.ts';

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Work {
  readonly generation: Generation;
  readonly endpoints: Endpoints;
  readonly attempts: Attempts;
}

export const createWork = (dependencies: AttemptDependencies): Work => {
  const { store, concurrency } = dependencies.context;
  const generation = createGeneration();
  const endpoints = createEndpoints(concurrency, store, generation, (endpoint) =>
    attempts.sendReady(endpoint),
  );
  const attempts = createAttempts(dependencies, generation, endpoints.expect);
  return { generation, endpoints, attempts };
};

/** Take on webhooks. The work must not have them yet. */
export const putAll = ({ endpoints }: Work, webhooks: readonly Webhook[]): void => {
  for (const webhook of webhooks) void endpoints.put(webhook);
};

/** Take on the due times of pending deliveries. */
export const expectAll = ({ endpoints }: Work, due: ReadonlyMap<WebhookKey, Millis>): void => {
  for (const [key, at] of due) endpoints.expect(key, at);
};

/** Load the account's webhooks and due times. */
export const loadWork = async (
  work: Work,
  account: AccountKey,
  store: Pick<Store, 'listWebhooks' | 'nextDueAt'>,
): Promise<void> => {
  putAll(work, await store.listWebhooks(account));
  expectAll(work, await store.nextDueAt(account));
};

/** Send an endpoint's claims, or release them if its webhook was closed meanwhile. */
export const handOver = async (
  { generation, endpoints, attempts }: Work,
  endpoint: Endpoint,
): Promise<void> => {
  if (endpoints.isOpen(endpoint)) attempts.sendReady(endpoint);
  else if (generation.state === 'active') await endpoints.releaseClaims(endpoint);
};

/** Whether nothing is pending or in flight, on real time or on the account's clock. */
export const isDone = ({ endpoints, attempts }: Work): boolean =>
  attempts.inFlight() + attempts.ends.size() === 0 && !endpoints.hasPending();

/** Whether anything is in flight or about to be sent. While true, the clock must not jump. */
export const isBusy = ({ endpoints, attempts }: Work): boolean =>
  attempts.inFlight() > 0 || endpoints.hasUnsent();

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
