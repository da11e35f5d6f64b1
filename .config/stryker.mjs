/**
 * `npm run test:mutation`: changes the rules and the suite a little, thousands of times, and looks whether a test
 * notices. It takes hours; `MUTATE=rules`, `MUTATE=checks` or `MUTATE=suite` in front of it does one part.
 *
 * @module
 */
import { PART } from './stryker-vitest.ts';

const MUTATED = {
  rules: ['src/domain/**/*.ts'],
  checks: ['src/conformance/checks/**/*.ts'],
  suite: [
    'src/conformance/**/*.ts',
    '!src/conformance/checks/**/*.ts',
    '!src/conformance/catalogue.ts',
  ],
  all: ['src/domain/**/*.ts', 'src/conformance/**/*.ts', '!src/conformance/catalogue.ts'],
};

export default {
  testRunner: 'vitest',
  vitest: { configFile: '.config/stryker-vitest.ts', related: true },
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: MUTATED[PART],
  coverageAnalysis: 'perTest',
  tsconfigFile: 'none: TypeScript 7 has no API that Stryker could read it with',
  // The words of a check and the tables of hypotheses: each such change would need the whole run.
  ignoreStatic: true,
  // Most of what a check does is to wait.
  concurrency: 6,
  dryRunTimeoutMinutes: 20,
  // A busy machine is no finding.
  timeoutMS: 60_000,
  timeoutFactor: 4,
  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  htmlReporter: { fileName: `.tmp/mutation/${PART}.html` },
  jsonReporter: { fileName: `.tmp/mutation/${PART}.json` },
  tempDirName: '.tmp/stryker',
  incrementalFile: `.tmp/mutation/${PART}-incremental.json`,
  ignorePatterns: ['dist', '/.tmp/mutation'],
  thresholds: { high: 90, low: 80, break: 80 },
};
