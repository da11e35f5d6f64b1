/**
 * Every error that the provider's API or the sandbox's can answer with: one constructor each, one class, one place.
 * `server/envelope.ts` is the only place that serialises them.
 *
 * @module
 */
import type { StoreFailureReason } from './store-failure.ts';

/** An expected failure, with the words that its reader needs. The message never holds a key or a secret. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: string;
  readonly status: number;
  /** Extra response headers, such as `Allow`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds to wait; null for what waiting does not mend. */
  readonly retryAfter: number | null;

  constructor(
    code: string,
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    retryAfter: number | null = null,
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = headers;
    this.retryAfter = retryAfter;
  }
}

export const webhookNotFound = (id: string): Problem =>
  new Problem(
    'WEBHOOK_NOT_FOUND',
    404,
    `This account has no webhook "${id}". GET /v1/webhooks lists those it has; another x-user-context is another account.`,
  );

export const failedEventNotFound = (webhookId: string, eventId: string): Problem =>
  new Problem(
    'FAILED_EVENT_NOT_FOUND',
    404,
    `Webhook "${webhookId}" has no failed event "${eventId}". GET /v1/webhooks/${webhookId}/failed-events lists those it has.`,
  );

export const faultNotFound = (id: string): Problem =>
  new Problem(
    'FAULT_NOT_FOUND',
    404,
    `This account has no fault "${id}". GET /_sandbox/faults lists those it has.`,
  );

export const faultLimitReached = (limit: number): Problem =>
  new Problem(
    'FAULT_LIMIT_REACHED',
    409,
    `This account already has ${limit} faults, the most it may have. DELETE /_sandbox/faults removes them.`,
  );

export const faultNeverMatches = (message: string): Problem =>
  new Problem('FAULT_NEVER_MATCHES', 409, message);

export const campaignNotFound = (id: string): Problem =>
  new Problem(
    'CAMPAIGN_NOT_FOUND',
    404,
    `This account has no campaign "${id}". GET /v1/campaigns lists those it has; another x-user-context is another account.`,
  );

export const leadNotFound = (campaign: string, id: string): Problem =>
  new Problem(
    'LEAD_NOT_FOUND',
    404,
    `Campaign "${campaign}" has no lead "${id}". GET /v1/campaigns/${campaign}/leads lists those it has.`,
  );

export const campaignLimitReached = (limit: number): Problem =>
  new Problem(
    'CAMPAIGN_LIMIT_REACHED',
    409,
    `This account already has ${limit} campaigns, the most it may have. Delete one first, or use another x-user-context.`,
  );

export const leadLimitReached = (limit: number): Problem =>
  new Problem(
    'LEAD_LIMIT_REACHED',
    409,
    `With these leads the account would have more than ${limit}, the most it may have. Delete a campaign first, or use another x-user-context.`,
  );

export const campaignEmpty = (id: string): Problem =>
  new Problem(
    'CAMPAIGN_EMPTY',
    409,
    `Campaign "${id}" has no leads, so there is nobody to send to. POST /v1/campaigns/${id}/leads first.`,
  );

/** @param consequence what cannot be done any more, and the remedy; without a full stop */
export const campaignStarted = (id: string, status: string, consequence: string): Problem =>
  new Problem(
    'CAMPAIGN_STARTED',
    409,
    `Campaign "${id}" is ${status}, no draft any more: ${consequence}.`,
  );

export const campaignNotActive = (id: string, status: string): Problem =>
  new Problem(
    'CAMPAIGN_NOT_ACTIVE',
    409,
    `Campaign "${id}" is ${status}, so there is nothing to pause. ${
      status === 'paused'
        ? `POST /v1/campaigns/${id}/resume goes on with it.`
        : 'Only an active campaign can be paused.'
    }`,
  );

export const campaignNotPaused = (id: string, status: string): Problem =>
  new Problem(
    'CAMPAIGN_NOT_PAUSED',
    409,
    `Campaign "${id}" is ${status}, so there is nothing to resume. ${
      status === 'draft'
        ? `POST /v1/campaigns/${id}/activate starts it.`
        : 'Only a paused campaign can be resumed.'
    }`,
  );

