/**
 * The failure to fix first.
 *
 * @module
 */
import { CATALOGUE } from '../catalogue.ts';
import { isActive } from '../check.ts';
import type { Finding } from './findings.ts';

/** Whether a finding is one to fix: notes and known failures are not. */
export const isFailure = ({ severity }: Finding): boolean =>
  severity === 'failed' || severity === 'error' || severity === 'warning';

/** Number of checks that this finding decides, or that are not meaningful until it is fixed. */
const weightOf = ({ result: { id, decides } }: Finding): number =>
  decides.length +
  CATALOGUE.filter((check) => isActive(check) && check.after?.includes(id) === true).length;

/**
 * Of the most severe failures, the one on which most checks depend; a forgery that took effect comes before all.
 *
 * @param failures worst first
 */
export const firstToFix = (failures: readonly Finding[]): Finding | undefined => {
  const failed = failures.filter(({ result }) => result.status === 'fail');
  const [worst] = failed;
  if (worst === undefined || worst.result.forgery_took_effect) return worst;
  return failed
    .filter(
      ({ severity, result }) => severity === worst.severity && result.level === worst.result.level,
    )
    .toSorted((one, other) => weightOf(other) - weightOf(one))[0];
};
