/**
 * Results of a run, from the first to the last check.
 *
 * @module
 */
import type { Check } from '../check.ts';
import type { CheckResult } from '../report.ts';
import { mergeFindings, type Cause } from './merge-findings.ts';
import type { RunPlan } from './plan.ts';
import { toResult, type Ran } from './run-check.ts';

export interface Results {
  /** Convert, store and announce the result of a check. */
  finish(check: Check, ran: Ran): CheckResult;
  /** Undefined until the check has finished. */
  get(id: string): CheckResult | undefined;
  /** Whether a result that bears on MUST was cut off. */
  isPartial(): boolean;
  /** All results in the order of the plan; failures with the same cause are one finding. */
  merged(): readonly CheckResult[];
}

export const createResults = (plan: RunPlan): Results => {
  const { checks, context, seed, rerun, describeNeed, onProgress } = plan;
  const results = new Map<string, CheckResult>();
  const causes = new Map<string, Cause>();
  const rerunCheck = rerun === undefined ? undefined : (id: string | null) => rerun(id, seed);
  return {
    finish: (check, ran) => {
      const { verdict } = ran;
      if (verdict.status === 'fail' && verdict.key !== undefined) {
        causes.set(check.id, { key: verdict.key, isOwn: true });
      }
      const result = toResult(check, ran, { ...context, rerun: rerunCheck, describeNeed });
      results.set(check.id, result);
      onProgress({ type: 'finished', check, result });
      return result;
    },
    get: (id) => results.get(id),
    isPartial: () =>
      [...results.values()].some(({ cut_off: by, level }) => by !== null && level === 'MUST'),
    merged: () =>
      mergeFindings(
        checks.map(({ id }) => results.get(id)!),
        (id) => causes.get(id),
      ),
  };
};
