/**
 * Every error response of the provider's API and the sandbox API: one constructor each. `server/envelope.ts` serialises
 * them.
 *
 * @module
 */
import { classifyNetworkError } from './network-error.ts';
import type { StoreFailureReason } from './store-failure.ts';

/** An expected failure. The message gives the cause and the remedy, and never contains a key or a secret. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: string;
  readonly status: number;
  /** Extra response headers, such as `Allow`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds to wait before a retry; null if a retry would not help. */
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
    `Webhook "${id}" not found in this account. List its webhooks with GET /v1/webhooks; each x-user-context is a separate account.`,
  );

export const failedEventNotFound = (webhookId: string, eventId: string): Problem =>
  new Problem(
    'FAILED_EVENT_NOT_FOUND',
    404,
    `Failed event "${eventId}" not found for webhook "${webhookId}". List its failed events with GET /v1/webhooks/${webhookId}/failed-events.`,
  );

export const faultNotFound = (id: string): Problem =>
  new Problem(
    'FAULT_NOT_FOUND',
    404,
    `Fault "${id}" not found in this account. List its faults with GET /_sandbox/faults.`,
  );

export const faultLimitReached = (limit: number): Problem =>
  new Problem(
    'FAULT_LIMIT_REACHED',
    409,
    `This account has reached the limit of ${limit} faults. Remove them with DELETE /_sandbox/faults.`,
  );

export const faultNeverMatches = (message: string): Problem =>
  new Problem('FAULT_NEVER_MATCHES', 409, message);

export const verificationNotFound = (id: string): Problem =>
  new Problem(
    'VERIFICATION_NOT_FOUND',
    404,
    `Verification "${id}" not found in this account. List its verifications with GET /_sandbox/verifications.`,
  );

export const verificationRunning = (id: string): Problem =>
  new Problem(
    'VERIFICATION_RUNNING',
    409,
    `Verification "${id}" is still running in this account. Wait for it, or stop it with DELETE /_sandbox/verifications/${id}.`,
  );

export const reportNotReady = (id: string, why: string): Problem =>
  new Problem('REPORT_NOT_READY', 409, `Verification "${id}" ${why}`);

export const campaignNotFound = (id: string): Problem =>
  new Problem(
    'CAMPAIGN_NOT_FOUND',
    404,
    `Campaign "${id}" not found in this account. List its campaigns with GET /v1/campaigns; each x-user-context is a separate account.`,
  );

export const leadNotFound = (campaign: string, id: string): Problem =>
  new Problem(
    'LEAD_NOT_FOUND',
    404,
    `Lead "${id}" not found in campaign "${campaign}". List its leads with GET /v1/campaigns/${campaign}/leads.`,
  );

export const campaignLimitReached = (limit: number): Problem =>
  new Problem(
    'CAMPAIGN_LIMIT_REACHED',
    409,
    `This account has reached the limit of ${limit} campaigns. Delete one first, or use another x-user-context.`,
  );

export const leadLimitReached = (limit: number): Problem =>
  new Problem(
    'LEAD_LIMIT_REACHED',
    409,
    `These leads would exceed the account's limit of ${limit}. Delete a campaign first, or use another x-user-context.`,
  );

export const campaignEmpty = (id: string): Problem =>
  new Problem(
    'CAMPAIGN_EMPTY',
    409,
    `Campaign "${id}" has no leads. Add some first with POST /v1/campaigns/${id}/leads.`,
  );

/** @param consequence what a campaign that is no longer a draft does not allow, and the remedy; a clause without a period */
export const campaignStarted = (id: string, status: string, consequence: string): Problem =>
  new Problem(
    'CAMPAIGN_STARTED',
    409,
    `Campaign "${id}" is ${status} and no longer a draft: ${consequence}.`,
  );

export const campaignNotActive = (id: string, status: string): Problem =>
  new Problem(
    'CAMPAIGN_NOT_ACTIVE',
    409,
    `Campaign "${id}" is ${status}, so there is nothing to pause. ${
      status === 'paused'
        ? `Resume it with POST /v1/campaigns/${id}/resume.`
        : 'Only an active campaign can be paused.'
    }`,
  );

export const campaignNotPaused = (id: string, status: string): Problem =>
  new Problem(
    'CAMPAIGN_NOT_PAUSED',
    409,
    `Campaign "${id}" is ${status}, so there is nothing to resume. ${
      status === 'draft'
        ? `Start it with POST /v1/campaigns/${id}/activate.`
        : 'Only a paused campaign can be resumed.'
    }`,
  );

