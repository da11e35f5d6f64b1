/**
 * The recipes of `src/docs/recipes.md` for other languages, each run where its tools are; the page shows what is run.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { BIN } from '../cli/support.ts';
import { missingModule } from '../receivers/python.ts';
import { environment, run } from '../support/process.ts';
import { toolCaches } from '../support/tool-caches.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const page = readFileSync(join(here, '..', '..', 'src', 'docs', 'recipes.md'), 'utf8');
const home = mkdtempSync(join(tmpdir(), 'sendemall-mock-recipes-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const command = join(home, 'sendemall-mock');
writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`, { mode: 0o755 });

const env = {
  ...environment(),
  ...toolCaches(home),
  SENDEMALL_MOCK: command,
  PYTHONDONTWRITEBYTECODE: '1',
};

/** A copy, so that tools leave nothing in the tree. */
const copyOf = (recipe: string, into = '.'): string => {
  const folder = join(home, recipe, into);
  mkdirSync(folder, { recursive: true });
  cpSync(join(here, recipe), folder, { recursive: true });
  return folder;
};

const MAX_MS = 300_000;

const lackOf = (name: string, ...args: readonly string[]): string | null =>
  spawnSync(name, args).status === 0 ? null : `${name} is not installed`;

test('pytest', { timeout: MAX_MS }, async ({ skip }) => {
  const lack = missingModule('pytest');
  if (lack !== null) return skip(lack);
  const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'];
  const { status, output } = await run('python3', args, { cwd: copyOf('pytest'), env });
  expect(status, output).toBe(0);
  expect(output).toContain('2 passed');
});

test('Go', { timeout: MAX_MS }, async ({ skip }) => {
  const lack = lackOf('go', 'version');
  if (lack !== null) return skip(lack);
  const { status, output } = await run('go', ['test', './...'], { cwd: copyOf('go'), env });
  expect(status, output).toBe(0);
});

test('JUnit', { timeout: MAX_MS }, async ({ skip }) => {
  const lack = lackOf('mvn', '--version');
  if (lack !== null) return skip(lack);
  const sources = copyOf('junit', 'src/test/java');
  const folder = join(home, 'junit');
  cpSync(join(sources, 'pom.xml'), join(folder, 'pom.xml'));
  const { status, output } = await run('mvn', ['--batch-mode', 'test'], { cwd: folder, env });
  if (/Could not (resolve|transfer)|Non-resolvable/u.test(output)) {
    return skip('Maven has not got JUnit and Jackson, and no repository in reach');
  }
  expect(status, output).toBe(0);
  expect(output).toContain('Tests run: 1, Failures: 0');
});

test('PHPUnit', { timeout: MAX_MS }, async ({ skip }) => {
  const lack = lackOf('phpunit', '--version');
  if (lack !== null) return skip(lack);
  const args = ['--no-configuration', 'WebhookTest.php'];
  const { status, output } = await run('phpunit', args, { cwd: copyOf('phpunit'), env });
  expect(status, output).toBe(0);
});

test('the page shows every file that is run, as it is', () => {
  const files = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.(py|go|java|php)$/u.test(path),
  );
  expect(files.length).toBeGreaterThan(5);
  const missing = files.filter(
    (path) =>
      dirname(path) !== '.' && !page.includes(readFileSync(join(here, path), 'utf8').trimEnd()),
  );
  expect(missing).toEqual([]);
});
