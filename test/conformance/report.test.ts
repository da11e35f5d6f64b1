/**
 * What a report says of a whole run, and how it shows an exchange.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  reportExchange,
  type CheckResult,
  type CheckStatus,
} from '../../src/conformance/report.ts';
import { summarise } from '../../src/conformance/summary.ts';
import { REPORTERS } from '../../src/conformance/reporters.ts';
import { responseLines } from '../../src/conformance/reporters/exchange-text.ts';
import { tool } from '../../src/conformance/run/tool.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { answer, exchange, none } from './fixtures.ts';
import { good } from './reporters/mixed.ts';

const check = (status: CheckStatus, level: CheckResult['level'] = 'MUST', id = 'a/b') =>
  ({ id, status, level, cut_off: null, decides: [] }) as unknown as CheckResult;

describe('a summary', () => {
  test('counts by status and level', () => {
    const checks = [
      check('pass'),
      check('pass', 'INFO'),
      check('fail'),
      check('fail', 'SHOULD'),
      check('fail', 'SHOULD'),
      check('fail', 'INFO'),
      check('not_tested'),
      check('error', 'SHOULD'),
    ];
    expect(summarise(checks, { failOn: 'must' })).toEqual({
      passed: 2,
      failed: 1,
      warned: 2,
      noted: 1,
      known: 0,
      explained: 0,
      not_tested: 1,
      musts_not_tested: 1,
      errored: 1,
      verdict: 'not_conformant',
    });
  });

  test('leaves out what the baseline knows', () => {
    const known = [
      { id: 'a/known', reason: 'so' },
      { id: 'a/other', reason: 'so' },
    ];
    const checks = [check('fail', 'MUST', 'a/known'), check('fail', 'SHOULD', 'a/new')];
    expect(summarise(checks, { failOn: 'must', baseline: { known, stale: [] } })).toMatchObject({
      failed: 0,
      warned: 1,
      known: 2,
      // The baseline accepts it, which proves nothing.
      verdict: 'passed',
    });
  });

  test.for([
    ['conformant', 'must', [check('pass')]],
    ['conformant', 'must', [check('fail', 'SHOULD')]],
    ['conformant', 'must', [check('pass'), check('not_tested', 'SHOULD')]],
    ['passed', 'must', [check('pass'), check('not_tested')]],
    ['not_conformant', 'must', [check('fail'), check('not_tested')]],
    ['not_conformant', 'should', [check('fail', 'SHOULD')]],
    ['conformant', 'should', [check('fail', 'INFO')]],
    ['not_conformant', 'must', [check('fail')]],
    ['not_conformant', 'must', [check('fail'), check('error')]],
    ['inconclusive', 'must', [check('pass'), check('error')]],
    ['inconclusive', 'must', [check('not_tested')]],
    ['inconclusive', 'must', []],
  ] as const)('is %s, failing on %s: %#', ([verdict, failOn, checks]) => {
    expect(summarise(checks, { failOn }).verdict).toBe(verdict);
  });

  test.for([
    ['inconclusive', 'must', 'MUST', 'budget'],
    ['conformant', 'must', 'SHOULD', 'budget'],
    ['inconclusive', 'should', 'SHOULD', 'budget'],
    ['conformant', 'should', 'INFO', 'budget'],
    ['inconclusive', 'must', 'INFO', 'interruption'],
  ] as const)(
    'is %s, failing on %s, when a %s is cut off by the %s',
    ([verdict, failOn, level, by]) => {
      const left = { ...check('not_tested', level, 'a/left'), cut_off: by };
      const options = { failOn, cutOff: by };
      expect(summarise([check('pass'), left], options).verdict).toBe(verdict);
      expect(summarise([check('fail'), left], options).verdict).toBe('not_conformant');
    },
  );

  test('is inconclusive when only what came along was tested', () => {
    const checks = [check('pass', 'MUST', 'a/gate'), check('not_tested', 'MUST', 'a/asked')];
    const wasSelected = (id: string): boolean => id === 'a/asked';
    expect(summarise(checks, { failOn: 'must', wasSelected }).verdict).toBe('inconclusive');
    expect(summarise(checks, { failOn: 'must' }).verdict).toBe('passed');
  });

  test('is not conformant over MUST checks that were not selected', () => {
    const summary = summarise([check('pass')], { failOn: 'must', mustsLeftOut: 40 });
    expect(summary).toMatchObject({ passed: 1, musts_not_tested: 40, verdict: 'passed' });
  });

  test('counts what a finding explains neither as failed nor as not tested', () => {
    const finding = { ...check('fail', 'SHOULD', 'a/cause'), decides: ['a/explained'] };
    const checks = [check('pass'), finding, check('not_tested', 'MUST', 'a/explained')];
    expect(summarise(checks, { failOn: 'must' })).toMatchObject({
      warned: 1,
      explained: 1,
      not_tested: 0,
      musts_not_tested: 0,
      verdict: 'conformant',
    });
  });
});

describe('an exchange', () => {
  /** Marks what went through it. */
  const redact = (text: string, most = text.length): string =>
    `[${text.slice(0, most).replaceAll('secret', '…')}]`;

  test('is shown with everything secret taken out', () => {
    const shown = reportExchange(
      exchange(answer(200, { headers: [['x-a', 'secret']], body: 'a secret', durationMs: 2.6 }), {
        url: 'http://host/?secret',
        headers: [['X-B', 'the secret']],
        body: Buffer.from('{"s":"secret"}'),
        manner: 'in pieces',
      }),
      redact,
    );
    expect(shown).toEqual({
      request: {
        method: 'POST',
        url: '[http://host/?…]',
        headers: [['[X-B]', '[the …]']],
        headers_left_out: 0,
        body: '[{"s":"…"}]',
        body_base64: null,
        body_bytes: 14,
        manner: 'in pieces',
      },
      response: {
        status: 200,
        headers: [['[x-a]', '[…]']],
        headers_left_out: 0,
        body: '[a …]',
        error: null,
        duration_ms: 3,
      },
    });
  });

  test('without an answer says why', () => {
    expect(reportExchange(exchange(none('reset')), redact).response).toEqual({
      status: null,
      headers: [],
      headers_left_out: 0,
      body: null,
      error: 'it was reset',
      duration_ms: 10_000,
    });
  });

  test('shows long bodies shortened, and how much is left out', () => {
    const bodiesOf = (sent: string, body: string, totalBytes?: number | null) =>
      reportExchange(
        exchange(answer(200, { body, totalBytes }), { body: Buffer.from(sent) }),
        (text, most) => text.slice(0, most),
      );
    const { request, response } = bodiesOf('x'.repeat(4097), 'y'.repeat(4096));
    expect(request.body).toBe(`${'x'.repeat(4096)}… (first 4,096 of 4,097 bytes)`);
    expect(request.body_bytes).toBe(4097);
    expect(response.body).toBe('y'.repeat(4096));
    expect(bodiesOf('', 'z'.repeat(65_536), 1_048_576).response.body).toBe(
      `${'z'.repeat(4096)}… (first 4,096 of 1,048,576 bytes)`,
    );
    expect(bodiesOf('', 'z'.repeat(65_536), null).response.body).toMatch(
      / \(first 4,096 of at least 65,536 bytes\)$/,
    );
    // Not in the middle of a character.
    expect(bodiesOf('', `a${'é'.repeat(4000)}`).response.body).toBe(
      `a${'é'.repeat(2047)}… (first 4,095 of 8,001 bytes)`,
    );
  });

  test('shows the first headers, shortened, and how many are left out', () => {
    const headers = Array.from({ length: 60 }, (_, at) => [`x-${at}`, 'h'.repeat(2000)] as const);
    const { response } = reportExchange(exchange(answer(200, { headers })), (text, most) =>
      text.slice(0, most),
    );
    expect(response.headers).toHaveLength(3);
    expect(response.headers_left_out).toBe(57);
    expect(response.headers[0]![1]).toBe(`${'h'.repeat(1024)}… (first 1,024 of 2,000 bytes)`);
    expect(responseLines(response)).toContain('(first 3 of 60 headers)');
  });

  test('shows what is not UTF-8 in base64 alone, up to 3,000 bytes', () => {
    const bytes = Buffer.alloc(3001, 0xff);
    const { request } = reportExchange(exchange(answer(200), { body: bytes }), redact);
    expect(request.body).toBeNull();
    expect(Buffer.from(request.body_base64!, 'base64')).toEqual(bytes.subarray(0, 3000));
    expect(request.body_bytes).toBe(3001);
  });

  test('keeps a byte order mark', () => {
    const { request } = reportExchange(
      exchange(answer(200), { body: Buffer.from('\uFEFF{}') }),
      (text) => text,
    );
    expect(request.body).toBe('\uFEFF{}');
  });
});

test('there is a reporter for each format', () => {
  const begins = {
    pretty: 'http://localhost',
    json: '{\n',
    junit: '<?xml',
    html: '<!doctype html>',
    markdown: '## CONFORMANT, PASSED 1 of 1',
    sarif: '{\n',
    ctrf: '{\n',
  };
  expect(Object.keys(REPORTERS).toSorted()).toEqual(Object.keys(begins).toSorted());
  for (const [format, text] of Object.entries(begins)) {
    expect(REPORTERS[format as keyof typeof REPORTERS](good()).startsWith(text), format).toBe(true);
  }
});

test('a report names this package', () => {
  expect(tool()).toEqual({ name: packageJson.name, version: packageJson.version });
});
