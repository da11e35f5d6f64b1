/**
 * Runs a Python receiver with its database in a file; the suite's hooks are asked over HTTP, as a user's would be.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killPython, startPython } from '../python.ts';
import { PATH, type RunningReceiver } from '../receiver.ts';

/** @param file its name in this folder */
export const runPython = async (file: string, secret: string): Promise<RunningReceiver> => {
  const folder = await mkdtemp(join(tmpdir(), 'receiver-'));
  const env = { WEBHOOK_SECRET: secret, DATABASE: join(folder, 'events.db') };
  const path = fileURLToPath(new URL(file, import.meta.url));
  let python = await startPython(path, env);
  const [port, hooksPort] = python.ports.map(String) as [string, string];

  const hook = async (name: string, body?: unknown): Promise<any> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
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
        await killPython(python);
        python = await startPython(path, { ...env, PORT: port, HOOKS_PORT: hooksPort });
      },
      recover: ({ apiUrl, apiKey, webhookId }) =>
        hook('recover', { api_url: apiUrl, api_key: apiKey, webhook_id: webhookId }),
    },
    [Symbol.asyncDispose]: async () => {
      await killPython(python);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
