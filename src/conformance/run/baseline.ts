/**
 * Baselines: known failures that do not fail a run, each with a reason. An entry that passes must be removed.
 *
 * @module
 */
import * as z from 'zod';
import type { Check } from '../check.ts';
import { OptionsError } from '../options.ts';
import type { BaselineResult, CheckResult, KnownFailure } from '../report.ts';

const Baseline = z.strictObject({
  $schema: z.string().optional(),
  known: z.array(
    z.strictObject({
      id: z.string().min(1),
      reason: z.string().refine((text) => text.trim() !== ''),
    }),
  ),
});

const SHAPE =
  'It must be {"known": [{"id": "delivery/dup-seq", "reason": "why it is accepted, and until when"}]}';

const placeOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');

const problemOf = ({ code, path, message, ...rest }: z.core.$ZodIssue): string => {
  if (path.at(-1) === 'reason') return `known${placeOf(path.slice(1, -1))} has no reason`;
  if (code === 'unrecognized_keys') {
    const { keys } = rest as { keys: readonly string[] };
    return `unknown key "${keys[0]}"`;
  }
  return `${placeOf(path).replace(/^\./, '') || 'root'}: ${message}`;
};

/**
 * @param given parsed JSON
 * @param name the file's name, for messages
 * @throws {OptionsError} for a wrong shape, an entry without a reason, a duplicate id or an unknown check
 */
export const readBaseline = (
  given: unknown,
  name: string,
  checks: readonly Check[],
): readonly KnownFailure[] => {
  const read = Baseline.safeParse(given);
  if (!read.success) {
    throw new OptionsError(
      `Invalid baseline ${name}: ${problemOf(read.error.issues[0]!)}. ${SHAPE}.`,
    );
  }
  const { known } = read.data;
  const ids = known.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) {
    throw new OptionsError(
      `Invalid baseline ${name}: duplicate entry ${twice}. Remove one of them.`,
    );
  }
  const gone = ids.find((id) => checks.every((check) => check.id !== id));
  if (gone !== undefined) {
    throw new OptionsError(`Invalid baseline ${name}: unknown check ${gone}. Remove the entry.`);
  }
  return known;
};

/** Sort the baseline entries by result: only a passed check makes its entry stale. */
export const compareWithBaseline = (
  checks: readonly CheckResult[],
  known: readonly KnownFailure[],
): BaselineResult => {
  const withStatus = (status: CheckResult['status']): readonly KnownFailure[] =>
    known.filter(({ id }) => checks.some((check) => check.id === id && check.status === status));
  return { known: withStatus('fail'), stale: withStatus('pass') };
};
