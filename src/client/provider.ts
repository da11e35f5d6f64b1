/**
 * Client of the provider's API: webhooks and their failed events.
 *
 * @module
 */
import type {
  CreateWebhookRequest,
  DeletedWebhook,
  FailedEvent,
  UpdateWebhookRequest,
  Webhook,
} from '../../schemas/control.ts';
import { path, type CallOptions, type Http } from './http.ts';
import { createPager, type Pager } from './pager.ts';

export interface CreateOptions extends CallOptions {
  /** Sent as `Idempotency-Key`: a repeated call with the same key and body returns the first result. */
  readonly idempotencyKey?: string | undefined;
}

export interface PageOptions extends CallOptions {
  /** Items per page, 1 to 100. */
  readonly limit?: number | undefined;
}

/**
 * Webhooks of the account. Every method rejects with an `ApiError`; those that take an id with `WEBHOOK_NOT_FOUND`.
 *
 * @example
 * ```ts
 * const webhook = await client.webhooks.create({
 *   url: 'http://localhost:3000/hooks',
 *   events: ['email.replied'],
 *   secret: 'whsec_local-secret',
 * });
 * await client.webhooks.update(webhook.id, { status: 'paused' });
 * ```
 */
export interface WebhooksClient {
  /**
   * `POST /v1/webhooks`. Errors: `VALIDATION_FAILED`, `WEBHOOK_LIMIT_REACHED`.
   *
   * @example
   * ```ts
   * const url = 'http://localhost:3000/hooks';
   * const webhook = await client.webhooks.create({ url, events: ['*'], secret: 'whsec_local-secret' });
   * console.log(webhook.status); // active
   * ```
   */
  create(webhook: CreateWebhookRequest, options?: CreateOptions): Promise<Webhook>;
  /**
   * `GET /v1/webhooks`.
   *
   * @example
   * ```ts
   * for (const { id, url } of await client.webhooks.list()) console.log(id, url);
   * ```
   */
  list(options?: CallOptions): Promise<readonly Webhook[]>;
  /**
   * `GET /v1/webhooks/{webhook_id}`.
   *
   * @example
   * ```ts
   * console.log((await client.webhooks.get(webhook.id)).status); // active
   * ```
   */
  get(id: string, options?: CallOptions): Promise<Webhook>;
  /**
   * `PATCH /v1/webhooks/{webhook_id}`. Error: `VALIDATION_FAILED`.
   *
   * @example
   * ```ts
   * await client.webhooks.update(webhook.id, { events: ['email.opened', 'email.replied'] });
   * ```
   */
  update(id: string, changes: UpdateWebhookRequest, options?: CallOptions): Promise<Webhook>;
  /**
   * `DELETE /v1/webhooks/{webhook_id}`. Cancels its pending deliveries.
   *
   * @example
   * ```ts
   * await client.webhooks.delete(webhook.id);
   * ```
   */
  delete(id: string, options?: CallOptions): Promise<DeletedWebhook>;
  /**
   * `POST /v1/webhooks/{webhook_id}/rotate-secret`. All attempts from now on, including retries, are signed with the new
   * secret. Error: `VALIDATION_FAILED`.
   *
   * @example
   * ```ts
   * await client.webhooks.rotateSecret(webhook.id, 'whsec_next-secret');
   * ```
   */
  rotateSecret(id: string, secret: string, options?: CreateOptions): Promise<Webhook>;
}

/**
 * Dead letters: events that a webhook did not accept in any attempt. Methods reject with an `ApiError`:
 * `WEBHOOK_NOT_FOUND`, and with an event id `FAILED_EVENT_NOT_FOUND`.
 *
 * @example
 * ```ts
 * for (const webhook of await client.webhooks.list()) {
 *   for await (const event of client.failedEvents.list(webhook.id)) {
 *     await client.failedEvents.acknowledge(webhook.id, event.id);
 *   }
 * }
 * ```
 */
export interface FailedEventsClient {
  /**
   * `GET /v1/webhooks/{webhook_id}/failed-events`. Unacknowledged ones, oldest first.
   *
   * @example
   * ```ts
   * for await (const { id, event } of client.failedEvents.list(webhook.id)) console.log(id, event);
   * ```
   */
  list(webhookId: string, options?: PageOptions): Pager<FailedEvent>;
  /**
   * `GET /v1/webhooks/{webhook_id}/failed-events/{event_id}`. Also finds acknowledged ones.
   *
   * @example
   * ```ts
   * console.log((await client.failedEvents.get(webhook.id, failedEvent.id)).event); // email.opened
   * ```
   */
  get(webhookId: string, eventId: string, options?: CallOptions): Promise<FailedEvent>;
  /**
   * `POST /v1/webhooks/{webhook_id}/failed-events/{event_id}/acknowledge`.
   *
   * @example
   * ```ts
   * await client.failedEvents.acknowledge(webhook.id, failedEvent.id);
   * ```
   */
  acknowledge(webhookId: string, eventId: string, options?: CallOptions): Promise<FailedEvent>;
}

export const idempotency = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { 'idempotency-key': key };

const WEBHOOKS = '/v1/webhooks';

export const webhooksClient = (http: Http): WebhooksClient => ({
  create: (body, { idempotencyKey, ...options } = {}) =>
    http.call({
      method: 'POST',
      path: WEBHOOKS,
      body,
      headers: idempotency(idempotencyKey),
      ...options,
    }),
  list: (options) => http.call({ method: 'GET', path: WEBHOOKS, ...options }),
  get: (id, options) => http.call({ method: 'GET', path: path`/v1/webhooks/${id}`, ...options }),
  update: (id, body, options) =>
    http.call({ method: 'PATCH', path: path`/v1/webhooks/${id}`, body, ...options }),
  delete: (id, options) =>
    http.call({ method: 'DELETE', path: path`/v1/webhooks/${id}`, ...options }),
  rotateSecret: (id, secret, { idempotencyKey, ...options } = {}) =>
    http.call({
      method: 'POST',
      path: path`/v1/webhooks/${id}/rotate-secret`,
      body: { secret },
      headers: idempotency(idempotencyKey),
      ...options,
    }),
});

export const failedEventsClient = (http: Http): FailedEventsClient => ({
  list: (webhookId, { limit, signal } = {}) =>
    createPager(http, {
      method: 'GET',
      path: path`/v1/webhooks/${webhookId}/failed-events`,
      query: { limit },
      signal,
    }),
  get: (webhookId, eventId, options) =>
    http.call({
      method: 'GET',
      path: path`/v1/webhooks/${webhookId}/failed-events/${eventId}`,
      ...options,
    }),
  acknowledge: (webhookId, eventId, options) =>
    http.call({
      method: 'POST',
      path: path`/v1/webhooks/${webhookId}/failed-events/${eventId}/acknowledge`,
      ...options,
    }),
});
