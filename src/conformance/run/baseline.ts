/**
 * Failures that are known: they do not fail a run, each for a reason; one that has gone must be taken off the list.
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
  'It must be {"known": [{"id": "delivery/dup-seq", "reason": "why it is let pass, and until when"}]}';

const placeOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');

const problemOf = ({ code, path, message, ...rest }: z.core.$ZodIssue): string => {
  if (path.at(-1) === 'reason') return `known${placeOf(path.slice(1, -1))} has no reason`;
  if (code === 'unrecognized_keys') {
    const { keys } = rest as { keys: readonly string[] };
    return `it has a member "${keys[0]}", which nobody knows`;
  }
  return `${placeOf(path).replace(/^\./, '') || 'the whole'}: ${message}`;
};

/**
 * @param given what was read from JSON
 * @param name the file's name, for messages
 * @throws {OptionsError} for another shape, an entry without a reason, an id twice or of no check
 */
export const readBaseline = (
  given: unknown,
  name: string,
  checks: readonly Check[],
): readonly KnownFailure[] => {
  const read = Baseline.safeParse(given);
  if (!read.success) {
    throw new OptionsError(
      `The baseline ${name} cannot be used: ${problemOf(read.error.issues[0]!)}. ${SHAPE}.`,
    );
  }
  const { known } = read.data;
  const ids = known.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) {
    throw new OptionsError(`The baseline ${name} names ${twice} twice. Leave one entry.`);
  }
  const gone = ids.find((id) => checks.every((check) => check.id !== id));
  if (gone !== undefined) {
    throw new OptionsError(
      `The baseline ${name} names ${gone}, and there is no such check. Take the entry out; the ids are listed by "sendemall-mock verify --list".`,
    );
  }
  return known;
};

/** What became of the entries: only a check that has passed makes its entry stale. */
export const compareWithBaseline = (
  checks: readonly CheckResult[],
  known: readonly KnownFailure[],
): BaselineResult => {
  const withStatus = (status: CheckResult['status']): readonly KnownFailure[] =>
    known.filter(({ id }) => checks.some((check) => check.id === id && check.status === status));
  return { known: withStatus('fail'), stale: withStatus('pass') };
};
