/**
 * Validation of webhooks and events from requests and snapshots. Patterns and sizes come from the spec; this adds what a
 * schema cannot express.
 *
 * @module
 */
import { EVENT_TYPES, LIMITS } from '../../schemas/contract.ts';
import { Secret, Subscriptions, WebhookId, WebhookUrl } from '../../schemas/control.ts';
import { EventId } from '../../schemas/events.ts';

export const isWebhookUrl = (value: unknown): boolean =>
  WebhookUrl.safeParse(value).success && URL.canParse(String(value));

/** @param value the parsed list */
export const isSubscriptions = (value: unknown): boolean => Subscriptions.safeParse(value).success;

export const isSecret = (value: unknown): boolean => Secret.safeParse(value).success;

export const isWebhookId = (value: unknown): boolean => WebhookId.safeParse(value).success;

export const isEventId = (value: unknown): boolean => EventId.safeParse(value).success;

export const isEventType = (value: unknown): boolean =>
  (EVENT_TYPES as readonly unknown[]).includes(value);

/** Maximum number of rows per account. */
export const MAX_ROWS = {
  webhooks: LIMITS.maxWebhooksPerAccount,
  /** Of a snapshot: deleted webhooks stay as long as their deliveries. */
  webhooksEver: 1_000_000,
  answers: LIMITS.maxIdempotencyKeysPerAccount,
} as const;
