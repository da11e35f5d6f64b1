/**
 * Everything that can be judged without running the product, one step after the other. Stops at
 * the first step that fails, says its name and shows what it printed.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const packed = `${root}.tmp/pack`;

/** One step: its name, what it makes sure of, and the command line that does it. */
interface Step {
  readonly name: string;
  readonly ensures: string;
  readonly command: () => readonly string[];
}

/** The tests that only read files: a word or an import that is wrong is known before anything runs. */
const WITHOUT_PRODUCT: readonly string[] = [
  'test/wording.test.ts',
  'test/tree.test.ts',
  'test/architecture.test.ts',
];

const STEPS: readonly Step[] = [
  script('gen:check', 'what is generated matches the specs'),
  script('typecheck', 'types hold'),
  script('lint', 'no lint finding'),
  script('format:check', 'everything is formatted'),
  script('lint:spec', 'the specs are sound'),
  {
    name: 'words',
    ensures: 'words, rooms and imports are as agreed',
    command: () => ['vitest', 'run', '--config', 'test/vitest.config.ts', ...WITHOUT_PRODUCT],
  },
  script('knip', 'no dead code, no unused or undeclared dependency'),
  script('build', 'the package builds'),
  {
    name: 'pack',
    ensures: 'the package packs',
    command: () => ['npm', 'pack', '--ignore-scripts', '--pack-destination', packed],
  },
  {
    name: 'publint',
    ensures: 'the packed package is well formed',
    command: () => ['publint', 'run', tarball(), '--strict'],
  },
  {
    name: 'attw',
    ensures: 'the packed types resolve',
    command: () => ['attw', tarball(), '--profile', 'esm-only', '--no-definitely-typed'],
  },
];

const only = process.argv.slice(2);
const unknown = only.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(
    `No such step: ${unknown.join(', ')}. Steps: ${STEPS.map((s) => s.name).join(', ')}`,
  );
  process.exit(2);
}

rmSync(packed, { recursive: true, force: true });
mkdirSync(packed, { recursive: true });
const begun = Date.now();
for (const step of STEPS.filter(({ name }) => only.length === 0 || only.includes(name))) run(step);
console.log(`\ncheck passed in ${seconds(begun)}`);

function run({ name, ensures, command }: Step): void {
  const started = Date.now();
  const [file = '', ...args] = command();
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    timeout: 180_000,
    maxBuffer: 64 * 1024 * 1024,
    env: {
      ...process.env,
      NO_COLOR: '1',
      REDOCLY_TELEMETRY: 'off',
      REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
    },
  });
  if (status === 0) {
    console.log(`ok    ${name.padEnd(13)} ${seconds(started).padStart(6)}  ${ensures}`);
    return;
  }
  console.log(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
  console.log(`FAIL  ${name.padEnd(13)} ${seconds(started).padStart(6)}  ${ensures}`);
  console.log(`\ncheck failed at "${name}": ${[file, ...args].join(' ')}`);
  process.exit(1);
}

function script(name: string, ensures: string): Step {
  return { name, ensures, command: () => ['npm', 'run', '--loglevel=error', name] };
}

function tarball(): string {
  const found = readdirSync(packed).find((name) => name.endsWith('.tgz'));
  if (!found) throw new Error('Nothing was packed: run the step "pack" first.');
  return `${packed}/${found}`;
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
