/**
 * Reports in plain words, made by hand: one of everything that a reporter can come across.
 *
 * @module
 */
import {
  summarise,
  type CheckResult,
  type Report,
  type ReportedExchange,
  type ReportedRequest,
  type ReportedResponse,
} from '../../../src/conformance/report.ts';

const exchange = (
  request: Partial<ReportedRequest> = {},
  response: Partial<ReportedResponse> = {},
): ReportedExchange => ({
  request: {
    method: 'POST',
    url: 'http://localhost:3000/hooks?a=1&b=2',
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Twice', 'one'],
      ['X-Twice', 'two'],
    ],
    body: '{"id":"evt_1"}',
    body_base64: null,
    body_bytes: 14,
    manner: null,
    ...request,
  },
  response: {
    status: 200,
    headers: [['content-type', 'text/plain']],
    body: 'ok',
    error: null,
    duration_ms: 3,
    ...response,
  },
});

const lines = (count: number): string =>
  Array.from({ length: count }, (_, at) => `line ${at + 1}`).join('\n');

const check = (over: Partial<CheckResult> & Pick<CheckResult, 'id' | 'status'>): CheckResult => ({
  area: over.id.slice(0, over.id.indexOf('/')) as CheckResult['area'],
  level: 'MUST',
  title: `Does ${over.id}`,
  requirement: 'It does (guide, "Step 1")',
  duration_ms: 12,
  reason: null,
  expected: [],
  actual: null,
  diagnosis: null,
  fix: null,
  reproduce: null,
  exchanges: [],
  ...over,
});

/** Said of in full. */
const full = {
  status: 'fail',
  expected: ['a 4xx', 'no effect'],
  actual: '200 in 3 ms',
  diagnosis: 'The digest is not compared.',
  fix: 'Compare it.\nThen answer 401.',
  reproduce: 'printf %s x \\\n  | curl -d @- http://localhost:3000',
} as const;

const REQUESTS: readonly (readonly [string, ReportedExchange])[] = [
  ['plain', exchange()],
  ['bare', exchange({ headers: [], body: '' }, { headers: [], body: '', status: 204 })],
  [
    'binary',
    exchange({ body: null, body_base64: '/w==', body_bytes: 1 }, { status: 500, body: null }),
  ],
  ['nothing-sent', exchange({ body: null }, { body: 'a\r\nb\n\nc' })],
  [
    'in-pieces',
    exchange({ manner: 'in two\npieces' }, { status: 302, headers: [['location', '/x']] }),
  ],
  [
    'no-answer',
    exchange(
      { method: 'GET' },
      { status: null, headers: [], body: null, error: 'connection reset' },
    ),
  ],
  ['no-word', exchange({}, { status: null, headers: [], body: null, error: null, duration_ms: 9 })],
  ['fits', exchange({ body: lines(11) }, { body: 'x'.repeat(600) })],
  ['long', exchange({ body: lines(12) }, { body: 'x'.repeat(601) })],
  ['longer', exchange({ body: lines(40) }, { body: `${'`'.repeat(5)} and \` <b>&amp;` })],
];

/** As it comes from a run: what is in it adds up. */
export const reportOf = (checks: readonly CheckResult[], more: Partial<Report> = {}): Report => ({
  tool: { name: 'sendemall-mock', version: '0.1.0' },
  target: 'http://localhost:3000/hooks?a=1&b=2',
  started_at: '2026-04-06T12:00:00.000Z',
  duration_ms: 1234,
  seed: 7,
  interrupted: false,
  summary: summarise(checks, 'must', more.baseline ?? null),
  baseline: null,
  checks,
  ...more,
});

/** Findings of every gravity, what was not tested by two reasons and by none, figures, a baseline. */
export const mixed = (): Report =>
  reportOf(
    [
      check({ id: 'http/reachable', status: 'pass' }),
      check({ id: 'delivery/known', ...full, exchanges: [exchange()] }),
      check({ id: 'delivery/known-info', status: 'fail', level: 'INFO', actual: 'told' }),
      check({ id: 'signature/info', ...full, level: 'INFO', exchanges: [exchange()] }),
      check({ id: 'signature/bare-info', status: 'fail', level: 'INFO' }),
      check({ id: 'signature/should', ...full, level: 'SHOULD', exchanges: [exchange()] }),
      check({ id: 'signature/bare', status: 'fail', expected: ['one thing'], actual: 'another' }),
      check({ id: 'signature/wordless', status: 'fail' }),
      check({ id: 'domain/error', status: 'error', reason: 'the hook\nfell', level: 'SHOULD' }),
      check({ id: 'domain/silent-error', status: 'error' }),
      check({ id: 'content/remark', status: 'pass', reason: '12 accepted' }),
      check({ id: 'performance/latency', status: 'pass', reason: 'p50 3 ms,\np99 9 ms' }),
      check({ id: 'performance/burst', status: 'pass' }),
      check({
        id: 'performance/slow',
        status: 'fail',
        reason: null,
        actual: '9 s',
        duration_ms: 9004,
      }),
      check({ id: 'domain/one', status: 'not_tested', reason: 'Needs a hook.' }),
      check({ id: 'domain/two', status: 'not_tested' }),
      check({ id: 'domain/three', status: 'not_tested', reason: 'Needs\nanother.' }),
      check({ id: 'domain/four', status: 'not_tested', reason: 'Needs\nanother.' }),
    ],
    {
      baseline: {
        known: [
          { id: 'delivery/known', reason: 'ticket #12' },
          { id: 'delivery/known-info', reason: 'so be it' },
        ],
        stale: [{ id: 'http/reachable', reason: 'was down' }],
      },
    },
  );

/** Of every kind of request and of answer. */
export const exchanged = (): Report =>
  reportOf(
    REQUESTS.map(([name, one]) =>
      check({ id: `http/${name}`, status: 'fail', actual: name, exchanges: [exchange(), one] }),
    ),
  );

/** Nothing to find. */
export const good = (): Report => reportOf([check({ id: 'http/reachable', status: 'pass' })]);

/** Broken off before anything was known; the target is no URL any more once a secret was taken out of it. */
export const brokenOff = (): Report =>
  reportOf([check({ id: 'http/reachable', status: 'not_tested', reason: 'Interrupted.' })], {
    interrupted: true,
    target: '<the secret>',
    duration_ms: 50,
  });

/** At the root of its host. */
export const atRoot = (): Report =>
  reportOf([check({ id: 'made/up', status: 'fail' })], { target: 'https://receiver.example' });

export const REPORTS = { mixed, exchanged, good, brokenOff, atRoot } as const;
