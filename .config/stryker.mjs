/**
 * `npm run test:mutation`: changes the rules or the suite a little, thousands of times, and looks whether a test
 * notices. `MUTATE` in front of it names the part (`.config/mutation-parts.ts`), because all of them take hours; without
 * it, the rules.
 *
 * @module
 */
import { NAME, PART } from './mutation-parts.ts';

export default {
  testRunner: 'vitest',
  vitest: { configFile: '.config/stryker-vitest.ts', related: true },
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: [...PART.mutate],
  coverageAnalysis: 'perTest',
  tsconfigFile: 'none: TypeScript 7 has no API that Stryker could read it with',
  // The words of a check and the tables of hypotheses: each such change would need the whole run.
  ignoreStatic: true,
  // Most of what a check does is to wait.
  concurrency: 6,
  dryRunTimeoutMinutes: 20,
  // A busy machine is no finding.
  timeoutMS: 2 * PART.testTimeout,
  timeoutFactor: 4,
  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  htmlReporter: { fileName: `.tmp/mutation/${NAME}.html` },
  jsonReporter: { fileName: `.tmp/mutation/${NAME}.json` },
  tempDirName: '.tmp/stryker',
  incrementalFile: `.tmp/mutation/${NAME}-incremental.json`,
  ignorePatterns: ['dist', '/.tmp/mutation'],
  thresholds: { high: 90, low: 80, break: 80 },
};
