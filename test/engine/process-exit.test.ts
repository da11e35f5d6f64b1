/**
 * A program that used the sandbox ends when its work is done: no timer, socket or handle of ours keeps it alive.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { environment } from '../support/process.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

/** Time from the end of the work to the end of the process. A leftover deadline of an attempt would take 10 s. */
const MAX_EXIT_MS = 1000;
/** On a busy machine even an empty program takes its time to end: allow this many times more on top. */
const BUSY_FACTOR = 20;
/** A leftover is found on any machine. */
const MAX_BUSY_EXIT_MS = 8000;

// Each starts a process, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const root = new URL('../../', import.meta.url);
const source = (path: string): string => JSON.stringify(new URL(`src/${path}`, root).href);

let folder: string;
let receiver: Receiver;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendemall-exit-'));
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Makes one attempt through `mock.app`, and says so. */
const attempt = (): string => `
const ask = async (path, body) => {
  const headers = { 'x-user-context': 'key', 'content-type': 'application/json' };
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  return (await (await mock.app.fetch(new Request(mock.url + path, init))).json()).data;
};
await ask('/v1/webhooks', { url: '${receiver.url}', events: ['*'], secret: 'whsec_your-signing-secret' });
const { deliveries } = await ask('/_sandbox/events', { event: 'email.sent' });
const { reached } = await ask('/_sandbox/deliveries/' + deliveries[0].id + '/wait');
if (!reached) throw new Error('not delivered');
`;

const DONE = 'console.log("its work is done");';

/** Runs Node and gives the time from the line "its work is done" to the end. */
const msToExit = async (args: readonly string[]): Promise<number> => {
  const child = spawn(process.execPath, args, {
    cwd: fileURLToPath(root),
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let doneAt = Number.NaN;
  const read = (chunk: Buffer): void => {
    output += chunk.toString();
    if (Number.isNaN(doneAt) && /its work is done|Done in/u.test(output))
      doneAt = performance.now();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const [status] = (await once(child, 'exit')) as [number | null];
  const endedAt = performance.now();
  expect(output).toMatch(/its work is done|Done in/u);
  expect(status).toBe(0);
  return endedAt - doneAt;
};

const program = async (name: string, text: string): Promise<string> => {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
};

/** Runs Node on a program that uses the sandbox, and beside it on an empty one, which shows how busy the machine is. */
const expectToExitAtOnce = async (args: readonly string[]): Promise<void> => {
  const empty = await program('empty.mjs', DONE);
  const before = await msToExit([empty]);
  const ms = await msToExit(args);
  const after = await msToExit([empty]);
  const limit = MAX_EXIT_MS + BUSY_FACTOR * Math.max(before, after);
  expect(ms).toBeLessThan(Math.min(limit, MAX_BUSY_EXIT_MS));
};

test.each([
  ['memory', 'null'],
  ['a file', '"state.db"'],
])('a script that closes its sandbox ends at once (state in %s)', async (_where, db) => {
  const options = db === 'null' ? '{}' : `{ db: ${JSON.stringify(join(folder, 'state.db'))} }`;
  const file = await program(
    'closes.mjs',
    `import { createMock } from ${source('create-mock.ts')};
const mock = await createMock(${options});
${attempt()}
await mock.close();
${DONE}`,
  );
  await expectToExitAtOnce([file]);
});

test('a script that does not close a sandbox without a port ends when nothing is pending', async () => {
  const file = await program(
    'idle.mjs',
    `import { createMock } from ${source('create-mock.ts')};
const mock = await createMock({ port: null });
${attempt()}
${DONE}`,
  );
  await expectToExitAtOnce([file]);
});

test('a script that uses the client ends at once', async () => {
  const file = await program(
    'client.mjs',
    `import { createMock } from ${source('create-mock.ts')};
import { createClient } from ${source('client/create-client.ts')};
const mock = await createMock();
${attempt()}
const client = createClient({ baseUrl: mock.url, apiKey: 'key' });
if ((await client.webhooks.list()).length !== 1) throw new Error('no webhook');
await mock.close();
${DONE}`,
  );
  await expectToExitAtOnce([file]);
});

test('an attempt by deliverOnce leaves nothing behind', async () => {
  const file = await program(
    'once.mjs',
    `import { deliverOnce } from ${source('deliver-once.ts')};
const { outcome } = await deliverOnce({
  url: '${receiver.url}', secret: 'whsec_your-signing-secret', event: { event: 'email.sent' },
});
if (outcome !== 'delivered') throw new Error(outcome);
${DONE}`,
  );
  await expectToExitAtOnce([file]);
});

test('a file of node --test ends after its last test', async () => {
  const file = await program(
    'sample.test.mjs',
    `import { after, test } from 'node:test';
import { createMock } from ${source('create-mock.ts')};
const mock = await createMock();
after(() => mock.close());
test('delivers', async () => {
${attempt()}
  ${DONE}
});`,
  );
  await expectToExitAtOnce(['--test', file]);
});

test('the demo ends when it says so', async () => {
  await expectToExitAtOnce(['test/demo/demo.ts']);
});

test('a vitest run with the fixture exits on its own and leaves no process behind', async () => {
  await program(
    'kit.spec.ts',
    `import { test } from ${source('vitest/index.ts')};
test('a receiver that hangs', async ({ sandbox }) => {
  await sandbox.register(() => new Promise(() => undefined));
  await sandbox.trigger('email.sent');
});
test('a receiver that answers', async ({ expect, sandbox }) => {
  await sandbox.register(() => new Response());
  await expect(await sandbox.trigger('email.sent')).toBeDelivered();
});`,
  );
  const vitest = fileURLToPath(new URL('node_modules/vitest/vitest.mjs', root));
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--root', folder, 'kit.spec.ts'],
    // A group of its own, so that whatever it leaves behind can be found.
    { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  expect(output).toContain('2 passed');
  expect(output).not.toMatch(/close timed out|unhandled/iu);
  expect(status, output).toBe(0);
  const isLeft = (): boolean => {
    try {
      return process.kill(-child.pid!, 0);
    } catch {
      return false;
    }
  };
  // Vitest's workers may exit slightly later than vitest itself.
  await expect.poll(isLeft, { timeout: 8000 }).toBe(false);
});
