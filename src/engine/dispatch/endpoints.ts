/**
 * Endpoint queues of one account, one per webhook, for one generation: claims ready to send, attempts in flight, and the
 * next due time.
 *
 * A claim goes through three states: *reserved* (a place is kept while the delivery is being stored), *ready* (claimed in
 * the store, waiting for a free place) and *in flight*. Each endpoint takes up to `concurrency` attempts in flight, and
 * as many again reserved or ready, so that a receiver does not wait for the store. A place is reserved for a delivery that
 * is due when it is published: it is stored as claimed and sent at once, without another round trip to the store.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { Millis, Webhook, WebhookKey } from '../../domain/delivery.ts';
import { createSigner, type Signer } from '../../signature/sign.ts';
import type { Claim, QueueStore } from '../../storage/store.ts';
import { targetOf, type Target } from '../delivery/transport.ts';
import type { Generation } from './generation.ts';

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Endpoint {
  webhook: Webhook;
  /** Both are created on first use. */
  target: Target | null;
  sign: Signer | null;
  /** A lower bound of the earliest due time of pending deliveries; Infinity if nothing is pending. */
  nextDue: Millis;
  ready: Claim[];
  reserved: number;
  inFlight: number;
  removed: boolean;
  /** Sending is scheduled for the end of this iteration of the event loop. */
  sending: boolean;
  /** Schedule sending. The same function every time, so that it can be queued in a set. */
  readonly wake: () => void;
}

export interface Endpoints extends Iterable<Endpoint> {
  get(key: WebhookKey): Endpoint | undefined;
  /** Whether the webhook is active and deliveries may be sent now. */
  isOpen(endpoint: Endpoint): boolean;
  /** Number of deliveries that may be claimed or reserved in addition. */
  places(endpoint: Endpoint): number;
  /** Due time of the next attempt of an active webhook; null if nothing is pending. */
  earliestDue(): Millis | null;
  /** Whether any delivery of an open endpoint is reserved or ready. */
  hasUnsent(): boolean;
  /** Whether any delivery is pending, also of paused webhooks. */
  hasPending(): boolean;
  /** Note that a delivery of this webhook is due at `at`. */
  expect(key: WebhookKey, at: Millis): void;
  /** Release unsent claims in the store. @returns false if the store failed; then the claims are kept */
  releaseClaims(endpoint: Endpoint): Promise<boolean>;
  /** Add or replace a webhook. @returns whether it existed */
  put(webhook: Webhook): Promise<boolean>;
  /** Remove a webhook. @throws if the store fails; then nothing has changed. @returns a function that undoes it */
  drop(key: WebhookKey): Promise<() => void>;
  /** Close all endpoints and release unsent claims. */
  stop(): Promise<void>;
}

/** The request target and signer of a webhook, created once. */
export const senderOf = (
  endpoint: Endpoint,
): { readonly target: Target; readonly sign: Signer } => ({
  target: (endpoint.target ??= targetOf(endpoint.webhook.url)),
  sign: (endpoint.sign ??= createSigner(endpoint.webhook.secret)),
});

/**
 * @param send sends what is ready. Called at the end of the iteration of the event loop in which the endpoint was woken:
 * requests that go out together wake the receiver once, and waking it costs more than a request
 */
const createEndpoint = (webhook: Webhook, send: (endpoint: Endpoint) => void): Endpoint => {
  const endpoint: Endpoint = {
    webhook,
    target: null,
    sign: null,
    nextDue: Infinity,
    ready: [],
    reserved: 0,
    inFlight: 0,
    removed: false,
    sending: false,
    wake: () => {
      if (endpoint.sending) return;
      endpoint.sending = true;
      setImmediate(() => {
        endpoint.sending = false;
        send(endpoint);
      });
    },
  };
  return endpoint;
};

const release = async (
  endpoint: Endpoint,
  store: Pick<QueueStore, 'release'>,
): Promise<boolean> => {
  const claims = endpoint.ready;
  if (claims.length === 0) return true;
  endpoint.ready = [];
  try {
    await store.release(claims.map(({ delivery }) => delivery));
  } catch (error) {
    endpoint.ready.unshift(...claims);
    logger.error('Cannot release {count} claims: {error}', { count: claims.length, error });
    return false;
  }
  for (const { dueAt } of claims) endpoint.nextDue = Math.min(endpoint.nextDue, dueAt);
  return true;
};

/** @param send sends what is ready for an open endpoint, as far as places are free */
export const createEndpoints = (
  concurrency: number,
  store: Pick<QueueStore, 'release'>,
  generation: Generation,
  send: (endpoint: Endpoint) => void,
): Endpoints => {
  const endpoints = new Map<WebhookKey, Endpoint>();
  let stopped = false;

  const isOpen = ({ webhook, removed }: Endpoint): boolean =>
    webhook.status === 'active' && !removed && !stopped && generation.state === 'active';
  const sendIfOpen = (endpoint: Endpoint): void => {
    if (isOpen(endpoint)) send(endpoint);
  };
  // The store no longer contains the rows of a discarded generation.
  const releaseClaims = async (endpoint: Endpoint): Promise<boolean> =>
    generation.state === 'discarded' || release(endpoint, store);

  return {
    [Symbol.iterator]: () => endpoints.values(),
    get: (key) => endpoints.get(key),
    isOpen,
    places: ({ inFlight, ready, reserved }) => 2 * concurrency - inFlight - ready.length - reserved,
    earliestDue: () => {
      let earliest = Infinity;
      for (const endpoint of endpoints.values()) {
        if (isOpen(endpoint) && endpoint.nextDue < earliest) earliest = endpoint.nextDue;
      }
      return earliest === Infinity ? null : earliest;
    },
    hasUnsent: () => {
      for (const endpoint of endpoints.values()) {
        if ((endpoint.ready.length > 0 || endpoint.reserved > 0) && isOpen(endpoint)) return true;
      }
      return false;
    },
    hasPending: () => {
      for (const { nextDue, ready, reserved, inFlight, sending } of endpoints.values()) {
        if (nextDue !== Infinity || ready.length + reserved + inFlight > 0 || sending) return true;
      }
      return false;
    },
    expect: (key, at) => {
      const endpoint = endpoints.get(key);
      if (endpoint !== undefined && at < endpoint.nextDue) endpoint.nextDue = at;
    },
    releaseClaims,
    put: async (webhook) => {
      const endpoint = endpoints.get(webhook.key);
      if (endpoint === undefined) {
        endpoints.set(webhook.key, createEndpoint(webhook, sendIfOpen));
        return false;
      }
      Object.assign(endpoint, { webhook, target: null, sign: null });
      if (isOpen(endpoint)) endpoint.wake();
      else await releaseClaims(endpoint);
      return true;
    },
    drop: async (key) => {
      const endpoint = endpoints.get(key);
      if (endpoint === undefined) return () => undefined;
      const putBack = (): void => {
        endpoint.removed = false;
        endpoints.set(key, endpoint);
        endpoint.wake();
      };
      endpoint.removed = true;
      endpoints.delete(key);
      if (await releaseClaims(endpoint)) return putBack;
      putBack();
      throw new Error('cannot release the unsent deliveries of this webhook');
    },
    stop: async () => {
      stopped = true;
      for (const endpoint of endpoints.values()) await releaseClaims(endpoint);
    },
  };
};

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

/** Fill reserved places. @returns the endpoints that have claims to send, and deliveries whose webhook was deleted meanwhile */
export const fillPlaces = (
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
