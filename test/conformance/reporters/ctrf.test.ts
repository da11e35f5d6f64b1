/**
 * CTRF, validated by the reference implementation of the format.
 *
 * @module
 */
import { validate, type CTRFReport } from 'ctrf';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../../src/conformance/report.ts';
import { ctrf } from '../../../src/conformance/reporters/ctrf.ts';
import { empty, nasty, real } from './sample.ts';

const read = (report: Report): CTRFReport => JSON.parse(ctrf(report)) as CTRFReport;

describe.each<[string, () => Promise<Report> | Report]>([
  ['a real report', real],
  ['a hostile one', nasty],
  ['an empty one', empty],
])('%s', (_name, make) => {
  test('is valid by the published schema', async () => {
    expect(validate(read(await make()))).toMatchObject({ valid: true });
  });

  test('has every check once, and counts what it lists', async () => {
    const report = await make();
    const { tests, summary } = read(report).results;
    const ids = tests.flatMap(({ testId }) => testId ?? []);
    expect(ids).toEqual(report.checks.map(({ id }) => id));
    const { passed, failed, skipped } = summary;
    expect(summary.tests).toBe(tests.length);
    expect(passed + failed + skipped).toBe(tests.length);
    expect(failed).toBe(tests.filter(({ status }) => status === 'failed').length);
  });

  test('fails if and only if the run does', async () => {
    const report = await make();
    const hasPassed = /^(conformant|passed)$/.test(report.summary.verdict);
    const isStale = (report.baseline?.stale.length ?? 0) > 0;
    expect(read(report).results.summary.failed === 0).toBe(hasPassed && !isStale);
  });
});

test('a warning passes with its message; the log of a receiver is what it wrote', () => {
  const report = nasty();
  const { tests } = read({
    ...report,
    checks: report.checks.map((one) => ({ ...one, log: 'TypeError\n    at app.js:7' })),
  }).results;
  const warning = tests.find(({ rawStatus }) => rawStatus === 'warning');
  expect(warning).toMatchObject({ status: 'passed', stderr: ['TypeError', '    at app.js:7'] });
  expect(warning?.message).not.toBe('');
  expect(warning?.trace).toContain('Fix: ');
});