export const campaignCompleted = (id: string): Problem =>
  new Problem(
    'CAMPAIGN_COMPLETED',
    409,
    `Campaign "${id}" is completed, so it takes no more leads. Create another campaign for them.`,
  );

/** @param reason what is kept and does not fit, without a full stop */
export const campaignsUnreadable = (reason: string): Problem =>
  new Problem(
    'CAMPAIGNS_UNREADABLE',
    503,
    `The campaigns of this account cannot be read: ${reason.replace(/\.$/u, '')}. Its webhooks and deliveries work. POST /_sandbox/reset empties the account, PUT /_sandbox/snapshot replaces it; report this with the log.`,
  );

/** @param what was counted, e.g. `requests` */
export const rateLimitExceeded = (limit: number, what: string, seconds: number): Problem =>
  new Problem(
    'RATE_LIMIT_EXCEEDED',
    429,
    `This key made ${limit} ${what} in the last minute, the most it may make. Come back in ${seconds} s, or start the sandbox with --no-rate-limit.`,
    { 'Retry-After': String(seconds) },
    seconds,
  );

export const deliveryNotFound = (id: string): Problem =>
  new Problem(
    'DELIVERY_NOT_FOUND',
    404,
    `This account has no delivery "${id}". GET /_sandbox/deliveries lists those it has.`,
  );

export const eventNotFound = (id: string): Problem =>
  new Problem(
    'EVENT_NOT_FOUND',
    404,
    `This account has no event "${id}". GET /_sandbox/events lists those it has.`,
  );

export const eventExists = (id: string): Problem =>
  new Problem(
    'EVENT_EXISTS',
    409,
    `This account already has an event "${id}". Leave "id" out to get a fresh one, or repeat the same bytes with POST /_sandbox/deliveries/{id}/redeliver.`,
  );

export const webhookLimitReached = (limit: number): Problem =>
  new Problem(
    'WEBHOOK_LIMIT_REACHED',
    409,
    `This account already has ${limit} webhooks, the most it may have. Delete one first, or use another x-user-context.`,
  );

export const validationFailed = (message: string): Problem =>
  new Problem('VALIDATION_FAILED', 422, message);

export const tooManyDeliveries = (events: number, webhooks: number, limit: number): Problem =>
  validationFailed(
    `"count" is ${events}, and ${webhooks} webhooks take the event: that is ${events * webhooks} deliveries, at most ${limit} are made by one request. Lower "count", or name one webhook with "webhook_id".`,
  );

export const webhookPaused = (id: string): Problem =>
  new Problem(
    'WEBHOOK_PAUSED',
    409,
    `Webhook "${id}" is paused, so nothing is delivered to it. PATCH /v1/webhooks/${id} with {"status": "active"} first.`,
  );

export const unauthorized = (message: string): Problem => new Problem('UNAUTHORIZED', 401, message);

export const tooManyAccounts = (limit: number): Problem =>
  new Problem(
    'ACCOUNT_LIMIT_REACHED',
    503,
    `This sandbox already holds ${limit} accounts, the most that it takes. Reuse a key, or restart it.`,
  );

export const busy = (message: string): Problem => new Problem('BUSY', 503, message);

export const webhookGone = (id: string): Problem =>
  new Problem(
    'WEBHOOK_DELETED',
    409,
    `Webhook "${id}" has been deleted, so there is nowhere to deliver to. Register it again, and trigger the event with its id.`,
  );

export const malformedJson = (
  line: number,
  column: number,
  offset: number,
  what: string,
): Problem =>
  new Problem(
    'MALFORMED_JSON',
    400,
    `The body is not JSON: ${what} at line ${line}, column ${column} (offset ${offset}). Mend it there.`,
  );

export const malformedBody = (message: string): Problem =>
  new Problem('MALFORMED_JSON', 400, message);

export const unsupportedMediaType = (given: string | undefined): Problem =>
  new Problem(
    'UNSUPPORTED_MEDIA_TYPE',
    415,
    `Content-Type is ${given === undefined ? 'missing' : JSON.stringify(given)}. Send the body as application/json.`,
  );

