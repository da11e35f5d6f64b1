/**
 * Client of the sandbox's own API: events, deliveries and the clock.
 *
 * @module
 */
import type { WebhookEvent } from '../../schemas/events.ts';
import type {
  AdvanceBy,
  AdvanceRequest,
  AdvanceResult,
  Clock,
  Delivery,
  DeliveryDetail,
  ExplainSignatureRequest,
  ListedDelivery,
  RedeliverRequest,
  SandboxEventDetail,
  SetClockRequest,
  SignatureExplanation,
  TriggerRequest,
  TriggerResult,
  WaitResult,
} from '../../schemas/sandbox.ts';
import type { DurationText } from '../domain/time.ts';
import { path, type CallOptions, type Http } from './http.ts';
import { createPager, type Pager } from './pager.ts';
import type { PageOptions } from './provider.ts';

/**
 * Events of the account. Methods reject with an `ApiError`.
 *
 * @example
 * ```ts
 * const { events } = await client.events.trigger({
 *   event: 'email.bounced',
 *   data: { bounce_type: 'hard' },
 * });
 * console.log(await client.events.get(events[0]!.id));
 * ```
 */
export interface EventsClient {
  /**
   * `POST /_sandbox/events`. Resolves once the events are stored, without waiting for attempts. Missing data is
   * generated. Errors: `VALIDATION_FAILED`, `EVENT_EXISTS`, `WEBHOOK_NOT_FOUND`, `WEBHOOK_PAUSED`.
   *
   * @example
   * ```ts
   * const { events } = await client.events.trigger({ event: 'email.opened', count: 3 });
   * console.log(events.length); // 3
   * ```
   */
  trigger(event: TriggerRequest, options?: CallOptions): Promise<TriggerResult>;
  /**
   * `GET /_sandbox/events`. Newest first.
   *
   * @example
   * ```ts
   * for await (const { id } of client.events.list({ event: 'email.opened' })) console.log(id);
   * ```
   */
  list(filter?: { readonly event?: string | undefined } & PageOptions): Pager<WebhookEvent>;
  /**
   * `GET /_sandbox/events/{event_id}`. Error: `EVENT_NOT_FOUND`.
   *
   * @example
   * ```ts
   * const { deliveries } = await client.events.get(event.id);
   * console.log(deliveries.map(({ status }) => status));
   * ```
   */
  get(id: string, options?: CallOptions): Promise<SandboxEventDetail>;
}

export interface DeliveryFilter extends PageOptions {
  /** Terms that must all match, e.g. `lead:sarah@ attempts>2`: the language of the inspector's filter. */
  readonly filter?: string | undefined;
  readonly status?: Delivery['status'] | undefined;
  readonly event?: string | undefined;
  readonly webhook_id?: string | undefined;
  readonly event_id?: string | undefined;
}

