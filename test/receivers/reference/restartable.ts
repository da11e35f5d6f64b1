/**
 * A receiver in a process of its own that keeps everything in a file, with every hook at a URL: what a restart command
 * kills and starts again. Node runs it as it is:
 *
 * - `restartable.ts serve <port> <folder>`: the receiver; its process id is in `<folder>/pid`
 * - `restartable.ts recover <url>`: hands what the environment says to the receiver's recovery
 *
 * @module
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { deserialize, serialize } from 'node:v8';
import { build } from './node-http.ts';
import { emptyDisk, leadState, recoverDeadLetters, Store, type Disk, type Event } from './store.ts';

/** Exits after this time even if it is never stopped. Milliseconds. */
const LIVES_FOR_MS = 120_000;

/** Saves its state to the file before it responds. */
class FileStore extends Store {
  readonly #save: () => void;
  constructor(disk: Disk, save: () => void) {
    super(disk);
    this.#save = save;
  }
  override async process(event: Event): Promise<'done' | 'known'> {
    const result = await super.process(event);
    if (result === 'done') this.#save();
    return result;
  }
}

const serve = async (port: number, folder: string): Promise<void> => {
  const file = `${folder}/disk`;
  const disk = existsSync(file) ? (deserialize(readFileSync(file)) as Disk) : emptyDisk();
  const save = (): void => {
    writeFileSync(`${file}.new`, serialize(disk));
    renameSync(`${file}.new`, file);
  };
  const store = new FileStore(disk, save);
  const receive = await build('whsec_restartable', store);

  const hook = async (request: IncomingMessage): Promise<unknown> => {
    const [, , kind, key = ''] = request.url!.split('/').map(decodeURIComponent);
    switch (kind) {
      case 'effects':
        return { count: disk.effects.filter((id) => id === key).length };
      case 'leads': {
        const { known, ...lead } = leadState(disk, key);
        return known ? lead : null;
      }
      case 'fault':
        disk.crmDown = ((await json(request)) as { fail: boolean }).fail;
        return {};
      default: {
        const from = (await json(request)) as Record<'api_url' | 'api_key' | 'webhook_id', string>;
        const { api_url: apiUrl, api_key: apiKey, webhook_id: webhookId } = from;
        await recoverDeadLetters({ apiUrl, apiKey, webhookId }, store);
        return {};
      }
    }
  };

  createServer((request, response) => {
    if (!request.url!.startsWith('/test/')) {
      receive(request, response);
      return;
    }
    hook(request).then(
      (answer) => response.writeHead(answer === null ? 404 : 200).end(JSON.stringify(answer)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  }).listen(port, '127.0.0.1');
  writeFileSync(`${folder}/pid`, String(process.pid));
  setTimeout(() => process.exit(), LIVES_FOR_MS);
};

const recover = async (url: string): Promise<void> => {
  const body = JSON.stringify({
    api_url: process.env['SENDEMALL_MOCK_API_URL'],
    api_key: process.env['SENDEMALL_MOCK_API_KEY'],
    webhook_id: process.env['SENDEMALL_MOCK_WEBHOOK_ID'],
  });
  const answer = await fetch(url, { method: 'POST', body });
  if (answer.ok) return;
  console.error(await answer.text());
  process.exitCode = 1;
};

const [, , command, first = '', second = ''] = process.argv;
await (command === 'recover' ? recover(first) : serve(Number(first), second));
