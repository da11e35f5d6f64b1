/**
 * What a test has in hand: an account of its own on a running sandbox.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { EventType } from '../../schemas/contract.ts';
import type { CreateWebhookRequest, FailedEvent, Webhook } from '../../schemas/control.ts';
import type { WebhookEvent } from '../../schemas/events.ts';
import type {
  AdvanceRequest,
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
import { mount, type Mounted, type Receiver } from './mount.ts';

export interface RegisterOptions {
  /** Default: all events. */
  readonly events?: readonly (EventType | '*')[];
  /** Default: one that is drawn; it is in {@link Registered.secret}. */
  readonly secret?: string;
  /** Path and query on a mounted handler's port. Default `/webhooks/sendemall`. */
  readonly path?: string;
}

/** A webhook of the test's account, and the receiver behind it. */
export interface Registered {
  readonly webhook: Webhook;
  readonly url: string;
  readonly secret: string;
  /** What a mounted handler threw, in order. */
  readonly errors: readonly unknown[];
}

/** What a trigger made: pass it, or one of its deliveries, to the matchers. */
export interface Triggered {
  readonly events: readonly WebhookEvent[];
  readonly deliveries: readonly Delivery[];
}

/** Which sandbox a thing that a test holds came from, so that a matcher can ask there. */
const owners = new WeakMap<object, Sandbox>();

/** @returns null for what no sandbox gave */
export const sandboxOf = (thing: unknown): Sandbox | null =>
  typeof thing === 'object' && thing !== null ? (owners.get(thing) ?? null) : null;

export type TriggerOptions = Omit<TriggerRequest, 'event'>;

export type ScenarioOptions = Omit<StartScenarioRequest, 'scenario'>;

export interface Sandbox extends AsyncDisposable {
  readonly url: string;
  /** Value of `x-user-context`: the account. */
  readonly apiKey: string;
  /** Everything else that both APIs can do. */
  readonly client: Client;
  /** Registers a URL, or mounts a handler or an app on a free port and registers that. */
  register(receiver: Receiver, options?: RegisterOptions): Promise<Registered>;
  /** Makes an event happen; its first attempts are under way when this resolves. */
  trigger(event: EventType, options?: TriggerOptions): Promise<Triggered>;
  /** Starts a campaign that is ready to run; it goes on as the clock does. */
  scenario(name: ScenarioName, options?: ScenarioOptions): Promise<StartedScenario>;
  /** Moves the account's clock on, e.g. by `5m`; resolves when everything that fell due has settled. */
  advance(by: string): Promise<AdvanceResult>;
  /** Runs the clock until no delivery waits any more: each is delivered or a dead letter. */
  untilSettled(): Promise<AdvanceResult>;
  /** Events that were given up and not acknowledged, of one webhook or of all. */
  deadLetters(webhook?: Registered): Promise<readonly FailedEvent[]>;
  /** One delivery with its attempts, settled: the clock is run as far as that takes. */
  settled(delivery: Pick<Delivery, 'id'>): Promise<DeliveryDetail>;
  /** All deliveries of the account, with their attempts, oldest first. */
  deliveries(): Promise<readonly DeliveryDetail[]>;
  /** What mounted handlers threw. */
  readonly errors: readonly unknown[];
}

export const DEFAULT_PATH = '/webhooks/sendemall';

const isDone = ({ status }: Pick<Delivery, 'status'>): boolean =>
  status !== 'pending' && status !== 'in_flight';

/** Real milliseconds that a delivery under way may take to end, beyond which waiting on is a mistake. */
const MAX_WAIT_MS = 60_000;

/** @param client of the account that the sandbox is about */
export const createSandbox = (client: Client, apiKey: string): Sandbox => {
  const mounted: Mounted[] = [];
  const registered: Registered[] = [];
  const advance = (target: AdvanceRequest): Promise<AdvanceResult> => client.clock.advance(target);
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
      // A clock that runs by itself gets there; one that stands is moved.
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
        // A test may have used up the provider's requests of a minute; the sandbox's own are not counted.
        if (!(error instanceof ApiError) || error.status !== 429) throw error;
        await client.reset();
      }
      await Promise.all(mounted.map((one) => one[Symbol.asyncDispose]()));
    },
  };
  owners.set(sandbox, sandbox);
  return sandbox;
};