export const campaignCompleted = (id: string): Problem =>
  new Problem(
    'CAMPAIGN_COMPLETED',
    409,
    `Campaign "${id}" is completed, so it accepts no more leads. Create another campaign for them.`,
  );

/** @param reason what is wrong with the stored campaigns; a clause without a period */
export const campaignsUnreadable = (reason: string): Problem =>
  new Problem(
    'CAMPAIGNS_UNREADABLE',
    503,
    `The campaigns of this account cannot be read: ${reason.replace(/\.$/u, '')}. Its webhooks and deliveries still work. Empty the account with POST /_sandbox/reset or replace it with PUT /_sandbox/snapshot, and report this with the log.`,
  );

/**
 * @param limit per minute
 * @param what plural noun for what is limited: `requests`
 * @param seconds until the next one is accepted
 */
export const rateLimitExceeded = (limit: number, what: string, seconds: number): Problem =>
  new Problem(
    'RATE_LIMIT_EXCEEDED',
    429,
    `Rate limit exceeded: this key made ${limit} ${what} in the last minute. Retry in ${seconds} s, or start the sandbox with --no-rate-limit.`,
    { 'Retry-After': String(seconds) },
    seconds,
  );

export const deliveryNotFound = (id: string): Problem =>
  new Problem(
    'DELIVERY_NOT_FOUND',
    404,
    `Delivery "${id}" not found in this account. List its deliveries with GET /_sandbox/deliveries.`,
  );

export const eventNotFound = (id: string): Problem =>
  new Problem(
    'EVENT_NOT_FOUND',
    404,
    `Event "${id}" not found in this account. List its events with GET /_sandbox/events.`,
  );

export const eventExists = (id: string): Problem =>
  new Problem(
    'EVENT_EXISTS',
    409,
    `Event "${id}" already exists in this account. Omit "id" to generate one, or send the same bytes again with POST /_sandbox/deliveries/{id}/redeliver.`,
  );

export const webhookLimitReached = (limit: number): Problem =>
  new Problem(
    'WEBHOOK_LIMIT_REACHED',
    409,
    `This account has reached the limit of ${limit} webhooks. Delete one first, or use another x-user-context.`,
  );

export const validationFailed = (message: string): Problem =>
  new Problem('VALIDATION_FAILED', 422, message);

export const tooManyDeliveries = (events: number, webhooks: number, limit: number): Problem =>
  validationFailed(
    `"count" is ${events}, and ${webhooks} webhooks subscribe to the event: ${events * webhooks} deliveries, over the limit of ${limit} per request. Lower "count", or pass one webhook in "webhook_id".`,
  );

export const webhookPaused = (id: string): Problem =>
  new Problem(
    'WEBHOOK_PAUSED',
    409,
    `Webhook "${id}" is paused, so nothing is delivered to it. Activate it first: PATCH /v1/webhooks/${id} with {"status": "active"}.`,
  );

export const unauthorized = (message: string): Problem => new Problem('UNAUTHORIZED', 401, message);

export const tooManyAccounts = (limit: number): Problem =>
  new Problem(
    'ACCOUNT_LIMIT_REACHED',
    503,
    `This sandbox has reached the limit of ${limit} accounts. Reuse a key, or restart the sandbox.`,
  );

export const busy = (message: string): Problem => new Problem('BUSY', 503, message);

export const sandboxStopped = (): Problem =>
  busy('This sandbox has stopped. Start it again, then send the request again.');

