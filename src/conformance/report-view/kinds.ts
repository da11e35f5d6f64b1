/**
 * Results of checks as the view names them: severities, passed, not tested.
 *
 * @module
 */
import type { CheckResult, Report } from '../report.ts';
import { findingOf, SEVERITY_LABELS, type Severity } from '../reporters/findings.ts';

/** Result of a check, as the filter and the bars name it. */
export type Kind = Severity | 'passed' | 'not_tested';

const LABELS: Readonly<Record<string, string>> = { passed: 'passed', not_tested: 'not tested' };

export const labelOf = (kind: Kind): string =>
  LABELS[kind] ?? SEVERITY_LABELS[kind as Severity].toLowerCase();

export const kindOf = (report: Report, result: CheckResult): Kind =>
  findingOf(report, result)?.severity ?? (result.status === 'pass' ? 'passed' : 'not_tested');

/** Choices of the filter, with their labels. */
export const FILTERS = [
  ['all', 'All'],
  ['failed', 'Failed'],
  ['warning', 'Warnings'],
  ['note', 'Notes'],
  ['known', 'Known'],
  ['error', 'Errors'],
  ['passed', 'Passed'],
  ['not_tested', 'Not tested'],
] as const;
