/**
 * JUnit XML with one suite per area. A failed check is a failure, a check that could not run is an error, and untested
 * checks and known failures are skipped with their reason.
 *
 * @module
 */
import type { CheckResult, Report } from '../report.ts';
import { harmless, plainest, requestLines, responseLines } from './exchange-text.ts';
import { findingOf } from './findings.ts';
import { formatCounts, formatVerdict } from './outcome.ts';
import { escapeAttribute, escapeMarkup } from './xml-text.ts';

const element = (
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: string,
): string => {
  const pairs = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escapeAttribute(String(value))}"`)
    .join('');
  return content === '' ? `<${name}${pairs}/>` : `<${name}${pairs}>${content}</${name}>`;
};

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

/** Everything that a finding says, as text. */
export const detailsOf = (result: CheckResult): string => {
  const { expected, requirement, diagnosis, decides, fix, rerun, reproduce, log, exchanges } =
    result;
  const shown = plainest(exchanges);
  const parts = [
    expected.length === 0 ? null : `Expected: ${expected.join(', or ')}`,
    `Requirement: ${requirement}`,
    diagnosis === null ? null : `Cause: ${diagnosis}`,
    decides.length === 0 ? null : `Decides: ${decides.join(', ')}`,
    fix === null ? null : `Fix: ${fix}`,
    rerun === null ? null : `Reproduce: ${rerun}`,
    reproduce === null || reproduce === rerun ? null : `Reproduce: ${reproduce}`,
    log === null ? null : `Log of the receiver:\n${harmless(log)}`,
    shown === null ? null : `Request:\n${requestLines(shown.request).join('\n')}`,
    shown === null ? null : `Response:\n${responseLines(shown.response).join('\n')}`,
  ];
  return parts.filter((part) => part !== null).join('\n\n');
};

type Kind = 'passed' | 'failure' | 'error' | 'skipped';

interface Outcome {
  readonly kind: Kind;
  readonly text: string;
}

const passedWithOutput = (text: string): Outcome => ({
  kind: 'passed',
  text: element('system-out', {}, escapeMarkup(text)),
});

const skipped = (message: string): Outcome => ({
  kind: 'skipped',
  text: element('skipped', { message }, ''),
});

const outcomeOf = (report: Report, result: CheckResult): Outcome => {
  const { status, level, actual, reason } = result;
  if (status === 'not_tested') return skipped(reason ?? '');
  const finding = findingOf(report, result);
  if (finding === null)
    return reason === null ? { kind: 'passed', text: '' } : passedWithOutput(reason);
  if (finding.known !== null) return skipped(`Known failure: ${finding.known}`);
  // The build must fail if and only if the run fails.
  if (finding.severity === 'note' || finding.severity === 'warning')
    return passedWithOutput(`${level}: ${actual ?? ''}\n\n${detailsOf(result)}`);
  const kind = finding.severity === 'error' ? 'error' : 'failure';
  const attributes = { message: actual ?? reason ?? '', type: level };
  return { kind, text: element(kind, attributes, escapeMarkup(detailsOf(result))) };
};

interface Case {
  readonly area: string;
  readonly kind: Kind;
  readonly text: string;
  readonly durationMs: number;
}

const toCase = (name: string, area: string, durationMs: number, outcome: Outcome): Case => {
  const attributes = { name, classname: `sendemall-mock.${area}`, time: seconds(durationMs) };
  const text = element('testcase', attributes, outcome.text);
  return { area, kind: outcome.kind, text, durationMs };
};

const staleCases = ({ baseline }: Report): readonly Case[] =>
  (baseline?.stale ?? []).map(({ id, reason }) => {
    const message = `${id} passes now: remove it from the baseline.`;
    const why = escapeMarkup(`Its reason was: ${reason}`);
    const text = element('failure', { message, type: 'stale' }, why);
    return toCase(`stale: ${id}`, 'baseline', 0, { kind: 'failure', text });
  });

/** A run that could not learn enough must not pass, even if no check has an error of its own. */
const inconclusiveCases = (report: Report): readonly Case[] => {
  const { interrupted, summary } = report;
  if (summary.errored > 0 || !(interrupted || summary.verdict === 'inconclusive')) return [];
  const attributes = { message: formatVerdict(report), type: 'inconclusive' };
  const text = element('error', attributes, escapeMarkup(formatCounts(report)));
  return [toCase('run', 'run', 0, { kind: 'error', text })];
};

const tally = (cases: readonly Case[]): Readonly<Record<string, string | number>> => {
  const having = (kind: Kind): number => cases.filter((one) => one.kind === kind).length;
  return {
    tests: cases.length,
    failures: having('failure'),
    errors: having('error'),
    skipped: having('skipped'),
    time: seconds(cases.reduce((sum, { durationMs }) => sum + durationMs, 0)),
  };
};

const hostOf = ({ target }: Report): string =>
  URL.canParse(target) ? new URL(target).host : target;

export const junit = (report: Report): string => {
  const checks = report.checks.map((result) =>
    toCase(result.id, result.area, result.duration_ms, outcomeOf(report, result)),
  );
  const cases = [...checks, ...staleCases(report), ...inconclusiveCases(report)];
  const run = { timestamp: report.started_at, hostname: hostOf(report) };
  const suites = [...new Set(cases.map(({ area }) => area))].map((area) => {
    const own = cases.filter((one) => one.area === area);
    const lines = own.map(({ text }) => `    ${text}\n`).join('');
    return `  ${element('testsuite', { name: area, ...tally(own), ...run }, `\n${lines}  `)}\n`;
  });
  const all = { name: 'sendemall-mock verify', ...tally(cases), time: seconds(report.duration_ms) };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', all, `\n${suites.join('')}`)}\n`;
};
