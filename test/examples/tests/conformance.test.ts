/**
 * What people copy is right by our own suite: no MUST and no SHOULD finding, in either language.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { LANGUAGES } from './support.ts';
import { verifyPattern } from './verified.ts';

/** Every check of the suite, restarts and recoveries included, on a busy machine. */
const TIMEOUT_MS = 240_000;

describe.each(LANGUAGES)('in $language', ({ language, missing }) => {
  test.skipIf(missing !== null).each([
    ['dedupe', 'crm'],
    ['answer-first', 'crm'],
    // These act on some events only, so no count of effects is asked for.
    ['crm-on-reply', null],
    ['slack-on-meeting', null],
    ['pause-on-bounce-spike', null],
  ] as const)(
    '%s passes the suite with every hook that it has',
    { timeout: TIMEOUT_MS },
    async (name, effectsIn) => {
      const { checks, summary } = await verifyPattern(language, name, effectsIn);
      const found = checks.filter(
        ({ status, level }) => status === 'error' || (status === 'fail' && level !== 'INFO'),
      );
      expect(found.map(({ id, actual, reason }) => `${id}: ${actual ?? reason}`)).toEqual([]);
      expect(summary.verdict).toBe('conformant');
    },
  );
});
