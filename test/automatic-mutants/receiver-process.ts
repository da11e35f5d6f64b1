/**
 * A receiver in a process of its own that has the suite's hooks at a second port. Killed and started again, it keeps what
 * its disk holds.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Hooks } from '../../src/conformance/hooks/hooks.ts';
import { PATH } from '../receivers/receiver.ts';

/** How a receiver is started. It prints its port and that of its hooks. */
export interface ReceiverCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface RunningProcess extends AsyncDisposable {
  readonly url: string;
  readonly hooks: Hooks;
}

interface Started {
  readonly child: ChildProcess;
  readonly ports: readonly number[];
}

const START_MS = 60_000;
const HOOK_MS = 30_000;

const start = async ({ command, args, env }: ReceiverCommand, port = 0): Promise<Started> => {
  // The pipe to its input ends with this process, and so does the receiver.
  const child = spawn(command, args, {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new AbortController();
  try {
    const [line] = (await Promise.race([
      once(createInterface(child.stdout), 'line', { signal: ended.signal }),
      once(child, 'exit', { signal: ended.signal }).then(() => Promise.reject(new Error('ended'))),
      once(AbortSignal.timeout(START_MS), 'abort', { signal: ended.signal }).then(() =>
        Promise.reject(new Error(`not ready within ${START_MS} ms`)),
      ),
    ])) as [string];
    return { child, ports: line.split(' ').map(Number) };
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error('The receiver does not start', { cause: error });
  } finally {
    ended.abort();
  }
};

const kill = async ({ child }: Started): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
};

/** @throws when the receiver does not start */
export const runProcess = async (command: ReceiverCommand): Promise<RunningProcess> => {
  let running = await start(command);
  const [port = 0] = running.ports;

  const hook = async (name: string, body?: unknown): Promise<any> => {
    const response = await fetch(`http://127.0.0.1:${running.ports[1]}/${name}`, {
      signal: AbortSignal.timeout(HOOK_MS),
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`The hook ${name} responds with ${response.status}`);
    return response.json();
  };

  return {
    url: `http://127.0.0.1:${port}${PATH}`,
    hooks: {
      effects: async (id) => (await hook(`effects/${encodeURIComponent(id)}`)).count,
      state: (email) => hook(`state/${encodeURIComponent(email)}`),
      fault: (fail) => hook('fault', { fail }),
      restart: async () => {
        await kill(running);
        running = await start(command, port);
      },
      recover: ({ apiUrl, apiKey, webhookId }) =>
        hook('recover', { api_url: apiUrl, api_key: apiKey, webhook_id: webhookId }),
    },
    [Symbol.asyncDispose]: () => kill(running),
  };
};
