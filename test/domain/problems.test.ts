/**
 * Every error that somebody may read: its code and status, what is wrong, and what to do about it.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import * as ofNodes from '../../src/domain/node-problems.ts';
import * as exported from '../../src/domain/problems.ts';

const { Problem, ...others } = exported;
const problems = { ...others, ...ofNodes };
type Maker = keyof typeof problems;

/** Arguments, code, status, and the words that must be there: what it is about, and the way out. */
const CASES: Readonly<
  Record<Maker, readonly [readonly unknown[], string, number, ...(readonly string[])]>
> = {
  accountMoved: [
    [],
    'ACCOUNT_MOVED',
    503,
    'Another node of this sandbox took over this account',
    'Send it again',
  ],
  nodeUnreachable: [
    ['n1', true],
    'NODE_UNREACHABLE',
    503,
    'Node n1',
    'may have taken effect',
    'Read the state before you send it again',
  ],
  nodeLeaving: [[], 'NODE_LEAVING', 503, 'shutting down', 'Send requests to another node'],
  forwardingLoop: [
    ['n1'],
    'FORWARDING_LOOP',
    508,
    'forwarded to node n1',
    'Check that the URL of each node leads to that node itself',
  ],
  foreignNode: [
    [],
    'FOREIGN_NODE',
    403,
    'its signature does not match',
    'Nodes must use the same database',
  ],
  webhookNotFound: [
    ['wh_1'],
    'WEBHOOK_NOT_FOUND',
    404,
    'Webhook "wh_1" not found',
    'with GET /v1/webhooks',
    'each x-user-context is a separate account',
  ],
  failedEventNotFound: [
    ['wh_1', 'evt_1'],
    'FAILED_EVENT_NOT_FOUND',
    404,
    'Failed event "evt_1" not found for webhook "wh_1"',
    'GET /v1/webhooks/wh_1/failed-events',
  ],
  verificationNotFound: [
    ['ver_9'],
    'VERIFICATION_NOT_FOUND',
    404,
    'Verification "ver_9" not found',
    'GET /_sandbox/verifications',
  ],
  verificationRunning: [
    ['ver_1'],
    'VERIFICATION_RUNNING',
    409,
    'Verification "ver_1" is still running',
    'DELETE /_sandbox/verifications/ver_1',
  ],
  reportNotReady: [
    ['ver_1', 'is still running. Wait.'],
    'REPORT_NOT_READY',
    409,
    'Verification "ver_1" is still running',
    'Wait',
  ],
  faultNotFound: [
    ['flt_1'],
    'FAULT_NOT_FOUND',
    404,
    'Fault "flt_1" not found',
    'GET /_sandbox/faults',
  ],
  faultLimitReached: [
    [100],
    'FAULT_LIMIT_REACHED',
    409,
    'limit of 100 faults',
    'DELETE /_sandbox/faults',
  ],
  faultNeverMatches: [['It never matches.'], 'FAULT_NEVER_MATCHES', 409, 'It never matches.'],
  campaignNotFound: [
    ['cmp_1'],
    'CAMPAIGN_NOT_FOUND',
    404,
    'Campaign "cmp_1" not found',
    'with GET /v1/campaigns',
    'each x-user-context',
  ],
  leadNotFound: [
    ['cmp_1', 'lead_1'],
    'LEAD_NOT_FOUND',
    404,
    'Lead "lead_1" not found in campaign "cmp_1"',
    'GET /v1/campaigns/cmp_1/leads',
  ],
  campaignLimitReached: [
    [1000],
    'CAMPAIGN_LIMIT_REACHED',
    409,
    'limit of 1000 campaigns',
    'Delete one first',
  ],
  leadLimitReached: [
    [200_000],
    'LEAD_LIMIT_REACHED',
    409,
    'limit of 200000',
    'Delete a campaign first',
  ],
  campaignEmpty: [
    ['cmp_1'],
    'CAMPAIGN_EMPTY',
    409,
    'Campaign "cmp_1" has no leads',
    'with POST /v1/campaigns/cmp_1/leads',
  ],
  campaignStarted: [
    ['cmp_1', 'active', 'its steps stay. Create another'],
    'CAMPAIGN_STARTED',
    409,
    'Campaign "cmp_1" is active and no longer a draft: its steps stay. Create another.',
  ],
  campaignNotActive: [
    ['cmp_1', 'paused'],
    'CAMPAIGN_NOT_ACTIVE',
    409,
    'Campaign "cmp_1" is paused',
    'Resume it with POST /v1/campaigns/cmp_1/resume',
  ],
  campaignNotPaused: [
    ['cmp_1', 'draft'],
    'CAMPAIGN_NOT_PAUSED',
    409,
    'Campaign "cmp_1" is draft',
    'Start it with POST /v1/campaigns/cmp_1/activate',
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
    'Retry in 17 s',
    '--no-rate-limit',
  ],
  deliveryNotFound: [
    ['dlv_1'],
    'DELIVERY_NOT_FOUND',
    404,
    'Delivery "dlv_1" not found',
    'with GET /_sandbox/deliveries',
  ],
  eventNotFound: [
    ['evt_1'],
    'EVENT_NOT_FOUND',
    404,
    'Event "evt_1" not found',
    'with GET /_sandbox/events',
  ],
  eventExists: [
    ['evt_1'],
    'EVENT_EXISTS',
    409,
    'Event "evt_1" already exists',
    'Omit "id"',
    'POST /_sandbox/deliveries/{id}/redeliver',
  ],
  webhookLimitReached: [
    [100],
    'WEBHOOK_LIMIT_REACHED',
    409,
    'limit of 100 webhooks',
    'Delete one first',
  ],
  validationFailed: [['"a" is 1. Use 2.'], 'VALIDATION_FAILED', 422, '"a" is 1. Use 2.'],
  tooManyDeliveries: [
    [10_000, 6, 50_000],
    'VALIDATION_FAILED',
    422,
    '"count" is 10000, and 6 webhooks subscribe to the event: 60000 deliveries',
    'Lower "count", or pass one webhook in "webhook_id"',
  ],
  webhookPaused: [
    ['wh_1'],
    'WEBHOOK_PAUSED',
    409,
    'Webhook "wh_1" is paused',
    'Activate it first: PATCH /v1/webhooks/wh_1 with {"status": "active"}',
  ],
  unauthorized: [['Send a key.'], 'UNAUTHORIZED', 401, 'Send a key.'],
  tooManyAccounts: [
    [1000],
    'ACCOUNT_LIMIT_REACHED',
    503,
    'limit of 1000 accounts',
    'Reuse a key, or restart the sandbox',
  ],
  busy: [['Retry later.'], 'BUSY', 503, 'Retry later.'],
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
    'Invalid JSON at line 2, column 7 (offset 31): a comma is missing.',
    'Fix the body there',
  ],
  malformedBody: [['It is cut.'], 'MALFORMED_JSON', 400, 'It is cut.'],
  unsupportedMediaType: [
    ['text/"plain"'],
    'UNSUPPORTED_MEDIA_TYPE',
    415,
    'Content-Type is "text/\\"plain\\""',
    'application/json',
  ],
  payloadTooLarge: [[1_048_576], 'PAYLOAD_TOO_LARGE', 413, 'limit of 1048576 bytes', 'Send less'],
  routeNotFound: [
    ['GET', '/v2'],
    'NOT_FOUND',
    404,
    'GET /v2 not found',
    'under /v1',
    'under /_sandbox',
    'sendemall-mock spec openapi',
  ],
  methodNotAllowed: [
    ['PUT', '/v1/webhooks', 'GET, POST'],
    'METHOD_NOT_ALLOWED',
    405,
    '/v1/webhooks does not support PUT',
    'Use GET, POST',
  ],
  idempotencyKeyReused: [
    ['a"b'],
    'IDEMPOTENCY_KEY_REUSED',
    409,
    'Idempotency-Key "a\\"b" was already used',
    'Use a new key',
  ],
  foreignHost: [
    ['evil.example', (name: string) => `allow ${name}`],
    'FOREIGN_HOST',
    403,
    'Host is "evil.example", which is not a host name of this sandbox',
    'Use localhost, or allow evil.example.',
  ],
  foreignOrigin: [
    ['Origin', 'http://evil.example'],
    'FOREIGN_ORIGIN',
    403,
    'Origin is "http://evil.example": pages of other sites are not allowed to use this sandbox',
    'from your program or the command line',
  ],
  sandboxStopped: [[], 'BUSY', 503, 'has stopped', 'Start it again'],
  badRequest: [[], 'BAD_REQUEST', 400, 'Host header or path is malformed', 'Fix it'],
  headersTooLarge: [[], 'HEADERS_TOO_LARGE', 431, 'exceed 16 KiB', 'Send less'],
  requestTimeout: [[], 'REQUEST_TIMEOUT', 408, 'timed out', 'Send it again'],
  campaignsUnreadable: [
    ['Campaign "cmp_1" is not there.'],
    'CAMPAIGNS_UNREADABLE',
    503,
    'cannot be read: Campaign "cmp_1" is not there. Its webhooks',
    'with POST /_sandbox/reset',
  ],
  storageProblem: [['full'], 'STORAGE_FULL', 507, 'No space left', 'Free space on that disk'],
  temporaryFolderProblem: [
    ['/some/folder', Object.assign(new Error(), { code: 'ENOSPC' })],
    'STORAGE_FULL',
    507,
    'temporary folder /some/folder',
    'Free space there',
  ],
  internalError: [[], 'INTERNAL_ERROR', 500, 'Internal error', 'report it'],
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

  test('gives the cause and the remedy', () => {
    const { message } = make(name, args);
    for (const word of words) expect(message).toContain(word);
    expect(message).toMatch(/^\S.*\.$/);
  });
});

test('a lack of resources is not reported as a defect', () => {
  const error = Object.assign(new Error('too many open files'), { code: 'EMFILE' });
  const { code, message } = problems.internalError(error);
  expect(code).toBe('INTERNAL_ERROR');
  expect(message).toContain('run out of resources (EMFILE). Raise its limits');
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
