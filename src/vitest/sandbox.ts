/**
 * The sandbox fixture: an account on a running sandbox, with helpers for tests.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { EventType } from '../../schemas/contract.ts';
import type { CreateWebhookRequest, FailedEvent, Webhook } from '../../schemas/control.ts';
import type { WebhookEvent } from '../../schemas/events.ts';
import type {
  AdvanceResult,
  Delivery,
  DeliveryDetail,
  ScenarioName,
  StartedScenario,
  StartScenarioRequest,
  TriggerRequest,
} from '../../schemas/sandbox.ts';
import { ApiError } from '../client/api-error.ts';
import type { Client } from '../client/create-client.ts';
import type { ClockAdvance } from '../client/sandbox.ts';
import type { DurationText } from '../domain/time.ts';
import { mount, type Mounted, type Receiver } from './mount.ts';

export interface RegisterOptions {
  /** Default: all events. */
  readonly events?: readonly (EventType | '*')[];
  /** Default: generated; see {@link Registered.secret}. */
  readonly secret?: string;
  /** Path and query of a mounted handler. Default `/webhooks/sendemall`. */
  readonly path?: string;
}

/** A webhook of the test's account, and the receiver behind it. */
export interface Registered {
  readonly webhook: Webhook;
  readonly url: string;
  readonly secret: string;
  /** Errors that a mounted handler threw, in order. */
  readonly errors: readonly unknown[];
}

/** Result of a trigger. Pass it, or one of its deliveries, to the matchers. */
export interface Triggered {
  readonly events: readonly WebhookEvent[];
  readonly deliveries: readonly Delivery[];
}

/** The sandbox that an object came from, for the matchers. */
const owners = new WeakMap<object, Sandbox>();

/** The sandbox that `thing` came from; null if none. */
export const sandboxOf = (thing: unknown): Sandbox | null =>
  typeof thing === 'object' && thing !== null ? (owners.get(thing) ?? null) : null;

export type TriggerOptions = Omit<TriggerRequest, 'event'>;

export type ScenarioOptions = Omit<StartScenarioRequest, 'scenario'>;

export interface Sandbox extends AsyncDisposable {
  readonly url: string;
  /** Value of `x-user-context`: the account. */
  readonly apiKey: string;
  /** Client for everything else in both APIs. */
  readonly client: Client;
  /** Register a URL, or mount a handler or an app on a free port and register that. */
  register(receiver: Receiver, options?: RegisterOptions): Promise<Registered>;
  /** Trigger an event. Resolves once its first attempts have started. */
  trigger(event: EventType, options?: TriggerOptions): Promise<Triggered>;
  /** Start a built-in campaign scenario. It progresses with the account's clock. */
  scenario(name: ScenarioName, options?: ScenarioOptions): Promise<StartedScenario>;
  /** Advance the account's clock by a duration such as `5m`. Resolves once all attempts that fell due have settled. */
  advance(by: DurationText): Promise<AdvanceResult>;
  /** Advance the clock until every delivery has settled: delivered, or a dead letter. */
  untilSettled(): Promise<AdvanceResult>;
  /** Unacknowledged dead letters of one webhook, or of all. */
  deadLetters(webhook?: Registered): Promise<readonly FailedEvent[]>;
  /** A delivery with its attempts, once settled. Advances the clock as needed. */
  settled(delivery: Pick<Delivery, 'id'>): Promise<DeliveryDetail>;
  /** All deliveries of the account, with their attempts, oldest first. */
  deliveries(): Promise<readonly DeliveryDetail[]>;
  /** Errors that mounted handlers threw. */
  readonly errors: readonly unknown[];
}

export const DEFAULT_PATH = '/webhooks/sendemall';

const isDone = ({ status }: Pick<Delivery, 'status'>): boolean =>
  status !== 'pending' && status !== 'in_flight';

/** Maximum real time to wait for a delivery in flight. */
const MAX_WAIT_MS = 60_000;

/**
 * Create the fixture for an account.
 *
 * @param client client of the account
 * @param apiKey key of the account
 */
export const createSandbox = (client: Client, apiKey: string): Sandbox => {
  const mounted: Mounted[] = [];
  const registered: Registered[] = [];
  const advance = (target: ClockAdvance): Promise<AdvanceResult> => client.clock.advance(target);
  const collect = async <T>(pages: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = [];
    for await (const one of pages) all.push(one);
    return all;
  };

  const sandbox: Sandbox = {
    url: client.baseUrl,
    apiKey,
    client,
    get errors() {
      return mounted.flatMap(({ errors }) => errors);
    },
    register: async (receiver, { events = ['*'] as const, secret, path = DEFAULT_PATH } = {}) => {
      const place = await mount(receiver);
      mounted.push(place);
      const url = typeof receiver === 'string' ? receiver : `${place.url}${path}`;
      const key = secret ?? `whsec_${randomBytes(24).toString('hex')}`;
      const subscriptions = [...events] as CreateWebhookRequest['events'];
      const webhook = await client.webhooks.create({ url, events: subscriptions, secret: key });
      const made = { webhook, url, secret: key, errors: place.errors };
      registered.push(made);
      owners.set(made, sandbox);
      return made;
    },
    trigger: async (event, options = {}) => {
      const { events, deliveries } = await client.events.trigger({ event, ...options });
      const triggered = { events, deliveries };
      for (const thing of [triggered, ...deliveries]) owners.set(thing, sandbox);
      return triggered;
    },
    scenario: (scenario, { leads } = {}) =>
      client.scenarios.start({ scenario, ...(leads === undefined ? {} : { leads }) }),
    advance: (by) => advance({ by }),
    untilSettled: () => advance({ until: 'settled' }),
    deadLetters: async (webhook) => {
      const of = webhook === undefined ? registered : [webhook];
      const lists = of.map(({ webhook: { id } }) => collect(client.failedEvents.list(id)));
      return (await Promise.all(lists)).flat();
    },
    settled: async ({ id }) => {
      const now = await client.deliveries.get(id);
      if (isDone(now)) return now;
      const { mode } = await client.clock.get();
      // In mode skip the clock gets there on its own; otherwise advance it.
      if (mode !== 'skip') await advance({ until: 'settled' });
      const waited = await client.deliveries.wait(id, { timeoutMs: MAX_WAIT_MS });
      return waited.delivery;
    },
    deliveries: async () => {
      const all = await collect(client.deliveries.list());
      const details = all.map(({ id }) => client.deliveries.get(id));
      return (await Promise.all(details)).toReversed();
    },
    [Symbol.asyncDispose]: async () => {
      try {
        for (const { id } of await client.webhooks.list()) await client.webhooks.delete(id);
      } catch (error) {
        // The test may have used up the provider's rate limit; the sandbox API has none.
        if (!(error instanceof ApiError) || error.status !== 429) throw error;
        await client.reset();
      }
      await Promise.all(mounted.map((one) => one[Symbol.asyncDispose]()));
    },
  };
  owners.set(sandbox, sandbox);
  return sandbox;
};