export interface WaitOptions extends CallOptions {
  /** Default: `settled`, i.e. delivered, dead, acknowledged or cancelled. */
  readonly until?: 'settled' | 'delivered' | 'dead' | undefined;
  /** Real milliseconds. Default: 30,000. `Infinity` waits without limit. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Deliveries of the account, with their attempts. Methods reject with an `ApiError`; those that take an id with
 * `DELIVERY_NOT_FOUND`.
 *
 * @example
 * ```ts
 * await client.webhooks.create({ url: 'http://localhost:3000/hooks', events: ['*'], secret: 'whsec_local-secret' });
 * const { deliveries } = await client.events.trigger({ event: 'email.opened' });
 * const { reached, delivery } = await client.deliveries.wait(deliveries[0]!.id, { timeoutMs: 100 });
 * console.log(reached, delivery.attempts.map(({ outcome }) => outcome));
 * ```
 */
export interface DeliveriesClient {
  /**
   * `GET /_sandbox/deliveries`. Newest first. With `filter`, a page may have no items although there is a next one:
   * iterate, or go on until `nextCursor` is null. Error: `VALIDATION_FAILED` for an invalid filter.
   *
   * @example
   * ```ts
   * for await (const { id } of client.deliveries.list({ status: 'dead' })) console.log(id);
   * for await (const { lead_email } of client.deliveries.list({ filter: 'lead:acme attempts>1' })) console.log(lead_email);
   * ```
   */
  list(filter?: DeliveryFilter): Pager<ListedDelivery>;
  /**
   * `GET /_sandbox/deliveries/{delivery_id}`.
   *
   * @example
   * ```ts
   * const { attempts } = await client.deliveries.get(delivery.id);
   * console.log(attempts.map(({ outcome }) => outcome));
   * ```
   */
  get(id: string, options?: CallOptions): Promise<DeliveryDetail>;
  /**
   * `GET /_sandbox/deliveries/{delivery_id}/wait`. Resolves when the delivery has reached the state, or with
   * `reached: false` when the time is up or the delivery has settled in another state.
   *
   * @example
   * ```ts
   * const { reached } = await client.deliveries.wait(delivery.id, { until: 'delivered', timeoutMs: 5000 });
   * if (!reached) console.log('not delivered');
   * ```
   */
  wait(id: string, options?: WaitOptions): Promise<WaitResult>;
  /**
   * `POST /_sandbox/deliveries/{delivery_id}/redeliver`. Creates a new delivery of the same bytes, or with another body or
   * a wrong signature. Error: `WEBHOOK_DELETED`.
   *
   * @example
   * ```ts
   * const { id } = await client.deliveries.redeliver(delivery.id, { signature: 'wrong' });
   * await client.deliveries.wait(id, { timeoutMs: 100 });
   * ```
   */
  redeliver(id: string, how?: RedeliverRequest, options?: CallOptions): Promise<Delivery>;
  /**
   * `POST /_sandbox/deliveries/{delivery_id}/explain-signature`. Explains what your code computed or, by default, what the
   * latest attempt sent. Errors: `WEBHOOK_NOT_FOUND` if the webhook was deleted, `VALIDATION_FAILED`.
   *
   * @example
   * ```ts
   * const { matches } = await client.deliveries.explainSignature(delivery.id, { signature: 'sha256=00' });
   * console.log(matches); // false
   * ```
   */
  explainSignature(
    id: string,
    what?: ExplainSignatureRequest,
    options?: CallOptions,
  ): Promise<SignatureExplanation>;
}

/** An {@link AdvanceRequest}. `by` is a duration as text, or in milliseconds. */
export type ClockAdvance =
  | { readonly by: DurationText | number }
  | Exclude<AdvanceRequest, AdvanceBy>;

/**
 * The account's clock. Methods reject with an `ApiError`.
 *
 * @example
 * ```ts
 * await client.clock.set({ mode: 'frozen' });
 * const { attempts } = await client.clock.advance({ by: '5m30s' });
 * console.log(attempts);
 * ```
 */
export interface ClockClient {
  /**
   * `GET /_sandbox/clock`.
   *
   * @example
   * ```ts
   * const { mode, now } = await client.clock.get();
   * console.log(mode, now);
   * ```
   */
  get(options?: CallOptions): Promise<Clock>;
  /**
   * `PUT /_sandbox/clock`. Errors: `VALIDATION_FAILED`, `BUSY`.
   *
   * @example
   * ```ts
   * console.log((await client.clock.set({ mode: 'scaled', rate: 60 })).rate); // 60
   * ```
   */
  set(setting: SetClockRequest, options?: CallOptions): Promise<Clock>;
  /**
   * `POST /_sandbox/clock/advance`. Resolves when everything that fell due has settled. Errors: `VALIDATION_FAILED` for a
   * time in the past, `BUSY`.
   *
   * @example
   * ```ts
   * await client.clock.advance({ by: '30m' });
   * await client.clock.advance({ until: 'settled' });
   * ```
   */
  advance(target: ClockAdvance, options?: CallOptions): Promise<AdvanceResult>;
}

/** Duration of one poll of `wait`, short enough for the timeouts of proxies. Real milliseconds. */
const MAX_POLL_MS = 60_000;

export const eventsClient = (http: Http): EventsClient => ({
  trigger: (body, options) =>
    http.call({ method: 'POST', path: '/_sandbox/events', body, ...options }),
  list: ({ signal, ...query } = {}) =>
    createPager(http, { method: 'GET', path: '/_sandbox/events', query, signal }),
  get: (id, options) =>
    http.call({ method: 'GET', path: path`/_sandbox/events/${id}`, ...options }),
});

export const deliveriesClient = (http: Http): DeliveriesClient => ({
  list: ({ signal, ...query } = {}) =>
    createPager(http, { method: 'GET', path: '/_sandbox/deliveries', query, signal }),
  get: (id, options) =>
    http.call({ method: 'GET', path: path`/_sandbox/deliveries/${id}`, ...options }),
  wait: async (id, { until = 'settled', timeoutMs = 30_000, signal } = {}) => {
    for (let left = timeoutMs; ; left -= MAX_POLL_MS) {
      const poll = Math.min(left, MAX_POLL_MS);
      const result = await http.call<WaitResult>({
        method: 'GET',
        path: path`/_sandbox/deliveries/${id}/wait`,
        query: { until, timeout_ms: poll },
        signal,
      });
      if (result.reached || poll === left) return result;
    }
  },
  redeliver: (id, body = {}, options) =>
    http.call({
      method: 'POST',
      path: path`/_sandbox/deliveries/${id}/redeliver`,
      body,
      ...options,
    }),
  explainSignature: (id, body = {}, options) =>
    http.call({
      method: 'POST',
      path: path`/_sandbox/deliveries/${id}/explain-signature`,
      body,
      ...options,
    }),
});

export const clockClient = (http: Http): ClockClient => ({
  get: (options) => http.call({ method: 'GET', path: '/_sandbox/clock', ...options }),
  set: (body, options) => http.call({ method: 'PUT', path: '/_sandbox/clock', body, ...options }),
  advance: (body, options) =>
    http.call({ method: 'POST', path: '/_sandbox/clock/advance', body, ...options }),
});
