/**
 * The provider's API: webhooks and the events that they failed to take.
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
  /** Repeating the call with the same key answers the same webhook, once made. */
  readonly idempotencyKey?: string | undefined;
}

export interface PageOptions extends CallOptions {
  /** Items a page, 1 to 100. */
  readonly limit?: number | undefined;
}

export interface WebhooksClient {
  create(webhook: CreateWebhookRequest, options?: CreateOptions): Promise<Webhook>;
  list(options?: CallOptions): Promise<readonly Webhook[]>;
  get(id: string, options?: CallOptions): Promise<Webhook>;
  update(id: string, changes: UpdateWebhookRequest, options?: CallOptions): Promise<Webhook>;
  delete(id: string, options?: CallOptions): Promise<DeletedWebhook>;
  /** The next attempt, of a waiting retry too, is signed with the new secret. */
  rotateSecret(id: string, secret: string, options?: CreateOptions): Promise<Webhook>;
}

export interface FailedEventsClient {
  /** Not acknowledged yet, oldest first. */
  list(webhookId: string, options?: PageOptions): Pager<FailedEvent>;
  /** Acknowledged ones too. */
  get(webhookId: string, eventId: string, options?: CallOptions): Promise<FailedEvent>;
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
