/**
 * The tests that Stryker runs for the part of `MUTATE`.
 *
 * @module
 */
import config from '../test/vitest.config.ts';
import { PART } from './mutation-parts.ts';

/** Of long lists, everything. */
const base = config({ mode: 'whole', command: 'serve' });

export default {
  ...base,
  test: {
    ...base.test,
    testTimeout: PART.testTimeout,
    include: [...PART.tests],
    exclude: [
      ...(base.test?.exclude ?? []),
      'test/conformance/mutants-*.test.ts',
      'test/conformance/pauses.test.ts',
      'test/conformance/references.test.ts',
      'test/conformance/self-test.test.ts',
    ],
  },
};
