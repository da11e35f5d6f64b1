/**
 * Which checks a run is to make: ids and globs.
 *
 * @module
 */
import { isActive, STAGES, type Check, type Hook } from '../check.ts';
import { OptionsError } from '../options.ts';

const toPattern = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll(/\*+/g, '.*')
      .replaceAll('?', '.')}$`,
  );

/** @throws {OptionsError} when a glob fits no check, because then it is a slip */
const matching = (checks: readonly Check[], globs: readonly string[], flag: string): Set<string> =>
  new Set(
    globs.flatMap((glob) => {
      const pattern = toPattern(glob);
      const ids = checks.map(({ id }) => id).filter((id) => pattern.test(id));
      if (ids.length === 0) {
        throw new OptionsError(
          `${flag} "${glob}" fits no check. The ids are listed by "sendemall-mock verify --list"; a glob such as "signature/*" takes several.`,
        );
      }
      return ids;
    }),
  );

export interface Selection {
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
}

/** @throws {OptionsError} when nothing is left, or a glob fits nothing */
export const selectChecks = (
  checks: readonly Check[],
  { only = [], skip = [] }: Selection,
): readonly Check[] => {
  const wanted = only.length === 0 ? null : matching(checks, only, '--only');
  const unwanted = matching(checks, skip, '--skip');
  const left = checks.filter(({ id }) => (wanted?.has(id) ?? true) && !unwanted.has(id));
  if (left.length === 0)
    throw new OptionsError('--only and --skip together leave no check to run.');
  return left;
};

const needsOf = (check: Check): readonly Hook[] => (isActive(check) ? (check.needs ?? []) : []);

const isGate = (check: Check): boolean => isActive(check) && 'gate' in STAGES[check.stage];

/**
 * The selected checks, the gates (from a receiver that refuses everything, nothing can be learnt), and those that
 * vouch for the hooks that they rest on. Whether a forgery took effect is asked
 * wherever it can be, so what vouches for effects goes with everything.
 *
 * @param given whether there is such a hook
 */
export const withVouchers = (
  checks: readonly Check[],
  selected: readonly Check[],
  { skip = [] }: Selection,
  given: (hook: Hook) => boolean,
): readonly Check[] => {
  const unwanted = matching(checks, skip, '--skip');
  const hooks = new Set<Hook>(['effects', ...selected.flatMap(needsOf)]);
  const vouches = (check: Check): boolean =>
    isActive(check) &&
    check.vouches !== undefined &&
    hooks.has(check.vouches) &&
    given(check.vouches);
  return checks.filter(
    (check) =>
      selected.includes(check) || (!unwanted.has(check.id) && (isGate(check) || vouches(check))),
  );
};
