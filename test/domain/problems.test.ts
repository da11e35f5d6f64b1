/**
 * Every error that somebody may read: its code and status, what is wrong, and what to do about it.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import * as exported from '../../src/domain/problems.ts';

const { Problem, ...problems } = exported;
type Maker = keyof typeof problems;

/** Arguments, code, status, and the words that must be there: what it is about, and the way out. */
const CASES: Readonly<
  Record<Maker, readonly [readonly unknown[], string, number, ...(readonly string[])]>
> = {
  webhookNotFound: [
    ['wh_1'],
    'WEBHOOK_NOT_FOUND',
    404,
    'no webhook "wh_1"',
    'GET /v1/webhooks lists',
    'another x-user-context is another account',
  ],
  failedEventNotFound: [
    ['wh_1', 'evt_1'],
    'FAILED_EVENT_NOT_FOUND',
    404,
    'Webhook "wh_1" has no failed event "evt_1"',
    'GET /v1/webhooks/wh_1/failed-events',
  ],
  faultNotFound: [['flt_1'], 'FAULT_NOT_FOUND', 404, 'no fault "flt_1"', 'GET /_sandbox/faults'],
  faultLimitReached: [
    [100],
    'FAULT_LIMIT_REACHED',
    409,
    'already has 100 faults',
    'DELETE /_sandbox/faults',
  ],
  faultNeverMatches: [['It never matches.'], 'FAULT_NEVER_MATCHES', 409, 'It never matches.'],
  campaignNotFound: [
    ['cmp_1'],
    'CAMPAIGN_NOT_FOUND',
    404,
    'no campaign "cmp_1"',
    'GET /v1/campaigns lists',
    'another x-user-context',
  ],
  leadNotFound: [
    ['cmp_1', 'lead_1'],
    'LEAD_NOT_FOUND',
    404,
    'Campaign "cmp_1" has no lead "lead_1"',
    'GET /v1/campaigns/cmp_1/leads',
  ],
  campaignLimitReached: [
    [1000],
    'CAMPAIGN_LIMIT_REACHED',
    409,
    'already has 1000 campaigns',
    'Delete one first',
  ],
  leadLimitReached: [
    [200_000],
    'LEAD_LIMIT_REACHED',
    409,
    'more than 200000',
    'Delete a campaign first',
  ],
  campaignEmpty: [
    ['cmp_1'],
    'CAMPAIGN_EMPTY',
    409,
    'Campaign "cmp_1" has no leads',
    'POST /v1/campaigns/cmp_1/leads first',
  ],
  campaignStarted: [
    ['cmp_1', 'active', 'its steps stay. Create another'],
    'CAMPAIGN_STARTED',
    409,
    'Campaign "cmp_1" is active, no draft any more: its steps stay. Create another.',
  ],
  campaignNotActive: [
    ['cmp_1', 'paused'],
    'CAMPAIGN_NOT_ACTIVE',
    409,
    'Campaign "cmp_1" is paused',
    'POST /v1/campaigns/cmp_1/resume goes on',
  ],
  campaignNotPaused: [
    ['cmp_1', 'draft'],
    'CAMPAIGN_NOT_PAUSED',
    409,
    'Campaign "cmp_1" is draft',
    'POST /v1/campaigns/cmp_1/activate starts it',
  ],
  campaignCompleted: [
    ['cmp_1'],
    'CAMPAIGN_COMPLETED',
    409,
    'Campaign "cmp_1" is completed',
    'Create another campaign',
  ],
  rateLimitExceeded: [
    [60, 'requests', 17],
    'RATE_LIMIT_EXCEEDED',
    429,
    '60 requests in the last minute',
    'Come back in 17 s',
    '--no-rate-limit',
  ],
  deliveryNotFound: [
    ['dlv_1'],
    'DELIVERY_NOT_FOUND',
    404,
    'no delivery "dlv_1"',
    'GET /_sandbox/deliveries lists',
  ],
  eventNotFound: [
    ['evt_1'],
    'EVENT_NOT_FOUND',
    404,
    'no event "evt_1"',
    'GET /_sandbox/events lists',
  ],
  eventExists: [
    ['evt_1'],
    'EVENT_EXISTS',
    409,
    'already has an event "evt_1"',
    'Leave "id" out',
    'POST /_sandbox/deliveries/{id}/redeliver',
  ],
  webhookLimitReached: [
    [100],
    'WEBHOOK_LIMIT_REACHED',
    409,
    'already has 100 webhooks',
    'Delete one first',
  ],
  validationFailed: [['"a" is 1. Use 2.'], 'VALIDATION_FAILED', 422, '"a" is 1. Use 2.'],
  tooManyDeliveries: [
    [10_000, 6, 50_000],
    'VALIDATION_FAILED',
    422,
    '"count" is 10000, and 6 webhooks take the event: that is 60000 deliveries',
    'Lower "count", or name one webhook with "webhook_id"',
  ],
  webhookPaused: [
    ['wh_1'],
    'WEBHOOK_PAUSED',
    409,
    'Webhook "wh_1" is paused',
    'PATCH /v1/webhooks/wh_1 with {"status": "active"} first',
  ],
  unauthorized: [['Send a key.'], 'UNAUTHORIZED', 401, 'Send a key.'],
  tooManyAccounts: [
    [1000],
    'ACCOUNT_LIMIT_REACHED',
    503,
    'already holds 1000 accounts',
    'Reuse a key, or restart it',
  ],
  busy: [['Come back later.'], 'BUSY', 503, 'Come back later.'],
  webhookGone: [
    ['wh_1'],
    'WEBHOOK_DELETED',
    409,
    'Webhook "wh_1" has been deleted',
    'Register it again',
  ],
  malformedJson: [
    [2, 7, 31, 'a comma is missing'],
    'MALFORMED_JSON',
    400,
    'a comma is missing at line 2, column 7 (offset 31)',
    'Mend it there',
  ],
  malformedBody: [['It is cut.'], 'MALFORMED_JSON', 400, 'It is cut.'],
  unsupportedMediaType: [
    ['text/"plain"'],
    'UNSUPPORTED_MEDIA_TYPE',
    415,
    'Content-Type is "text/\\"plain\\""',
    'application/json',
  ],
  payloadTooLarge: [[1_048_576], 'PAYLOAD_TOO_LARGE', 413, 'over 1048576 bytes', 'Send less'],
  routeNotFound: [
    ['GET', '/v2'],
    'NOT_FOUND',
    404,
    'There is no GET /v2',
    'under /v1',
    'under /_sandbox',
    'sendemall-mock spec openapi',
  ],
  methodNotAllowed: [
    ['PUT', '/v1/webhooks', 'GET, POST'],
    'METHOD_NOT_ALLOWED',
    405,
    '/v1/webhooks does not take PUT',
    'Use GET, POST',
  ],
  idempotencyKeyReused: [
    ['a"b'],
    'IDEMPOTENCY_KEY_REUSED',
    409,
    'Idempotency-Key "a\\"b" was used',
    'Use a fresh key',
  ],
  foreignHost: [
    ['evil.example'],
    'FOREIGN_HOST',
    403,
    'Host is "evil.example", which is not a name of this sandbox',
    '--allowed-host evil.example',
  ],
  foreignOrigin: [
    ['Origin', 'http://evil.example'],
    'FOREIGN_ORIGIN',
    403,
    'Origin is "http://evil.example": pages of other sites may not use this sandbox',
    'from your program or the command line',
  ],
  badRequest: [[], 'BAD_REQUEST', 400, 'Host or its path is malformed', 'Fix that'],
  headersTooLarge: [[], 'HEADERS_TOO_LARGE', 431, 'over 16 KiB', 'Send less'],
  requestTimeout: [[], 'REQUEST_TIMEOUT', 408, 'did not arrive in time', 'Send it again'],
  campaignsUnreadable: [
    ['Campaign "cmp_1" is not there.'],
    'CAMPAIGNS_UNREADABLE',
    503,
    'cannot be read: Campaign "cmp_1" is not there. Its webhooks',
    'POST /_sandbox/reset empties the account',
  ],
  snapshotTooLarge: [
    [64],
    'PAYLOAD_TOO_LARGE',
    413,
    'holds more than 64 bytes',
    'copy the database (--db) of a stopped sandbox',
  ],
  storageProblem: [['full'], 'STORAGE_FULL', 507, 'no space left', 'Free some on that disk'],
  internalError: [[], 'INTERNAL_ERROR', 500, 'Its log says what', 'report it'],
};

