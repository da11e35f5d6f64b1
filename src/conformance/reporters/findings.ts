/**
 * Shared parts of all reporters: findings by severity, and untested checks by reason.
 *
 * @module
 */
import type { Level } from '../check.ts';
import { isCounted, type CheckResult, type Report } from '../report.ts';
import { explainedIds } from '../summary.ts';

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

const isForgery = ({ result, severity }: Finding): boolean =>
  result.forgery_took_effect && severity !== 'known';

const LEVELS: readonly Level[] = ['MUST', 'SHOULD', 'INFO'];

/** Findings: forgeries that took effect, then by descending severity and level, then in catalogue order. */
export const findingsOf = (report: Report): readonly Finding[] => {
  const all = report.checks.flatMap((result) => findingOf(report, result) ?? []);
  const rank = (finding: Finding): number =>
    isForgery(finding)
      ? -1
      : LEVELS.length * ORDER.indexOf(finding.severity) + LEVELS.indexOf(finding.result.level);
  return all.toSorted((one, other) => rank(one) - rank(other));
};

/** Untested checks grouped by reason, largest group first; without those that a finding explains. */
export const notTestedBy = (report: Report): readonly NotTested[] => {
  const explained = explainedIds(report.checks);
  const groups = new Map<string, string[]>();
  for (const { id, status, reason } of report.checks) {
    if (status !== 'not_tested' || explained.has(id)) continue;
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
