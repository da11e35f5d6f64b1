/**
 * Selection of checks by ids and globs.
 *
 * @module
 */
import { isActive, STAGES, type Check } from '../check.ts';
import type { Hook } from '../needs.ts';
import { matchesGlob } from '../../domain/glob.ts';
import { OptionsError } from '../options.ts';

/** @throws {OptionsError} for a glob that matches no check, because that is a typo */
const matching = (
  checks: readonly Check[],
  globs: readonly string[],
  option: 'only' | 'skip',
): Set<string> =>
  new Set(
    globs.flatMap((glob) => {
      const ids = checks.map(({ id }) => id).filter((id) => matchesGlob(glob, id, '?'));
      if (ids.length > 0) return ids;
      throw new OptionsError(
        (name) =>
          `${name(option)} "${glob}" matches no check. Use an id such as "delivery/dup-seq" or a glob such as "signature/*"; "sendemall-mock verify --list" lists all ids.`,
      );
    }),
  );

export interface Selection {
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
}

/**
 * Checks selected by ids and globs.
 *
 * @throws {OptionsError} if no check is left, or a glob matches no check
 */
export const selectChecks = (
  checks: readonly Check[],
  { only = [], skip = [] }: Selection,
): readonly Check[] => {
  const wanted = only.length === 0 ? null : matching(checks, only, 'only');
  const unwanted = matching(checks, skip, 'skip');
  const selected = checks.filter(({ id }) => (wanted?.has(id) ?? true) && !unwanted.has(id));
  if (selected.length > 0) return selected;
  throw new OptionsError(
    (name) => `${name('only')} and ${name('skip')} together select no check. Remove one of them.`,
  );
};

export interface CheckPlan {
  /** The checks that the user selected. */
  readonly selected: readonly Check[];
  /** All checks to run: the selected ones and their prerequisites, in catalogue order. */
  readonly checks: readonly Check[];
  /** The check among them that validates a given hook, by hook. */
  readonly validators: ReadonlyMap<Hook, string>;
}

/** Checks that validate one of the given hooks, by hook. */
export const validatorsOf = (
  checks: readonly Check[],
  isGiven: (hook: Hook) => boolean,
): ReadonlyMap<Hook, string> =>
  new Map(
    checks.flatMap((check) =>
      isActive(check) && check.validates !== undefined && isGiven(check.validates)
        ? [[check.validates, check.id] as const]
        : [],
    ),
  );

const needsOf = (check: Check): readonly Hook[] => (isActive(check) ? (check.needs ?? []) : []);

const isGate = (check: Check): boolean => isActive(check) && 'gate' in STAGES[check.stage];

/**
 * Plan a run. Prerequisites are the gates, because nothing can be learned from a receiver that refuses everything, and the
 * checks that validate the hooks in use. The effects hook is always in use: it shows whether a forgery took effect.
 * Skipped prerequisites stay skipped.
 *
 * @param isGiven whether the user provides a hook
 * @throws {OptionsError} as {@link selectChecks}
 */
export const planChecks = (
  all: readonly Check[],
  selection: Selection,
  isGiven: (hook: Hook) => boolean,
): CheckPlan => {
  const selected = selectChecks(all, selection);
  const unwanted = matching(all, selection.skip ?? [], 'skip');
  const used = new Set<Hook>(['effects', ...selected.flatMap(needsOf)]);
  const validating = new Set(validatorsOf(all, (hook) => used.has(hook) && isGiven(hook)).values());
  const checks = all.filter(
    (check) =>
      selected.includes(check) ||
      (!unwanted.has(check.id) && (isGate(check) || validating.has(check.id))),
  );
  return { selected, checks, validators: validatorsOf(checks, isGiven) };
};