const make = (name: string, args: readonly unknown[]): exported.Problem => {
  const { [name as Maker]: maker } = problems;
  return (maker as (...given: readonly unknown[]) => exported.Problem)(...args);
};

test('every one is here', () => {
  expect(Object.keys(CASES).toSorted()).toEqual(Object.keys(problems).toSorted());
});

describe.each(Object.entries(CASES))('%s', (name, [args, code, status, ...words]) => {
  test(`is a ${status} ${code}`, () => {
    const problem = make(name, args);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ name: 'Problem', code, status });
  });

  test('says what is wrong and what to do', () => {
    const { message } = make(name, args);
    for (const word of words) expect(message).toContain(word);
    expect(message).toMatch(/^\S.*\.$/);
  });
});

describe('headers go along', () => {
  test('of what may be done', () => {
    const { headers, retryAfter } = problems.methodNotAllowed('PUT', '/v1/webhooks', 'GET, POST');
    expect({ headers, retryAfter }).toEqual({ headers: { Allow: 'GET, POST' }, retryAfter: null });
  });

  test('of when to come back', () => {
    const { headers, retryAfter } = problems.rateLimitExceeded(60, 'requests', 17);
    expect({ headers, retryAfter }).toEqual({ headers: { 'Retry-After': '17' }, retryAfter: 17 });
  });

  test('or none', () => {
    const { headers, retryAfter } = problems.webhookNotFound('wh_1');
    expect({ headers, retryAfter }).toEqual({ headers: {}, retryAfter: null });
  });
});

describe('the way out depends on where one is', () => {
  test.each(['draft', 'completed'])('a %s campaign is not paused', (status) => {
    expect(problems.campaignNotActive('cmp_1', status).message).toBe(
      `Campaign "cmp_1" is ${status}, so there is nothing to pause. Only an active campaign can be paused.`,
    );
  });

  test.each(['active', 'completed'])('a campaign that is %s is not resumed', (status) => {
    expect(problems.campaignNotPaused('cmp_1', status).message).toBe(
      `Campaign "cmp_1" is ${status}, so there is nothing to resume. Only a paused campaign can be resumed.`,
    );
  });

  test('a body without a type', () => {
    expect(problems.unsupportedMediaType(undefined).message).toBe(
      'Content-Type is missing. Send the body as application/json.',
    );
  });
});
