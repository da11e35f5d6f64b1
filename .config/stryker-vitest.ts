/**
 * Which tests Stryker runs: those that look at one thing at a time. The whole self-test would run a hundred receivers
 * for every change that nothing notices.
 *
 * @module
 */
import base from '../test/vitest.config.ts';

const TESTS = {
  rules: ['test/domain/**/*.test.ts'],
  checks: [
    'test/mutation/each-check.ts',
    'test/conformance/observe.test.ts',
    'test/conformance/verdicts.test.ts',
  ],
  suite: ['test/conformance/**/*.test.ts'],
  all: ['test/domain/**/*.test.ts', 'test/conformance/**/*.test.ts', 'test/mutation/each-check.ts'],
};

const wanted = process.env['MUTATE'] ?? 'all';
if (!Object.hasOwn(TESTS, wanted)) {
  throw new Error(`MUTATE is "${wanted}". Use one of ${Object.keys(TESTS).join(', ')}.`);
}

/** What is mutated in this run. */
export const PART = wanted as keyof typeof TESTS;

export default {
  ...base,
  test: {
    ...base.test,
    testTimeout: 60_000,
    include: TESTS[PART],
    exclude: [
      ...(base.test?.exclude ?? []),
      'test/conformance/mutants-*.test.ts',
      'test/conformance/pauses.test.ts',
      'test/conformance/references.test.ts',
      'test/conformance/self-test.test.ts',
    ],
  },
};
