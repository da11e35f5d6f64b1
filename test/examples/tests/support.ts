/**
 * The guide's patterns in both languages: how an example is started, and the sandbox that it works with.
 *
 * @module
 */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createClient, type Client } from '../../../src/client/create-client.ts';
import type { Mock } from '../../../src/create-mock.ts';
import type { SinkRecord } from '../../../schemas/sandbox.ts';
import { missingModule } from '../../receivers/python.ts';

export const SECRET = 'whsec_your-signing-secret';

/** Name, and why it cannot be tried here, if so. */
export const LANGUAGES = [
  { language: 'TypeScript', missing: null },
  { language: 'Python', missing: missingModule('http.server') },
] as const;
export type Language = (typeof LANGUAGES)[number]['language'];

const folder = mkdtempSync(join(tmpdir(), 'sendemall-patterns-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let started = 0;

/** @param name the module's, in kebab case */
const start = (
  language: Language,
  name: string,
  env: Readonly<Record<string, string>>,
): ChildProcessByStdio<null, Readable, Readable> => {
  const file = language === 'Python' ? `${name.replaceAll('-', '_')}.py` : `${name}.ts`;
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  return spawn(language === 'Python' ? 'python3' : process.execPath, [path], {
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: '1',
      PORT: '0',
      DATABASE: join(folder, `${(started += 1)}.db`),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
};

export interface Example extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
}

/** Starts a receiver, whose standard input is closed; it is there when it has printed its URL. */
export const startExample = async (
  language: Language,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<Example> => {
  const child = start(language, name, { WEBHOOK_SECRET: SECRET, ...env });
  const gone = once(child, 'exit');
  const errors = text(child.stderr);
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    gone.then(async () => Promise.reject(new Error(`${name} ended: ${await errors}`))),
  ])) as [string];
  return {
    url: line.replace('Listening on ', ''),
    exited: gone.then(([status]) => status as number | null),
    child,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
};

/** Runs a job to its end. */
export const runExample = async (
  language: Language,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<{
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}> => {
  const child = start(language, name, env);
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
};

/** An account of its own, with the sinks' URLs as the examples take them. */
export interface Stage {
  readonly key: string;
  readonly client: Client;
  readonly env: Readonly<Record<'CRM_URL' | 'SLACK_URL' | 'API_URL' | 'API_KEY', string>>;
  /** Registers the receiver for all events; gives the webhook's id. */
  register(url: string): Promise<string>;
  /** Triggers one event and waits until its delivery has settled; gives the event's id. */
  deliver(event: string, data?: Readonly<Record<string, unknown>>): Promise<string>;
  /** What a sink holds of one event, or all. */
  seen(sink: string, eventId?: string): Promise<readonly SinkRecord[]>;
}

let stages = 0;

export const createStage = async (mock: Mock): Promise<Stage> => {
  stages += 1;
  const key = `pattern-${stages}`;
  const client = createClient({ baseUrl: mock.url, apiKey: key });
  const [CRM_URL, SLACK_URL] = await Promise.all([
    client.sinks.url('crm'),
    client.sinks.url('slack'),
  ]);
  return {
    key,
    client,
    env: { CRM_URL, SLACK_URL, API_URL: mock.url, API_KEY: key },
    register: async (url) =>
      (await client.webhooks.create({ url, events: ['*'], secret: SECRET })).id,
    deliver: async (event, data = {}) => {
      const { events, deliveries } = await client.events.trigger({
        event: event as 'email.replied',
        data,
      });
      for (const { id } of deliveries) await client.deliveries.wait(id, { timeoutMs: 10_000 });
      return events[0]!.id;
    },
    seen: async (sink, contains) => {
      const all: SinkRecord[] = [];
      for await (const one of client.sinks.requests(sink, { contains, limit: 100 })) all.push(one);
      return all;
    },
  };
};
