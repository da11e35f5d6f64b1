/**
 * Runs the real command in a process that a test can kill.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../src/cli/bin.js', import.meta.url));

export interface ServeProcess extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything printed so far, both streams. */
  output(): string;
  /** Sends a signal. @returns the exit status, or the signal that ended the process */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** Starts `serve` and waits until it is ready. @throws with its output if it ends instead */
export const startServe = (port: number, ...args: readonly string[]): Promise<ServeProcess> =>
  startServeIn({}, port, ...args);

/** The same, with environment variables besides those of this process. */
export const startServeIn = async (
  env: Readonly<Record<string, string>>,
  port: number,
  ...args: readonly string[]
): Promise<ServeProcess> => {
  const child = spawn(process.execPath, [bin, 'serve', '--port', String(port), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + 120_000;
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (ready) break;
    if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}:\n${output}`);
    if (performance.now() > deadline) throw new Error(`serve does not answer:\n${output}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  const end = async (signal: NodeJS.Signals): Promise<number | NodeJS.Signals> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
    return child.exitCode ?? child.signalCode ?? 0;
  };
  return {
    url,
    child,
    output: () => output,
    end,
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL');
    },
  };
};
