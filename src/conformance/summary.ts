/**
 * Counts and verdict of a run.
 *
 * @module
 */
import type { CutOff, Level } from './check.ts';
import {
  isCounted,
  type BaselineResult,
  type CheckResult,
  type FailOn,
  type RunVerdict,
  type Summary,
} from './report.ts';

const count = (checks: readonly CheckResult[], fits: (check: CheckResult) => boolean): number =>
  checks.filter(fits).length;

export interface SummaryOptions {
  readonly failOn: FailOn;
  readonly baseline?: BaselineResult | null;
  /** Whether a check was selected, rather than added as a prerequisite; default: all were. */
  readonly wasSelected?: (id: string) => boolean;
  /** Whether a check validates a hook that was given; default: none does. */
  readonly validatesHook?: (id: string) => boolean;
  /** Why the run ended early; null if it did not. */
  readonly cutOff?: CutOff | null;
  /** Number of MUST checks of the catalogue that were not part of the run; default: 0. */
  readonly mustsLeftOut?: number;
}

/**
 * Whether a run without counted failures is inconclusive because it ended early: it was interrupted, or its budget was
 * exhausted before every check that decides the verdict had a result.
 */
const isUnfinished = (
  checks: readonly CheckResult[],
  { failOn, cutOff = null, wasSelected = () => true }: SummaryOptions,
): boolean =>
  cutOff === 'interruption' ||
  checks.some(
    ({ id, level, cut_off: by }) => by !== null && wasSelected(id) && isCounted(level, failOn),
  );

/** Ids of the failures that another finding explains. */
export const explainedIds = (
  checks: readonly Pick<CheckResult, 'decides'>[],
): ReadonlySet<string> => new Set(checks.flatMap(({ decides }) => decides));

const verdictOf = (
  checks: readonly CheckResult[],
  options: SummaryOptions,
  { bad, provesAll }: { readonly bad: boolean; readonly provesAll: boolean },
): RunVerdict => {
  const { wasSelected = () => true, validatesHook = () => false } = options;
  if (bad) return 'not_conformant';
  // Prerequisites say nothing about the selected checks.
  const isConclusive = checks.some(
    ({ id, status }) => (status === 'pass' || status === 'fail') && wasSelected(id),
  );
  // An unreliable hook leaves most checks that need it untested, so the run must not pass.
  const hasUnreliableHook = checks.some(({ id, status }) => validatesHook(id) && status !== 'pass');
  const hasErrors = checks.some(({ status }) => status === 'error');
  if (hasErrors || !isConclusive || hasUnreliableHook || isUnfinished(checks, options)) {
    return 'inconclusive';
  }
  return provesAll ? 'conformant' : 'passed';
};

export const summarise = (checks: readonly CheckResult[], options: SummaryOptions): Summary => {
  const { failOn, baseline = null, mustsLeftOut = 0 } = options;
  const isKnown = ({ id }: CheckResult): boolean =>
    baseline?.known.some((entry) => entry.id === id) ?? false;
  const failing = checks.filter((check) => check.status === 'fail' && !isKnown(check));
  const withLevel = (level: Level): number => count(failing, (check) => check.level === level);
  const explained = explainedIds(checks);
  const untested = checks.filter(({ id, status }) => status === 'not_tested' && !explained.has(id));
  const mustsNotTested = mustsLeftOut + count(untested, ({ level }) => level === 'MUST');
  const knownMusts = count(checks, (check) => isKnown(check) && check.level === 'MUST');
  return {
    passed: count(checks, ({ status }) => status === 'pass'),
    failed: withLevel('MUST'),
    warned: withLevel('SHOULD'),
    noted: withLevel('INFO'),
    known: baseline?.known.length ?? 0,
    explained: explained.size,
    not_tested: untested.length,
    musts_not_tested: mustsNotTested,
    errored: count(checks, ({ status }) => status === 'error'),
    verdict: verdictOf(checks, options, {
      bad: failing.some(({ level }) => isCounted(level, failOn)),
      provesAll: mustsNotTested === 0 && knownMusts === 0,
    }),
  };
};
