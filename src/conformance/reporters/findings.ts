/**
 * What all reporters show: findings worst first, what was not tested by reason, the counts in words.
 *
 * @module
 */
import { formatSpan } from '../run/cut-off.ts';
import { isCounted, type CheckResult, type Report, type Summary } from '../report.ts';

export type Gravity = 'failure' | 'warning' | 'note' | 'known' | 'error';

export interface Finding {
  readonly result: CheckResult;
  readonly gravity: Gravity;
  /** Why it is let pass; null unless the baseline names it. */
  readonly known: string | null;
}

export interface NotTested {
  readonly reason: string;
  readonly ids: readonly string[];
}

const ORDER: readonly Gravity[] = ['failure', 'error', 'warning', 'note', 'known'];

/** One rule for every format: a failure is what the run fails on. */
const gravityOf = ({ level }: CheckResult, { fail_on: failOn }: Report): Gravity =>
  isCounted(level, failOn) ? 'failure' : level === 'SHOULD' ? 'warning' : 'note';

/** Null for what is no finding: passed or not tested. */
export const findingOf = (report: Report, result: CheckResult): Finding | null => {
  if (result.status === 'error') return { result, gravity: 'error', known: null };
  if (result.status !== 'fail') return null;
  const entry = report.baseline?.known.find(({ id }) => id === result.id);
  return {
    result,
    gravity: entry === undefined ? gravityOf(result, report) : 'known',
    known: entry?.reason ?? null,
  };
};

/** Worst first; within one gravity in the catalogue's order. */
export const findingsOf = (report: Report): readonly Finding[] => {
  const all = report.checks.flatMap((result) => findingOf(report, result) ?? []);
  return ORDER.flatMap((gravity) => all.filter((finding) => finding.gravity === gravity));
};

/** Those that share a reason together, the largest group first. */
export const notTestedBy = (report: Report): readonly NotTested[] => {
  const groups = new Map<string, string[]>();
  for (const { id, status, reason } of report.checks) {
    if (status !== 'not_tested') continue;
    const key = reason ?? 'No reason is given.';
    groups.set(key, [...(groups.get(key) ?? []), id]);
  }
  return [...groups]
    .map(([reason, ids]) => ({ reason, ids }))
    .toSorted((one, other) => other.ids.length - one.ids.length);
};

/** Figures that passing checks have measured. */
export const figuresOf = (report: Report): readonly CheckResult[] =>
  report.checks.filter(
    ({ area, status, reason }) => area === 'performance' && status === 'pass' && reason !== null,
  );

const COUNTS: readonly (readonly [keyof Omit<Summary, 'verdict'>, string])[] = [
  ['passed', 'passed'],
  ['failed', 'failed (MUST)'],
  ['warned', 'warned (SHOULD)'],
  ['noted', 'noted (INFO)'],
  ['known', 'known failures'],
  ['errored', 'could not be judged'],
  ['not_tested', 'not tested'],
];

/** "42 passed, 1 failed (MUST), 3 not tested": passed, failed and not tested always, the rest when there is any. */
export const formatCounts = ({ summary }: Report): string =>
  COUNTS.filter(
    ([member]) =>
      summary[member] > 0 || ['passed', 'failed', 'warned', 'not_tested'].includes(member),
  )
    .map(([member, words]) => `${summary[member]} ${words}`)
    .join(', ');

const VERDICTS = {
  conformant: 'Conformant',
  not_conformant: 'Not conformant',
  inconclusive: 'Inconclusive',
} as const;

/** The verdict as a sentence without its full stop. A run that was interrupted is never called conformant. */
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

export const GRAVITY_WORDS: Readonly<Record<Gravity, string>> = {
  failure: 'FAIL',
  warning: 'WARN',
  note: 'NOTE',
  known: 'KNOWN',
  error: 'ERROR',
};

/** "3.2 s, seed 123". */
export const formatRun = ({ duration_ms, seed }: Report): string =>
  `${(duration_ms / 1000).toFixed(1)} s, seed ${seed}`;
