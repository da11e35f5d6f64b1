/**
 * Test files that take long, in parts: `npm test` runs one part, drawn by the seed of `sample.ts`; `npm run test:all` runs
 * all of them, and so does a run that names files or folders.
 *
 * @module
 */
import { testSeed } from './sample.ts';

/** Consecutive seeds that run every file. A prime that no list within these files is divided by: see `sample`. */
export const PARTS = 7;

/** Slowest first, so that all parts take about as long. Each takes more than ten seconds on two idle cores. */
export const SLOW_FILES: readonly string[] = [
  'test/cli/verify.test.ts',
  'test/templates/templates.test.ts',
  'test/package.test.ts',
  'test/conformance/mutants-1.test.ts',
  'test/conformance/mutants-2.test.ts',
  'test/conformance/pages.test.ts',
  'test/vitest/describe-receiver.test.ts',
  'test/cli/endings.test.ts',
  'test/cli/verify-exec.test.ts',
  'test/cli/usage.test.ts',
  'test/inspector/accessibility.test.ts',
  'test/cli/interruptions.test.ts',
  'test/conformance/references.test.ts',
  'test/automatic-mutants/automatic-mutants.test.ts',
  'test/cluster/node-failures.test.ts',
  'test/chaos/chaos.test.ts',
  'test/tour/tour.test.ts',
  'test/readme/docs.test.ts',
  'test/cli/verify-exec-samples.test.ts',
  'test/conformance/lawful.test.ts',
  'test/conformance/field.test.ts',
  'test/cli/verify-usage.test.ts',
  'test/binary/binary.test.ts',
  'test/conformance/restartable.test.ts',
  'test/server/json-slices.test.ts',
  'test/recipes/recipes.test.ts',
  'test/cli/verify-reproduce.test.ts',
  'test/inspector/verify.test.ts',
  'test/inspector/actions.test.ts',
  'test/inspector/live.test.ts',
  'test/cli/verify-again.test.ts',
  'test/cli/verify-live.test.ts',
  'test/cli/verify-time.test.ts',
  'test/cli/verify-output.test.ts',
  'test/cli/verify-tls.test.ts',
  'test/conformance/guide-sample.test.ts',
  'test/conformance/experiments/one-cause.test.ts',
  'test/conformance/verdicts.test.ts',
  'test/conformance/hostile-receivers.test.ts',
  'test/conformance/self-test.test.ts',
  'test/conformance/verify.test.ts',
  'test/cli/printed-commands.test.ts',
  'test/cli/verbs-terminal.test.ts',
  'test/codegen/behaviour.test.ts',
  'test/codegen/keywords.test.ts',
  'test/spec/generated-clients.test.ts',
  'test/durability/full-disk.test.ts',
  'test/durability/import-crash.test.ts',
  'test/examples/tests/conformance.test.ts',
  'test/cluster/haproxy.test.ts',
  'test/docker/cluster.test.ts',
];

/** Files that this run leaves out. */
export const filesLeftOut = (isWhole: boolean): readonly string[] =>
  isWhole ? [] : SLOW_FILES.filter((_, index) => index % PARTS !== testSeed % PARTS);
