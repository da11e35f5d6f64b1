/**
 * How the tests run: every file in its own process, as many at once as a small machine carries.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import { testSeed } from './support/sample.ts';
import { SlowFirst } from './support/slow-first.ts';
import { filesLeftOut, SLOW_FILES } from './support/slow-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** `TEST_STORE=postgres` runs the tests' sandboxes on PostgreSQL, e.g. those of `test/server`. */
const isOnPostgres = process.env['TEST_STORE'] === 'postgres';
const onPostgres = join(root, 'test/support/on-postgres.ts');

const sandboxesOnPostgres: Plugin = {
  name: 'sandboxes-on-postgres',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source.endsWith('/src/create-mock.ts') &&
    importer?.startsWith(join(root, 'test')) === true &&
    importer !== onPostgres
      ? onPostgres
      : null,
};

/** A run that names files or folders, e.g. `vitest run test/cli`, runs all of them. */
const namesFiles = process.argv
  .slice(2)
  .some((word) => /(?:^|\/)test\/|\.test\.ts$/u.test(word) && !word.endsWith('.config.ts'));

const leftOut = (mode: string): readonly string[] => {
  const files = filesLeftOut(namesFiles || mode === 'whole');
  if (files.length > 0) {
    const ran = SLOW_FILES.length - files.length;
    console.log(
      `${ran} of ${SLOW_FILES.length} slow test files run (seed ${testSeed}); npm run test:all runs all.`,
    );
  }
  return files;
};

export default defineConfig(({ mode }) => ({
  plugins: isOnPostgres ? [sandboxesOnPostgres] : [],
  test: {
    globalSetup: isOnPostgres ? [join(root, 'test/support/postgres-setup.ts')] : [],
    root,
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/bench/**', ...leftOut(mode)],
    environment: 'node',
    pool: 'forks',
    // One more than a small machine has cores: much of what they do is to wait.
    maxWorkers: 3,
    maxConcurrency: 8,
    sequence: { sequencer: SlowFirst },
    watch: false,
    // A limit ends a test that hangs; it never judges speed. On a machine with four busy threads beside the tests,
    // what takes half a second alone takes fifteen.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    // A receiver or a key in the developer's shell must not steer a test.
    // `--mode whole` tries everything: see support/sample.ts.
    // XDG_DATA_HOME: where the command keeps the seed of its secrets.
    env: {
      NO_COLOR: '1',
      XDG_DATA_HOME: join(tmpdir(), 'sendemall-mock-tests'),
      ...(mode === 'whole' ? { TEST_WHOLE: 'yes' } : {}),
    },
    coverage: { include: ['src/**/*.ts'], exclude: ['src/codegen/**'] },
  },
}));
