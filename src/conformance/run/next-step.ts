/**
 * The hook that would make most of the untested checks testable.
 *
 * @module
 */
import { isActive, type Check } from '../check.ts';
import type { Hook, Need } from '../needs.ts';
import type { CheckResult } from '../report.ts';

export interface NextStep {
  readonly need: Need;
  /** Number of checks that lack nothing else. */
  readonly checks: number;
}

/**
 * Count the untested checks by what they lack, if that is one thing.
 *
 * @param hasHook whether the user provides a hook
 * @returns the need of most checks, the first of the catalogue among equals; null if no check lacks a single thing
 */
export const nextStepOf = (
  checks: readonly Check[],
  results: readonly Pick<CheckResult, 'id' | 'needs'>[],
  hasHook: (hook: Hook) => boolean,
): NextStep | null => {
  const counts = new Map<Need, number>();
  for (const { id, needs } of results) {
    const check = checks.find((one) => one.id === id);
    if (needs === null || check === undefined || !isActive(check)) continue;
    const missing = (check.needs ?? []).filter((hook) => !hasHook(hook));
    if (missing.length <= 1) counts.set(needs, (counts.get(needs) ?? 0) + 1);
  }
  const [most] = [...counts].toSorted(([, one], [, other]) => other - one);
  return most === undefined ? null : { need: most[0], checks: most[1] };
};
