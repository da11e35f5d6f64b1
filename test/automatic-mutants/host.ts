/**
 * Hosts one Node receiver: `host.ts <module> <file of its disk>`, where the module exports `build`, as those of
 * `test/receivers/reference/` do. Prints its port and that of its hooks.
 *
 * @module
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { deserialize, serialize } from 'node:v8';
import { open } from '../receivers/receiver.ts';
import type { Build } from '../receivers/reference/run.ts';
import type * as Reference from '../receivers/reference/store.ts';

const [, , module = '', file = ''] = process.argv;
process.stdin.resume().on('end', () => process.exit());

const { build } = (await import(module)) as { build: Build };
// The store beside the module, which is mutated as well.
const { emptyDisk, leadState, recoverDeadLetters, Store } = (await import(
  new URL('store.ts', `file://${module}`).href
)) as typeof Reference;

const disk = existsSync(file) ? (deserialize(readFileSync(file)) as Reference.Disk) : emptyDisk();
const save = (): void => {
  writeFileSync(`${file}.new`, serialize(disk));
  renameSync(`${file}.new`, file);
};

class FileStore extends Store {
  override async process(event: Reference.Event): Promise<'done' | 'known'> {
    const result = await super.process(event);
    if (result !== 'known') save();
    return result;
  }
}
const store = new FileStore(disk);

const hook = async (request: IncomingMessage): Promise<unknown> => {
  const [, kind, key = ''] = (request.url ?? '').split('/').map(decodeURIComponent);
  if (kind === 'effects') return { count: disk.effects.filter((id) => id === key).length };
  if (kind === 'state') return leadState(disk, key);
  const body = (await json(request)) as Record<'api_url' | 'api_key' | 'webhook_id', string> & {
    readonly fail: boolean;
  };
  if (kind === 'fault') disk.crmDown = body.fail;
  else {
    const { api_url: apiUrl, api_key: apiKey, webhook_id: webhookId } = body;
    await recoverDeadLetters({ apiUrl, apiKey, webhookId }, store);
  }
  return {};
};

const receiver = createServer(await build(process.env['WEBHOOK_SECRET'] ?? '', store));
const hooks = createServer((request, response) => {
  hook(request).then(
    (answer) => response.end(JSON.stringify(answer)),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
const port = await open(receiver, Number(process.env['PORT'] ?? 0));
console.log(port, await open(hooks));
