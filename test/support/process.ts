/**
 * Child processes in tests: run to completion, wait until one answers, stop it.
 *
 * @module
 */
import { type ChildProcess, execFile } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Result of a finished command. */
export interface Outcome {
  readonly status: number;
  /** stdout and stderr, in the order of arrival. */
  readonly output: string;
  /** stdout alone. */
  readonly stdout: string;
}

/** Finds a free port of the loopback interface. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** The environment without variables that affect the command or a nested npm. */
export function environment(): NodeJS.ProcessEnv {
  const drop =
    /^(npm_(?!config_(registry|cache|userconfig|globalconfig)$)|INIT_CWD$|SENDEMALL_|VITEST|NODE_OPTIONS$|NODE_ENV$)/u;
  const kept = Object.entries(process.env).filter(([key]) => !drop.test(key));
  return { ...Object.fromEntries(kept), NO_COLOR: '1' };
}

/** Ends a command that hangs; not a limit on speed. */
const MAX_RUN_MS = 300_000;
const MAX_START_MS = 120_000;
const MAX_STOP_MS = 60_000;

/** Runs a command to completion. The output says so if it was killed at the limit. */
export function run(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly timeout?: number },
): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = '';
    const settings = { timeout: MAX_RUN_MS, maxBuffer: 2 ** 26, ...options };
    const child = execFile(file, args, settings, (error, stdout) => {
      const status = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
      if (error?.killed) output += `\nKilled after ${settings.timeout / 1_000} s.`;
      resolve({
        status,
        output: error && status === 1 && !output ? error.message : output,
        stdout,
      });
    });
    child.stdin?.end();
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: string) => (output += chunk));
    }
  });
}

/** Waits until a URL answers with any status. @throws if the process ends first */
export async function answers(
  url: string,
  child: ChildProcess,
  output: () => string,
): Promise<Response> {
  const until = Date.now() + MAX_START_MS;
  for (;;) {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(20_000) });
    } catch {
      if (child.exitCode !== null) throw new Error(`It ended (${child.exitCode}): ${output()}`);
      if (Date.now() > until) throw new Error(`${url} does not answer. It printed: ${output()}`);
      await sleep(50);
    }
  }
}

/** Stops a process group by its leader: SIGTERM, then SIGKILL. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || !child.pid) return;
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  process.kill(-child.pid, 'SIGTERM');
  const killer = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), MAX_STOP_MS);
  await ended;
  clearTimeout(killer);
}
