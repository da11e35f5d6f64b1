/**
 * The failure to fix first.
 *
 * @module
 */
import type { Report } from '../report.ts';
import { blockedBy } from '../verdict.ts';
import type { Finding } from './findings.ts';

/** Whether a finding is one to fix: notes and known failures are not. */
export const isFailure = ({ severity }: Finding): boolean =>
  severity === 'failed' || severity === 'error' || severity === 'warning';

/** Number of checks that this finding decides, or that are not meaningful until it is fixed. */
const weightOf = ({ checks }: Report, { result: { id, decides } }: Finding): number =>
  decides.length + checks.filter(({ reason }) => reason === blockedBy(id)).length;

/**
 * Of the most severe failures, the one on which most checks depend; a forgery that took effect comes before all.
 *
 * @param failures worst first
 */
export const firstToFix = (report: Report, failures: readonly Finding[]): Finding | undefined => {
  const failed = failures.filter(({ result }) => result.status === 'fail');
  const [worst] = failed;
  if (worst === undefined || worst.result.forgery_took_effect) return worst;
  return failed
    .filter(
      ({ severity, result }) => severity === worst.severity && result.level === worst.result.level,
    )
    .toSorted((one, other) => weightOf(report, other) - weightOf(report, one))[0];
};
