/**
 * Results of a run, from the first to the last check.
 *
 * @module
 */
import type { Check } from '../check.ts';
import type { CheckResult } from '../report.ts';
import type { RunPlan } from './plan.ts';
import { toResult, type Ran } from './run-check.ts';

export interface Results {
  /** Convert, store and announce the result of a check. */
  finish(check: Check, ran: Ran): CheckResult;
  /** Undefined until the check has finished. */
  get(id: string): CheckResult | undefined;
  /** Whether a result that bears on MUST was cut off. */
  isPartial(): boolean;
}

export const createResults = (plan: RunPlan): Results => {
  const { context, rerun, describeNeed, onProgress } = plan;
  const results = new Map<string, CheckResult>();
  return {
    finish: (check, ran) => {
      const result = toResult(check, ran, { ...context, rerun, describeNeed });
      results.set(check.id, result);
      onProgress({ type: 'finished', check, result });
      return result;
    },
    get: (id) => results.get(id),
    isPartial: () =>
      [...results.values()].some(({ cut_off: by, level }) => by !== null && level === 'MUST'),
  };
};
