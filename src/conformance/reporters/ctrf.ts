/**
 * CTRF, the Common Test Report Format: one test per check, with the same rules as the JUnit report.
 *
 * @module
 */
import { toUSVString } from 'node:util';
import type { CTRFReport, Test, TestStatus } from 'ctrf';
import type { CheckResult, Report } from '../report.ts';
import { harmless } from './exchange-text.ts';
import { findingOf } from './findings.ts';
import { detailsOf } from './junit.ts';
import { formatCounts, formatVerdict } from './outcome.ts';

const SPEC_VERSION = '0.0.0';
const ROOT = 'sendemall-mock verify';

type Outcome = Pick<Test, 'status' | 'rawStatus' | 'message' | 'trace'>;

const clean = (text: string): string => toUSVString(harmless(text));

/** The build must fail if and only if the run fails: warnings and notes pass, with a message. */
const outcomeOf = (report: Report, result: CheckResult): Outcome => {
  const { status, actual, reason } = result;
  const message = clean(actual ?? reason ?? '');
  const said = message === '' ? {} : { message };
  const finding = findingOf(report, result);
  if (finding === null) {
    return status === 'pass'
      ? { status: 'passed', rawStatus: 'passed', ...said }
      : { status: 'skipped', rawStatus: 'not tested', ...said };
  }
  const { severity, known } = finding;
  if (known !== null) {
    return { status: 'skipped', rawStatus: severity, message: clean(`Known failure: ${known}`) };
  }
  const isHarmless = severity === 'warning' || severity === 'note';
  return {
    status: isHarmless ? 'passed' : 'failed',
    rawStatus: severity,
    ...said,
    trace: clean(detailsOf(result)),
  };
};

const toTest = (report: Report, result: CheckResult): Test => ({
  testId: result.id,
  name: `${result.id}: ${clean(result.title)}`,
  duration: result.duration_ms,
  suite: [ROOT, result.area],
  tags: [result.level],
  ...outcomeOf(report, result),
  ...(result.log === null ? {} : { stderr: clean(result.log).split('\n') }),
});

const failedTest = (name: string, suite: string, message: string): Test => ({
  name,
  status: 'failed',
  duration: 0,
  suite: [ROOT, suite],
  message: clean(message),
});

/** What fails a run besides its checks: stale entries in the baseline, and a run that could not learn enough. */
const otherTests = (report: Report): readonly Test[] => {
  const { baseline, interrupted, summary } = report;
  const stale = (baseline?.stale ?? []).map(({ id, reason }) =>
    failedTest(
      `stale: ${id}`,
      'baseline',
      `${id} passes now: remove it from the baseline. Its reason was: ${reason}`,
    ),
  );
  const isInconclusive =
    summary.errored === 0 && (interrupted || summary.verdict === 'inconclusive');
  return isInconclusive
    ? [...stale, failedTest('run', 'run', `${formatVerdict(report)}. ${formatCounts(report)}`)]
    : stale;
};

export const ctrf = (report: Report): string => {
  const tests = [...report.checks.map((result) => toTest(report, result)), ...otherTests(report)];
  const count = (status: TestStatus): number =>
    tests.filter((test) => test.status === status).length;
  const start = Date.parse(report.started_at);
  const document: CTRFReport = {
    reportFormat: 'CTRF',
    specVersion: SPEC_VERSION,
    timestamp: report.started_at,
    generatedBy: `${report.tool.name} ${report.tool.version}`,
    results: {
      tool: { name: report.tool.name, version: report.tool.version },
      summary: {
        tests: tests.length,
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        pending: 0,
        other: 0,
        start,
        stop: start + report.duration_ms,
        duration: report.duration_ms,
      },
      tests,
      extra: { target: report.target, seed: report.seed, verdict: report.summary.verdict },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
};
