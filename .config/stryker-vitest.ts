/**
 * Which tests Stryker runs: those that look at one thing at a time. The whole self-test would run a hundred receivers
 * for every change that nothing notices.
 *
 * @module
 */
import base from '../test/vitest.config.ts';

export default {
  ...base,
  test: {
    ...base.test,
    testTimeout: 60_000,
    // Most of what a check does is to wait.
    maxConcurrency: 12,
    include: [
      'test/mutation/each-check.ts',
      'test/conformance/**/*.test.ts',
      'test/domain/**/*.test.ts',
    ],
    exclude: [
      ...(base.test?.exclude ?? []),
      'test/conformance/mutants-*.test.ts',
      'test/conformance/references.test.ts',
      'test/conformance/self-test.test.ts',
    ],
  },
};
