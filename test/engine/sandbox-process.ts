/**
 * A sandbox in a process of its own, to be killed. Forked: `SANDBOX_OPTIONS` are its options as JSON, and it sends its URL.
 *
 * @module
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createMock } from '../../src/create-mock.ts';
import type { MockOptions } from '../../src/mock-options.ts';

export interface SandboxProcess {
  readonly url: string;
  /** Ends the process with SIGKILL. */
  kill(): Promise<void>;
}

export const startSandboxProcess = async (options: MockOptions): Promise<SandboxProcess> => {
  const child = fork(fileURLToPath(import.meta.url), {
    execArgv: [],
    env: { ...process.env, SANDBOX_OPTIONS: JSON.stringify(options) },
  });
  const exited = once(child, 'exit');
  const [url] = (await Promise.race([
    once(child, 'message'),
    exited.then(([status]) => Promise.reject(new Error(`it ended with ${String(status)}`))),
  ])) as [string];
  return {
    url,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};

const options = process.env['SANDBOX_OPTIONS'];
if (options !== undefined && process.send !== undefined) {
  const { url } = await createMock(JSON.parse(options) as MockOptions);
  process.send(url);
  process.on('disconnect', () => process.exit());
}