export const payloadTooLarge = (limit: number): Problem =>
  new Problem(
    'PAYLOAD_TOO_LARGE',
    413,
    `The body is over ${limit} bytes, the most that is taken. Send less.`,
  );

export const snapshotTooLarge = (limit: number): Problem =>
  new Problem(
    'PAYLOAD_TOO_LARGE',
    413,
    `This account holds more than ${limit} bytes, the most that a snapshot may have. POST /_sandbox/reset empties it; copy the database (--db) of a stopped sandbox to keep all of it.`,
  );

export const routeNotFound = (method: string, path: string): Problem =>
  new Problem(
    'NOT_FOUND',
    404,
    `There is no ${method} ${path}. The provider's API is under /v1, the sandbox's own under /_sandbox; \`sendemall-mock spec openapi\` and \`spec sandbox\` list them.`,
  );

export const methodNotAllowed = (method: string, path: string, allow: string): Problem =>
  new Problem('METHOD_NOT_ALLOWED', 405, `${path} does not take ${method}. Use ${allow}.`, {
    Allow: allow,
  });

export const idempotencyKeyReused = (key: string): Problem =>
  new Problem(
    'IDEMPOTENCY_KEY_REUSED',
    409,
    `Idempotency-Key ${JSON.stringify(key)} was used for another request already. Use a fresh key for each new request.`,
  );

/** What may stand in a command that is pasted. */
const PLAIN_NAME = /^[\w.:-]{1,253}$/;

export const foreignHost = (host: string): Problem => {
  const name = PLAIN_NAME.test(host) ? host : 'NAME';
  return new Problem(
    'FOREIGN_HOST',
    403,
    `Host is ${JSON.stringify(host.slice(0, 253))}, which is not a name of this sandbox. Use localhost, or start it with --allowed-host ${name}.`,
  );
};

/** @param header the header that gives the other site away */
export const foreignOrigin = (header: string, value: string): Problem =>
  new Problem(
    'FOREIGN_ORIGIN',
    403,
    `${header} is ${JSON.stringify(value.slice(0, 253))}: pages of other sites may not use this sandbox. Call it from your program or the command line.`,
  );

export const badRequest = (): Problem =>
  new Problem(
    'BAD_REQUEST',
    400,
    'This request cannot be answered: it is not HTTP/1.1, or its Host or its path is malformed. Fix that and send it again.',
  );

export const headersTooLarge = (): Problem =>
  new Problem(
    'HEADERS_TOO_LARGE',
    431,
    'The path and the headers of this request are over 16 KiB together. Send less, or put it into the body.',
  );

export const requestTimeout = (): Problem =>
  new Problem(
    'REQUEST_TIMEOUT',
    408,
    'This request did not arrive in time: its headers within 30 s, all of it within 2 min. Send it again.',
  );

const STORAGE_PROBLEMS: Readonly<
  Record<StoreFailureReason, readonly [code: string, status: number, message: string]>
> = {
  full: [
    'STORAGE_FULL',
    507,
    'There is no space left to keep state in (--db), so nothing was changed. Free some on that disk; the sandbox goes on by itself.',
  ],
  busy: [
    'STORAGE_BUSY',
    503,
    'Another process holds the database (--db), so nothing was changed. End that process; the sandbox goes on by itself.',
  ],
  read_only: [
    'STORAGE_READ_ONLY',
    503,
    'The database (--db) cannot be written, so nothing was changed. Make the file and its folder writable; the sandbox goes on by itself.',
  ],
  io: [
    'STORAGE_FAILED',
    503,
    'The disk that keeps state (--db) answers with an error, so nothing was changed. Check the disk and the log; the sandbox goes on by itself once it works.',
  ],
  corrupt: [
    'STORAGE_CORRUPT',
    500,
    'The database (--db) is damaged. Stop the sandbox and start it with another --db, or with a copy from before.',
  ],
};

/** State cannot be written, or not be read. */
export const storageProblem = (reason: StoreFailureReason): Problem =>
  new Problem(...STORAGE_PROBLEMS[reason]);

export const internalError = (): Problem =>
  new Problem(
    'INTERNAL_ERROR',
    500,
    'Something went wrong in the sandbox. Its log says what; please report it.',
  );
