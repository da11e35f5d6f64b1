// Bootstrap stand-in with the shape that `npm run gen` writes; the generator replaces it.
export const EVENT_TYPES = [
  'email.sent',
  'email.delivered',
  'email.opened',
  'email.clicked',
  'email.replied',
  'email.bounced',
  'email.unsubscribed',
  'campaign.completed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];
export const CONTENT_TYPE = 'application/json';
export const SIGNATURE = {
  header: 'X-SendEmAll-Signature',
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: 'sha256=',
  signedContent: 'body',
} as const;
export const DELIVERY_POLICY = {
  timeoutMs: 10_000,
  retryDelaysMs: [30_000, 300_000, 1_800_000],
  successFrom: 200,
  successTo: 299,
} as const;
export const LIMITS = {
  maxBodyBytes: 1_048_576,
  maxWebhooksPerAccount: 100,
} as const;
