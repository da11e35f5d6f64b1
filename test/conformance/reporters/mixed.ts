/**
 * Reports in plain words, made by hand: one of everything that a reporter can come across.
 *
 * @module
 */
import type {
  CheckResult,
  Report,
  ReportedExchange,
  ReportedRequest,
  ReportedResponse,
} from '../../../src/conformance/report.ts';
import { summarise } from '../../../src/conformance/summary.ts';
import { blankResult } from '../blank-result.ts';

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
    headers_left_out: 0,
    body: '{"id":"evt_1"}',
    body_base64: null,
    body_bytes: 14,
    manner: null,
    ...request,
  },
  response: {
    status: 200,
    headers: [['content-type', 'text/plain']],
    headers_left_out: 0,
    body: 'ok',
    error: null,
    duration_ms: 3,
    ...response,
  },
});

const lines = (count: number): string =>
  Array.from({ length: count }, (_, at) => `line ${at + 1}`).join('\n');

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
  cut_off: null,
  fail_on: 'must',
  docs_url: 'http://127.0.0.1:7363/docs',
  summary: summarise(checks, {
    failOn: more.fail_on ?? 'must',
    baseline: more.baseline ?? null,
    cutOff: more.cut_off?.by ?? null,
  }),
  next_step: null,
  baseline: null,
  checks,
  ...more,
});

/** Findings of every gravity, what was not tested by two reasons and by none, figures, a baseline. */
export const mixed = (): Report =>
  reportOf(
    [
      blankResult({ id: 'http/reachable', status: 'pass' }),
      blankResult({ id: 'delivery/known', ...full, exchanges: [exchange()] }),
      blankResult({ id: 'delivery/known-info', status: 'fail', level: 'INFO', actual: 'told' }),
      blankResult({ id: 'signature/info', ...full, level: 'INFO', exchanges: [exchange()] }),
      blankResult({ id: 'signature/bare-info', status: 'fail', level: 'INFO' }),
      blankResult({ id: 'signature/should', ...full, level: 'SHOULD', exchanges: [exchange()] }),
      blankResult({
        id: 'signature/bare',
        status: 'fail',
        expected: ['one thing'],
        actual: 'another',
      }),
      blankResult({ id: 'signature/wordless', status: 'fail' }),
      blankResult({
        id: 'domain/error',
        status: 'error',
        reason: 'the hook\nfell',
        level: 'SHOULD',
      }),
      blankResult({ id: 'domain/silent-error', status: 'error' }),
      blankResult({ id: 'content/remark', status: 'pass', reason: '12 accepted' }),
      blankResult({ id: 'performance/latency', status: 'pass', reason: 'p50 3 ms,\np99 9 ms' }),
      blankResult({ id: 'performance/burst', status: 'pass' }),
      blankResult({
        id: 'performance/slow',
        status: 'fail',
        reason: null,
        actual: '9 s',
        duration_ms: 9004,
      }),
      blankResult({ id: 'domain/one', status: 'not_tested', reason: 'Needs a hook.' }),
      blankResult({ id: 'domain/two', status: 'not_tested' }),
      blankResult({ id: 'domain/three', status: 'not_tested', reason: 'Needs\nanother.' }),
      blankResult({ id: 'domain/four', status: 'not_tested', reason: 'Needs\nanother.' }),
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
      blankResult({
        id: `http/${name}`,
        status: 'fail',
        actual: name,
        exchanges: [exchange(), one],
      }),
    ),
  );

/** Nothing to find. */
export const good = (): Report => reportOf([blankResult({ id: 'http/reachable', status: 'pass' })]);

/** Broken off before anything was known; the target is no URL any more once a secret was taken out of it. */
export const brokenOff = (): Report =>
  reportOf([blankResult({ id: 'http/reachable', status: 'not_tested', reason: 'Interrupted.' })], {
    interrupted: true,
    cut_off: { by: 'interruption', budget_ms: 300_000, reached: 0, total: 1 },
    target: '<the secret>',
    duration_ms: 50,
  });

/** At the root of its host. */
export const atRoot = (): Report =>
  reportOf([blankResult({ id: 'made/up', status: 'fail' })], {
    target: 'https://receiver.example',
  });

export const REPORTS = { mixed, exchanged, good, brokenOff, atRoot } as const;
