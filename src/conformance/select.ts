/**
 * Which checks a run is to make: ids and globs.
 *
 * @module
 */
import type { Check } from './check.ts';
import { OptionsError } from './options.ts';

const toPattern = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
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
