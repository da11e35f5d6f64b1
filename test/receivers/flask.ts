/**
 * The guide's Flask sample in a Python process.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PATH, type RunningReceiver } from './receiver.ts';

/** Why Flask cannot be started here; null when it can. */
export const missing = (): string | null => {
  const { status, error } = spawnSync('python3', ['-c', 'import flask']);
  if (error !== undefined) return 'python3 is not installed';
  return status === 0 ? null : 'Flask is not installed for python3';
};

export const start = async (secret: string): Promise<RunningReceiver> => {
  const file = fileURLToPath(new URL('flask_app.py', import.meta.url));
  const child = spawn('python3', [file], {
    env: { ...process.env, WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([status]) =>
      Promise.reject(new Error(`flask ended with ${String(status)}`)),
    ),
  ])) as [Buffer];
  const base = `http://127.0.0.1:${line.toString().trim()}`;
  return {
    url: base + PATH,
    processed: async () => (await (await fetch(`${base}/processed`)).json()) as string[],
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
};
