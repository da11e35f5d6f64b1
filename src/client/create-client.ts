/**
 * A typed client of both APIs, over the network or in this process.
 *
 * @module
 */
import { DEFAULT_SANDBOX_URL } from '../domain/defaults.ts';
import { withoutTrailingSlashes } from '../domain/trailing-slashes.ts';
import type { AccountEvent, Snapshot } from '../../schemas/sandbox.ts';
import { unexpected, unreachable } from './api-error.ts';
import {
  campaignsClient,
  scenariosClient,
  type CampaignsClient,
  type ScenariosClient,
} from './campaigns.ts';
import { faultsClient, type FaultsClient } from './faults.ts';
import { createHttp, type CallOptions, type Fetch, type JsonText } from './http.ts';
import {
  failedEventsClient,
  webhooksClient,
  type FailedEventsClient,
  type WebhooksClient,
} from './provider.ts';
import {
  clockClient,
  deliveriesClient,
  eventsClient,
  type ClockClient,
  type DeliveriesClient,
  type EventsClient,
} from './sandbox.ts';
import { readServerSentEvents } from './server-sent-events.ts';
import { dataIn, IncompleteEnvelope } from './snapshot-text.ts';
import { sinksClient, type SinksClient } from './sinks.ts';
import { verificationsClient, type VerificationsClient } from './verifications.ts';

export interface ClientOptions {
  /** Default: `http://127.0.0.1:7363`, where `sendemall-mock serve` listens. */
  readonly baseUrl?: string;
  /** API key, which selects the account. */
  readonly apiKey: string;
  /** Default: the global `fetch`. Pass a mock's `app.fetch` for calls without a socket. */
  readonly fetch?: Fetch;
}

export interface Client {
  readonly baseUrl: string;
  readonly webhooks: WebhooksClient;
  readonly failedEvents: FailedEventsClient;
  readonly campaigns: CampaignsClient;
  readonly scenarios: ScenariosClient;
  readonly faults: FaultsClient;
  readonly events: EventsClient;
  readonly deliveries: DeliveriesClient;
  readonly clock: ClockClient;
  /** Stubs for the services that a receiver calls. */
  readonly sinks: SinksClient;
  /** Runs of the conformance suite inside the sandbox. */
  readonly verifications: VerificationsClient;
  /**
   * `GET /_sandbox/stream`. All events of the account from the time that this resolves. Leaving the loop or aborting the
   * signal ends the stream.
   *
   * @example
   * ```ts
   * const changes = await client.stream();
   * await client.events.trigger({ event: 'email.opened' });
   * for await (const { type } of changes) if (type === 'event.published') break;
   * ```
   */
  stream(options?: CallOptions): Promise<AsyncIterable<AccountEvent>>;
  /**
   * `POST /_sandbox/reset`. Deletes everything in the account.
   *
   * @example
   * ```ts
   * await client.reset();
   * console.log(await client.webhooks.list()); // []
   * ```
   */
  reset(options?: CallOptions): Promise<void>;
  /**
   * `GET /_sandbox/snapshot`. Everything in the account, including the webhooks' secrets.
   *
   * @example
   * ```ts
   * const file = JSON.stringify(await client.snapshot());
   * console.log(file.length);
   * ```
   */
  snapshot(options?: CallOptions): Promise<Snapshot>;
  /**
   * `GET /_sandbox/snapshot`. As `snapshot`, as JSON in UTF-8, part by part: a large one does not fit into memory. The
   * account waits while it is read.
   *
   * @example
   * ```ts
   * let bytes = 0;
   * for await (const part of await client.snapshotText()) bytes += part.length;
   * console.log(bytes);
   * ```
   */
  snapshotText(options?: CallOptions): Promise<AsyncIterable<Uint8Array>>;
  /**
   * `PUT /_sandbox/snapshot`. Replaces everything in the account. A large snapshot can be passed as JSON in UTF-8: a stream,
   * or a file as a `Blob`. Error: `VALIDATION_FAILED` for an invalid snapshot.
   *
   * @example
   * ```ts
   * const before = await client.snapshot();
   * await client.webhooks.delete(webhook.id);
   * await client.restore(before);
   * ```
   */
  restore(snapshot: Snapshot | JsonText, options?: CallOptions): Promise<void>;
}

async function* eventsOf(response: Response): AsyncGenerator<AccountEvent> {
  if (response.body === null) return;
  for await (const { data } of readServerSentEvents(response.body)) {
    yield JSON.parse(data) as AccountEvent;
  }
}

async function* textOf(
  baseUrl: string,
  response: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { body, status, headers } = response;
  try {
    if (body !== null) yield* dataIn(body);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof IncompleteEnvelope)) throw unreachable(baseUrl, error);
    throw unexpected(baseUrl, status, headers.get('content-type'));
  }
}

/**
 * Create a client for one account. All methods reject with an `ApiError` if the API returns an error or does not respond.
 *
 * @example
 * ```ts
 * const client = createClient({ baseUrl: mock.url, apiKey: 'your-api-key' });
 * await client.webhooks.create({ url: 'http://localhost:3000/hooks', events: ['*'], secret: 'whsec_local-secret' });
 * const { deliveries } = await client.events.trigger({ event: 'email.replied' });
 * await client.clock.advance({ until: 'settled' });
 * console.log((await client.deliveries.get(deliveries[0]!.id)).status); // dead: nothing listens on port 3000
 * ```
 */
export const createClient = (options: ClientOptions): Client => {
  const baseUrl = withoutTrailingSlashes(options.baseUrl ?? DEFAULT_SANDBOX_URL);
  const http = createHttp({
    baseUrl,
    apiKey: options.apiKey,
    fetch: options.fetch ?? ((request) => fetch(request)),
  });
  return {
    baseUrl,
    webhooks: webhooksClient(http),
    failedEvents: failedEventsClient(http),
    campaigns: campaignsClient(http),
    scenarios: scenariosClient(http),
    faults: faultsClient(http),
    events: eventsClient(http),
    deliveries: deliveriesClient(http),
    clock: clockClient(http),
    sinks: sinksClient(http),
    verifications: verificationsClient(http),
    stream: async (call) =>
      eventsOf(
        await http.open({
          method: 'GET',
          path: '/_sandbox/stream',
          headers: { accept: 'text/event-stream' },
          ...call,
        }),
      ),
    reset: async (call) => {
      await http.call({ method: 'POST', path: '/_sandbox/reset', ...call });
    },
    snapshot: (call) => http.call({ method: 'GET', path: '/_sandbox/snapshot', ...call }),
    snapshotText: async (call) => {
      const response = await http.open({ method: 'GET', path: '/_sandbox/snapshot', ...call });
      return textOf(baseUrl, response, call?.signal);
    },
    restore: async (body, call) => {
      await http.call({ method: 'PUT', path: '/_sandbox/snapshot', body, ...call });
    },
  };
};
