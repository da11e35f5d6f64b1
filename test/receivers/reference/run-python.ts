/**
 * Runs a Python receiver with its database in a file; the suite's hooks are asked over HTTP, as a user's would be.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { killPython, startPython } from '../python.ts';
import { PATH, type RunningReceiver } from '../receiver.ts';

const SUPERVISOR_WAITS_MS = 300;

/**
 * @param file its name in this folder
 * @param supervised the command that restarts only kills: a supervisor brings it back, in its own time
 */
export const runPython = async (
  file: string,
  secret: string,
  supervised: boolean,
): Promise<RunningReceiver> => {
  const folder = await mkdtemp(join(tmpdir(), 'receiver-'));
  const env = { WEBHOOK_SECRET: secret, DATABASE: join(folder, 'events.db') };
  const path = fileURLToPath(new URL(file, import.meta.url));
  const first = await startPython(path, env);
  const [port, hooksPort] = first.ports.map(String) as [string, string];
  const startAgain = () => startPython(path, { ...env, PORT: port, HOOKS_PORT: hooksPort });
  let running = Promise.resolve(first);

  const hook = async (name: string, body?: unknown): Promise<any> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    await running;
    const answer = await fetch(`http://127.0.0.1:${hooksPort}/${name}`, init);
    if (!answer.ok) throw new Error(`the hook ${name} answers ${answer.status}`);
    return answer.json();
  };
  return {
    url: `http://127.0.0.1:${port}${PATH}`,
    processed: () => hook('processed/all'),
    hooks: {
      effects: async (id) => (await hook(`effects/${encodeURIComponent(id)}`)).count,
      state: (email) => hook(`state/${encodeURIComponent(email)}`),
      fault: (fail) => hook('fault', { fail }),
      restart: async () => {
        await killPython(await running);
        running = supervised ? sleep(SUPERVISOR_WAITS_MS).then(startAgain) : startAgain();
        if (!supervised) await running;
      },
      recover: ({ apiUrl, apiKey, webhookId }) =>
        hook('recover', { api_url: apiUrl, api_key: apiKey, webhook_id: webhookId }),
    },
    [Symbol.asyncDispose]: async () => {
      await killPython(await running);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