export const webhookGone = (id: string): Problem =>
  new Problem(
    'WEBHOOK_DELETED',
    409,
    `Webhook "${id}" has been deleted, so nothing can be delivered to it. Register it again, and trigger the event for the new webhook.`,
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
    `Invalid JSON at line ${line}, column ${column} (offset ${offset}): ${what}. Fix the body there.`,
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
  new Problem('PAYLOAD_TOO_LARGE', 413, `The body exceeds the limit of ${limit} bytes. Send less.`);

export const routeNotFound = (method: string, path: string): Problem =>
  new Problem(
    'NOT_FOUND',
    404,
    `${method} ${path} not found. The provider's API is under /v1, the sandbox API under /_sandbox; see \`sendemall-mock spec openapi\` and \`spec sandbox\`.`,
  );

export const methodNotAllowed = (method: string, path: string, allow: string): Problem =>
  new Problem('METHOD_NOT_ALLOWED', 405, `${path} does not support ${method}. Use ${allow}.`, {
    Allow: allow,
  });

export const idempotencyKeyReused = (key: string): Problem =>
  new Problem(
    'IDEMPOTENCY_KEY_REUSED',
    409,
    `Idempotency-Key ${JSON.stringify(key)} was already used for another request. Use a new key for each request.`,
  );

/** Host names that are safe to quote in a command. */
const SAFE_NAME = /^[\w.:-]{1,253}$/;

/** @param allow text of the remedy that adds a host name */
export const foreignHost = (host: string, allow: (name: string) => string): Problem => {
  const name = SAFE_NAME.test(host) ? host : 'NAME';
  return new Problem(
    'FOREIGN_HOST',
    403,
    `Host is ${JSON.stringify(host.slice(0, 253))}, which is not a host name of this sandbox. Use localhost, or ${allow(name)}.`,
  );
};

/** @param header the header that reveals the other site */
export const foreignOrigin = (header: string, value: string): Problem =>
  new Problem(
    'FOREIGN_ORIGIN',
    403,
    `${header} is ${JSON.stringify(value.slice(0, 253))}: pages of other sites are not allowed to use this sandbox. Call it from your program or the command line.`,
  );

export const badRequest = (): Problem =>
  new Problem(
    'BAD_REQUEST',
    400,
    'Invalid request: it is not HTTP/1.1, or its Host header or path is malformed. Fix it and send it again.',
  );

export const headersTooLarge = (): Problem =>
  new Problem(
    'HEADERS_TOO_LARGE',
    431,
    'The path and headers of this request exceed 16 KiB. Send less, or move data to the body.',
  );

export const requestTimeout = (): Problem =>
  new Problem(
    'REQUEST_TIMEOUT',
    408,
    'The request timed out: headers must arrive within 30 s, all of it within 2 min. Send it again.',
  );

const STORAGE_PROBLEMS: Readonly<
  Record<StoreFailureReason, readonly [code: string, status: number, message: string]>
> = {
  full: [
    'STORAGE_FULL',
    507,
    'No space left for the database, so nothing was changed. Free space on that disk; the sandbox then continues.',
  ],
  busy: [
    'STORAGE_BUSY',
    503,
    'Another process has locked the database, so nothing was changed. Stop that process; the sandbox then continues.',
  ],
  read_only: [
    'STORAGE_READ_ONLY',
    503,
    'The database is read-only, so nothing was changed. Make the file and its directory writable; the sandbox then continues.',
  ],
  io: [
    'STORAGE_FAILED',
    503,
    'I/O error on the disk of the database, so nothing was changed. Check the disk and the log; the sandbox continues once it works.',
  ],
  corrupt: [
    'STORAGE_CORRUPT',
    500,
    'The database is corrupt. Stop the sandbox and start it with another database file, or with a backup.',
  ],
};

/** The store failed to read or write state. */
export const storageProblem = (reason: StoreFailureReason): Problem =>
  new Problem(...STORAGE_PROBLEMS[reason]);

const NO_SPACE: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * The temporary folder cannot hold a body.
 *
 * @param error of the file system
 */
export const temporaryFolderProblem = (folder: string, error: unknown): Problem => {
  const { code } = error as NodeJS.ErrnoException;
  if (NO_SPACE.has(code)) {
    return new Problem(
      'STORAGE_FULL',
      507,
      `No space left for the body in the temporary folder ${folder}, so nothing was changed. Free space there, then send the request again.`,
    );
  }
  if (classifyNetworkError(error).kind === 'exhausted') return internalError(error);
  return new Problem(
    'STORAGE_FAILED',
    503,
    `The body cannot be kept in the temporary folder ${folder} (${String(code)}), so nothing was changed. Make the folder writable, then send the request again.`,
  );
};

/** @param error its cause, to tell a lack of resources, which the user can fix, from a defect */
export const internalError = (error?: unknown): Problem => {
  const { kind, code } = classifyNetworkError(error);
  const message =
    kind === 'exhausted'
      ? `The sandbox has run out of resources (${code}). Raise its limits (open files, memory), then send the request again.`
      : 'Internal error in the sandbox. Please report it with the log.';
  return new Problem('INTERNAL_ERROR', 500, message);
};
