/**
 * Results of a run, from the first to the last check.
 *
 * @module
 */
import type { Check } from '../check.ts';
import { withKnownCause } from '../experiments/known-causes.ts';
import { withKnownExplanation } from '../experiments/known-explanations.ts';
import type { CheckResult } from '../report.ts';
import { mergeFindings, type Cause } from './merge-findings.ts';
import type { RunPlan } from './plan.ts';
import { toResult, type Ran } from './check-result.ts';

export interface Results {
  /** Convert, store and announce the result of a check. */
  finish(check: Check, ran: Ran): CheckResult;
  /** Undefined until the check has finished. */
  get(id: string): CheckResult | undefined;
  /** Whether a result that bears on MUST was cut off. */
  isPartial(): boolean;
  /** All results, with the causes that later experiments have shown; failures with the same cause are one finding. */
  merged(): readonly CheckResult[];
}

export const createResults = (plan: RunPlan): Results => {
  const { checks, context, seed, rerun, explain: explainCommand, describeNeed, onProgress } = plan;
  const rerunCheck = rerun === undefined ? undefined : (id: string | null) => rerun(id, seed);
  const options = { ...context, rerun: rerunCheck, explain: explainCommand, describeNeed };
  const results = new Map<string, CheckResult>();
  const rans = new Map<string, Ran>();
  /** Ids of the checks whose own experiment has shown their cause. */
  const explainedItself = new Set<string>();

  const explain = (ran: Ran): Ran => ({
    ...ran,
    verdict: withKnownExplanation(
      context,
      withKnownCause(context, ran.verdict, ran.exchanges),
      ran.exchanges,
    ),
  });

  const causeOf = (id: string): Cause | undefined => {
    const verdict = rans.get(id)?.verdict;
    if (verdict?.status !== 'fail' || verdict.key === undefined) return undefined;
    return { key: verdict.key, isOwn: explainedItself.has(id) };
  };

  /** The result of a check, with a cause that was not known when it finished. */
  const withLaterCause = (check: Check): CheckResult => {
    const ran = rans.get(check.id)!;
    const explained = explain(ran);
    if (explained.verdict === ran.verdict) return results.get(check.id)!;
    rans.set(check.id, explained);
    return toResult(check, explained, options);
  };

  return {
    finish: (check, ran) => {
      const { verdict } = ran;
      if (verdict.status === 'fail' && verdict.key !== undefined && verdict.owner === undefined) {
        explainedItself.add(check.id);
      }
      const explained = explain(ran);
      const result = toResult(check, explained, options);
      rans.set(check.id, explained);
      results.set(check.id, result);
      onProgress({ type: 'finished', check, result });
      return result;
    },
    get: (id) => results.get(id),
    isPartial: () =>
      [...results.values()].some(({ cut_off: by, level }) => by !== null && level === 'MUST'),
    merged: () => mergeFindings(checks.map(withLaterCause), causeOf),
  };
};
