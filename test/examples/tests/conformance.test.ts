/**
 * What people copy is right by our own suite: no MUST and no SHOULD finding, in either language.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { describeSample, sample } from '../../support/sample.ts';
import { LANGUAGES } from './support.ts';
import { verifyPattern } from './verified.ts';

/** Every check of the suite, restarts and recoveries included, on a busy machine. */
const TIMEOUT_MS = 240_000;
/** Consecutive seeds that try every example in every language. */
const PARTS = 5;

const EXAMPLES = [
  ['dedupe', 'crm'],
  ['crm-on-reply', null],
  ['answer-first', 'crm'],
  // These act on some events only, so no count of effects is asked for.
  ['slack-on-meeting', null],
  ['pause-on-bounce-spike', null],
] as const;

const CASES = LANGUAGES.flatMap(({ language, missing }) =>
  EXAMPLES.map(([name, effectsIn]) => ({ name, effectsIn, language, missing })),
);

describe(`examples to copy (${describeSample(CASES, PARTS)})`, () => {
  test.for(sample(CASES, PARTS))(
    '$name in $language passes the suite with every hook that it has',
    { timeout: TIMEOUT_MS },
    async ({ name, effectsIn, language, missing }, { skip }) => {
      if (missing !== null) skip(missing);
      const { checks, summary } = await verifyPattern(language, name, effectsIn);
      const found = checks.filter(
        ({ status, level }) => status === 'error' || (status === 'fail' && level !== 'INFO'),
      );
      expect(found.map(({ id, actual, reason }) => `${id}: ${actual ?? reason}`)).toEqual([]);
      // A pattern has no hook for some of the MUST checks.
      expect(summary.verdict).toMatch(/^(conformant|passed)$/);
    },
  );
});
