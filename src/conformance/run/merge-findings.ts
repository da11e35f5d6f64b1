/**
 * One cause, one finding: of failures that an experiment has traced to the same cause, the most severe stays; of
 * those, the one whose experiment it was, or else the first in the catalogue's order. The others are not tested.
 *
 * @module
 */
import type { Level } from '../check.ts';
import type { CheckResult } from '../report.ts';

const LEVELS: readonly Level[] = ['MUST', 'SHOULD', 'INFO'];

/** How the reason of a result begins that another finding explains. */
export const EXPLAINED_BY = 'Explained by ';

export interface Cause {
  readonly key: string;
  /** The check itself has shown it. */
  readonly isOwn: boolean;
}

/** @param causeOf the cause of a failed check, as an experiment has shown it */
export const mergeFindings = (
  results: readonly CheckResult[],
  causeOf: (id: string) => Cause | undefined,
): readonly CheckResult[] => {
  const kept = new Map<string, CheckResult>();
  const rank = ({ id, level }: CheckResult): number =>
    2 * LEVELS.indexOf(level) + (causeOf(id)?.isOwn === true ? 0 : 1);
  const keyOf = ({ id, status }: CheckResult): string | undefined =>
    status === 'fail' ? causeOf(id)?.key : undefined;
  for (const result of results) {
    const key = keyOf(result);
    if (key === undefined) continue;
    const other = kept.get(key);
    if (other === undefined || rank(result) < rank(other)) kept.set(key, result);
  }
  return results.map((result) => {
    const by = kept.get(keyOf(result) ?? '');
    if (by === undefined || by === result) return result;
    return {
      ...result,
      status: 'not_tested',
      reason: `${EXPLAINED_BY}${by.id}: the same cause.`,
      expected: [],
      actual: null,
      diagnosis: null,
      fix: null,
      reproduce: null,
    };
  });
};
