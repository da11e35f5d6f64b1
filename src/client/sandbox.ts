/**
 * The sandbox's own API: what only a mock has.
 *
 * @module
 */
import type { WebhookEvent } from '../../schemas/events.ts';
import type {
  AdvanceRequest,
  AdvanceResult,
  Clock,
  Delivery,
  DeliveryDetail,
  RedeliverRequest,
  SandboxEventDetail,
  SetClockRequest,
  TriggerRequest,
  TriggerResult,
  WaitResult,
} from '../../schemas/sandbox.ts';
import { path, type CallOptions, type Http } from './http.ts';
import { createPager, type Pager } from './pager.ts';
import type { PageOptions } from './provider.ts';

export interface EventsClient {
  trigger(event: TriggerRequest, options?: CallOptions): Promise<TriggerResult>;
  /** Newest first. */
  list(filter?: { readonly event?: string | undefined } & PageOptions): Pager<WebhookEvent>;
  get(id: string, options?: CallOptions): Promise<SandboxEventDetail>;
}

export interface DeliveryFilter extends PageOptions {
  readonly status?: Delivery['status'] | undefined;
  readonly event?: string | undefined;
  readonly webhook_id?: string | undefined;
  readonly event_id?: string | undefined;
}

export interface WaitOptions extends CallOptions {
  /** Default `settled`: delivered, dead, acknowledged or cancelled. */
  readonly until?: 'settled' | 'delivered' | 'dead' | undefined;
  /** Real milliseconds; default 30,000. `Infinity` waits as long as it takes. */
  readonly timeoutMs?: number | undefined;
}

export interface DeliveriesClient {
  /** Newest first. */
  list(filter?: DeliveryFilter): Pager<Delivery>;
  get(id: string, options?: CallOptions): Promise<DeliveryDetail>;
  /** Answers as soon as the delivery is there; `reached` is false when the time was over first. */
  wait(id: string, options?: WaitOptions): Promise<WaitResult>;
  /** A new delivery of the same bytes, or of others, or with a wrong signature. */
  redeliver(id: string, how?: RedeliverRequest, options?: CallOptions): Promise<Delivery>;
}

export interface ClockClient {
  get(options?: CallOptions): Promise<Clock>;
  set(setting: SetClockRequest, options?: CallOptions): Promise<Clock>;
  /** Answers when everything that fell due has settled. */
  advance(target: AdvanceRequest, options?: CallOptions): Promise<AdvanceResult>;
}

/** One poll of `wait`: short enough for every proxy and time-out on the way. */
const POLL_MS = 60_000;

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
    for (let left = timeoutMs; ; left -= POLL_MS) {
      const poll = Math.min(left, POLL_MS);
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
});

export const clockClient = (http: Http): ClockClient => ({
  get: (options) => http.call({ method: 'GET', path: '/_sandbox/clock', ...options }),
  set: (body, options) => http.call({ method: 'PUT', path: '/_sandbox/clock', body, ...options }),
  advance: (body, options) =>
    http.call({ method: 'POST', path: '/_sandbox/clock/advance', body, ...options }),
});
