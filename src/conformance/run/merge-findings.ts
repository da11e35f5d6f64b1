/**
 * One cause, one finding: of the failures that an experiment has traced to the same cause, one stays. It is the most
 * severe; among equals, the one whose own experiment has shown the cause, then the first in catalogue order. The others
 * are not tested, with the finding that explains them as the reason.
 *
 * @module
 */
import type { Level } from '../check.ts';
import type { CheckResult } from '../report.ts';

const LEVELS: readonly Level[] = ['MUST', 'SHOULD', 'INFO'];

/** How the reason of an explained result begins. */
export const EXPLAINED_BY = 'Explained by ';

export interface Cause {
  /** Stable and comparable; see `Verdict`. */
  readonly key: string;
  /** Whether the check itself has shown the cause. */
  readonly isOwn: boolean;
}

/** The first sentence of a text, without what follows it. */
export const firstSentence = (text: string): string => /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text;

const explained = (result: CheckResult, by: CheckResult): CheckResult => ({
  ...result,
  status: 'not_tested',
  reason: `${EXPLAINED_BY}${by.id}: ${firstSentence(by.diagnosis ?? by.actual ?? by.title)}`,
  expected: [],
  actual: null,
  diagnosis: null,
  fix: null,
  reproduce: null,
  rerun: null,
  explain: null,
  forgery_took_effect: false,
});

/**
 * Merge failures with the same cause.
 *
 * @param causeOf the cause of a failed check, by id, as an experiment has shown it; undefined without one
 */
export const mergeFindings = (
  results: readonly CheckResult[],
  causeOf: (id: string) => Cause | undefined,
): readonly CheckResult[] => {
  const kept = new Map<string, CheckResult>();
  const rank = ({ id, level, forgery_took_effect: forged }: CheckResult): number =>
    (forged ? 0 : 10) + 2 * LEVELS.indexOf(level) + (causeOf(id)?.isOwn === true ? 0 : 1);
  const keyOf = ({ id, status }: CheckResult): string | undefined =>
    status === 'fail' ? causeOf(id)?.key : undefined;
  for (const result of results) {
    const key = keyOf(result);
    if (key === undefined) continue;
    const other = kept.get(key);
    if (other === undefined || rank(result) < rank(other)) kept.set(key, result);
  }
  return results.map((result) => {
    const key = keyOf(result);
    const by = key === undefined ? undefined : kept.get(key);
    if (by === undefined) return result;
    if (by !== result) return explained(result, by);
    const others = results.filter((other) => other !== result && keyOf(other) === key);
    return others.length === 0 ? result : { ...result, decides: others.map(({ id }) => id) };
  });
};
