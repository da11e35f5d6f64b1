/**
 * What a run has judged, in a file, so that a stopped one can go on: a line of JSON for each mutant.
 *
 * @module
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { equivalenceOf, gapOf } from './equivalent.ts';
import type { Judged } from './judge.ts';
import type { AutomaticMutant } from './mutant.ts';

export interface Log {
  /** The result of an earlier run; null without one, or if the mutant is known to be equivalent by now. */
  find(mutant: AutomaticMutant): Judged | null;
  add(one: Judged): void;
}

const keyOf = ({ place, original, replacement }: AutomaticMutant): string =>
  JSON.stringify([place, original, replacement]);

/** @param isResumed whether earlier results count */
export const createLog = (file: string, isResumed: boolean): Log => {
  if (!isResumed) rmSync(file, { force: true });
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  // Two mutants may read the same: each takes one of the results.
  const before = lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Pick<Judged, 'outcome' | 'by'> & { readonly key: string });
  return {
    find: (mutant) => {
      if (equivalenceOf(mutant) !== null) return null;
      const key = keyOf(mutant);
      const at = before.findIndex((one) => one.key === key);
      const [found] = at === -1 ? [] : before.splice(at, 1);
      return found === undefined
        ? null
        : { mutant, outcome: found.outcome, by: found.by || (gapOf(mutant) ?? '') };
    },
    add: ({ mutant, outcome, by }) =>
      appendFileSync(file, `${JSON.stringify({ key: keyOf(mutant), outcome, by })}\n`),
  };
};
