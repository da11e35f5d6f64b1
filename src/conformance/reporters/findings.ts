/**
 * Shared parts of all reporters: findings by severity, untested checks by reason, and counts.
 *
 * @module
 */
import { formatSpan } from '../run/cut-off.ts';
import { isCounted, type CheckResult, type Report, type Summary } from '../report.ts';

export type Severity = 'failed' | 'warning' | 'note' | 'known' | 'error';

export interface Finding {
  readonly result: CheckResult;
  readonly severity: Severity;
  /** Reason given in the baseline; null for a failure that the baseline does not list. */
  readonly known: string | null;
}

export interface NotTested {
  readonly reason: string;
  readonly ids: readonly string[];
}

const ORDER: readonly Severity[] = ['failed', 'error', 'warning', 'note', 'known'];

/** A finding is `failed` if its level decides the verdict of this run. The same rule applies to all formats. */
const severityOf = ({ level }: CheckResult, { fail_on: failOn }: Report): Severity =>
  isCounted(level, failOn) ? 'failed' : level === 'SHOULD' ? 'warning' : 'note';

/** Return the finding of a result; null if it passed or was not tested. */
export const findingOf = (report: Report, result: CheckResult): Finding | null => {
  if (result.status === 'error') return { result, severity: 'error', known: null };
  if (result.status !== 'fail') return null;
  const entry = report.baseline?.known.find(({ id }) => id === result.id);
  return {
    result,
    severity: entry === undefined ? severityOf(result, report) : 'known',
    known: entry?.reason ?? null,
  };
};

/** Findings by descending severity, then in catalogue order. */
export const findingsOf = (report: Report): readonly Finding[] => {
  const all = report.checks.flatMap((result) => findingOf(report, result) ?? []);
  return ORDER.flatMap((severity) => all.filter((finding) => finding.severity === severity));
};

/** Untested checks grouped by reason, largest group first. */
export const notTestedBy = (report: Report): readonly NotTested[] => {
  const groups = new Map<string, string[]>();
  for (const { id, status, reason } of report.checks) {
    if (status !== 'not_tested') continue;
    const key = reason ?? 'No reason given.';
    groups.set(key, [...(groups.get(key) ?? []), id]);
  }
  return [...groups]
    .map(([reason, ids]) => ({ reason, ids }))
    .toSorted((one, other) => other.ids.length - one.ids.length);
};

/** Passed performance checks with measurements. */
export const figuresOf = (report: Report): readonly CheckResult[] =>
  report.checks.filter(
    ({ area, status, reason }) => area === 'performance' && status === 'pass' && reason !== null,
  );

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const COUNTS: Readonly<Record<keyof Omit<Summary, 'verdict'>, (count: number) => string>> = {
  passed: (count) => `${count} passed`,
  failed: (count) => `${count} failed (MUST)`,
  warned: (count) => `${plural(count, 'warning')} (SHOULD)`,
  noted: (count) => `${plural(count, 'note')} (INFO)`,
  known: (count) => plural(count, 'known failure'),
  errored: (count) => plural(count, 'error'),
  not_tested: (count) => `${count} not tested`,
};

const ALWAYS_COUNTED: ReadonlySet<string> = new Set(['passed', 'failed', 'warned', 'not_tested']);

/** "42 passed, 1 failed (MUST), 2 warnings (SHOULD), 3 not tested"; notes, known failures and errors only if there are any. */
export const formatCounts = ({ summary }: Report): string =>
  (Object.keys(COUNTS) as (keyof typeof COUNTS)[])
    .filter((member) => summary[member] > 0 || ALWAYS_COUNTED.has(member))
    .map((member) => COUNTS[member](summary[member]))
    .join(', ');

const VERDICTS = {
  conformant: 'Conformant',
  not_conformant: 'Not conformant',
  inconclusive: 'Inconclusive',
} as const;

/** The verdict as a sentence without a period. An interrupted run is never called conformant. */
export const formatVerdict = ({ summary, cut_off: cutOff }: Report): string => {
  const verdict = VERDICTS[summary.verdict];
  if (cutOff === null) return verdict;
  const where = `after ${cutOff.reached} of ${cutOff.total} checks`;
  if (cutOff.by === 'budget') {
    const budget = cutOff.budget_ms === null ? '' : ` of ${formatSpan(cutOff.budget_ms)}`;
    return `${verdict}, time budget${budget} spent ${where}`;
  }
  const found = summary.verdict === 'not_conformant' ? `, ${verdict.toLowerCase()} so far` : '';
  return `INTERRUPTED ${where}${found}`;
};

export const SEVERITY_LABELS: Readonly<Record<Severity, string>> = {
  failed: 'FAILED',
  warning: 'WARNING',
  note: 'NOTE',
  known: 'KNOWN',
  error: 'ERROR',
};

/** "3.2 s, seed 123". */
export const formatRun = ({ duration_ms, seed }: Report): string =>
  `${(duration_ms / 1000).toFixed(1)} s, seed ${seed}`;
