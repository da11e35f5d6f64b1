/**
 * The command as each package manager and runtime installs it, used from a folder of its own.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { answers, freePort, stop } from '../support/process.ts';
import { type Step, call, emptyProject, env, folder, must, tarball } from './packed.ts';

type Command = readonly [string, ...(readonly string[])];

/** `--help`, `serve`, `trigger` and `verify`, the last three against the same sandbox. */
const use = async ([program, ...before]: Command, cwd: string): Promise<string> => {
  const help = await must(cwd, program, ...before, '--help');
  if (!help.includes('verify')) throw new Error(`--help does not list verify:\n${help}`);
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(program, [...before, 'serve', '--port', port], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  }
  try {
    await answers(`${url}/readyz`, server, () => printed);
    const flags = ['--sandbox-url', url, '--json'];
    await must(cwd, program, ...before, 'trigger', 'email.replied', ...flags);
    // Nothing listens there: the run must end with a report that says so.
    const receiver = `http://127.0.0.1:${await freePort()}/`;
    const verify = ['verify', receiver, '--secret', 'whsec_a-test', '--report', 'json'];
    const judged = await call(cwd, program, ...before, ...verify);
    if (judged.status !== 2)
      throw new Error(`verify ends with ${judged.status}:\n${judged.output}`);
  } finally {
    await stop(server);
  }
  return 'help, serve, trigger, verify';
};

const elsewhere = (): string => {
  const at = `${folder}/elsewhere`;
  mkdirSync(at, { recursive: true });
  return at;
};

const npmBeside = (npm: string) => async (): Promise<string> => {
  const at = emptyProject(`npm-${npm}`);
  const tool = ['--yes', `npm@${npm}`];
  await must(at, 'npx', ...tool, 'install', '--no-audit', '--no-fund', tarball, 'vitest@2.1.9');
  const version = await must(at, 'npx', '--no-install', 'sendemall-mock', '--version');
  return `installs beside vitest 2.1.9, ${version.trim()}`;
};

const globally = async (): Promise<string> => {
  const at = emptyProject('global');
  await must(at, 'npm', 'install', '--global', '--prefix', at, '--no-audit', tarball);
  return use([`${at}/bin/sendemall-mock`], elsewhere());
};

const withNpx = (): Promise<string> =>
  use(['npx', '--yes', '--package', tarball, 'sendemall-mock'], elsewhere());

const pnpm = async (): Promise<string> => {
  const at = emptyProject('pnpm');
  await must(at, 'npx', '--yes', 'pnpm@10', 'add', tarball);
  return use(['npx', '--yes', 'pnpm@10', '--dir', at, 'exec', 'sendemall-mock'], elsewhere());
};

const yarn = async (): Promise<string> => {
  const at = emptyProject('yarn');
  await must(at, 'npx', '--yes', 'yarn@1', 'add', `file:${tarball}`);
  return use(['npx', '--yes', 'yarn@1', '--silent', '--cwd', at, 'sendemall-mock'], elsewhere());
};

/** @returns the runtime's program on PATH, or null */
const onPath = async (program: string): Promise<string | null> =>
  (await call(folder, 'sh', '-c', `command -v ${program}`)).stdout.trim() || null;

/** The package in a project of its own, run by another runtime: not where the machine does not have it. */
const runtime = (program: string, command: readonly string[]) => async (): Promise<string> => {
  const path = await onPath(program);
  if (path === null) return `skipped: no ${program} on PATH`;
  const at = emptyProject(program);
  const manifest = { private: true, dependencies: { 'sendemall-mock': `file:${tarball}` } };
  writeFileSync(`${at}/package.json`, JSON.stringify(manifest));
  await must(at, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline');
  return use([path, ...command], at);
};

export const INSTALLER_STEPS: readonly Step[] = [
  { name: 'npm 10', attempt: npmBeside('10') },
  { name: 'npm 11', attempt: npmBeside('11') },
  { name: 'npm install --global', attempt: globally },
  { name: 'npx', attempt: withNpx },
  { name: 'pnpm', attempt: pnpm },
  { name: 'yarn', attempt: yarn },
  { name: 'bun', attempt: runtime('bun', ['x', '--bun', 'sendemall-mock']) },
  { name: 'deno', attempt: runtime('deno', ['run', '-A', 'npm:sendemall-mock']) },
];
