/**
 * The webhooks of one account at work, for one generation: what each has in flight, what is ready for it, when more is
 * due.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { Millis, Webhook, WebhookKey } from '../../domain/delivery.ts';
import type { Signer } from '../../signature/sign.ts';
import type { Claim, QueueStore } from '../../storage/store.ts';
import type { Generation } from './generation.ts';
import type { Target } from '../delivery/transport.ts';

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Endpoint {
  webhook: Webhook;
  /** Both are made when something is first sent. */
  target: Target | null;
  sign: Signer | null;
  /** Never later than the due time of the oldest pending delivery; Infinity when none waits. */
  nextDue: Millis;
  /** Claimed, and sent as soon as a place is free: the receiver never waits for the store. */
  ready: Claim[];
  /** Places kept for what is being published. */
  reserved: number;
  /** Sent, and not answered yet. */
  inFlight: number;
  removed: boolean;
  /** What is ready goes out at the end of this turn of the event loop. */
  sending: boolean;
  /** Has what is ready sent soon; one function per endpoint, so that it can wait in a set. */
  readonly wake: () => void;
}

export interface Endpoints extends Iterable<Endpoint> {
  readonly generation: Generation;
  get(key: WebhookKey): Endpoint | undefined;
  /** Whether anything is sent to this webhook now. */
  takes(endpoint: Endpoint): boolean;
  /** How many more a endpoint takes: those in flight, and as many again to be ready for the next free place. */
  places(endpoint: Endpoint): number;
  /** Due time of the next attempt of an active webhook; null when none waits. */
  earliestDue(): Millis | null;
  /** Whether something is about to be sent: claimed and waiting for its turn, or being published. */
  hasUnsent(): boolean;
  /** Something of this webhook is due at `at`. */
  expect(key: WebhookKey, at: Millis): void;
  /** Returns claims that were not sent to the store. @returns false when the store failed: the claims are kept */
  giveBack(endpoint: Endpoint): Promise<boolean>;
  /** @returns whether it was there before */
  put(webhook: Webhook): Promise<boolean>;
  /** Throws when the store fails; then nothing has changed. @returns the function that puts it back */
  drop(key: WebhookKey): Promise<() => void>;
  /** Sends nothing any more. */
  stop(): Promise<void>;
}

export const createEndpoints = (
  concurrency: number,
  store: Pick<QueueStore, 'release'>,
  generation: Generation,
  sendSoon: (endpoint: Endpoint) => void,
): Endpoints => {
  const endpoints = new Map<WebhookKey, Endpoint>();
  let stopped = false;

  const takes = ({ webhook, removed }: Endpoint): boolean =>
    webhook.status === 'active' && !removed && !stopped && generation.state === 'active';

  const giveBack = async (endpoint: Endpoint): Promise<boolean> => {
    const claims = endpoint.ready;
    // What belongs to a discarded generation is not in the store any more.
    if (claims.length === 0 || generation.state === 'discarded') return true;
    endpoint.ready = [];
    try {
      await store.release(claims.map(({ delivery }) => delivery));
    } catch (error) {
      endpoint.ready.unshift(...claims);
      logger.error('Cannot return {count} claims: {error}', { count: claims.length, error });
      return false;
    }
    for (const { dueAt } of claims) endpoint.nextDue = Math.min(endpoint.nextDue, dueAt);
    return true;
  };

  const add = (webhook: Webhook): void => {
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
      wake: () => sendSoon(endpoint),
    };
    endpoints.set(webhook.key, endpoint);
  };

  return {
    [Symbol.iterator]: () => endpoints.values(),
    generation,
    get: (key) => endpoints.get(key),
    takes,
    places: ({ inFlight, ready, reserved }) => 2 * concurrency - inFlight - ready.length - reserved,
    earliestDue: () => {
      let earliest = Infinity;
      for (const endpoint of endpoints.values()) {
        if (takes(endpoint) && endpoint.nextDue < earliest) earliest = endpoint.nextDue;
      }
      return earliest === Infinity ? null : earliest;
    },
    hasUnsent: () => {
      for (const endpoint of endpoints.values()) {
        if ((endpoint.ready.length > 0 || endpoint.reserved > 0) && takes(endpoint)) return true;
      }
      return false;
    },
    expect: (key, at) => {
      const endpoint = endpoints.get(key);
      if (endpoint !== undefined && at < endpoint.nextDue) endpoint.nextDue = at;
    },
    giveBack,
    put: async (webhook) => {
      const endpoint = endpoints.get(webhook.key);
      if (endpoint === undefined) {
        add(webhook);
        return false;
      }
      Object.assign(endpoint, { webhook, target: null, sign: null });
      if (takes(endpoint)) endpoint.wake();
      else await giveBack(endpoint);
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
      if (await giveBack(endpoint)) return putBack;
      putBack();
      throw new Error('the store did not take back what waits for this webhook');
    },
    stop: async () => {
      stopped = true;
      for (const endpoint of endpoints.values()) await giveBack(endpoint);
    },
  };
};
