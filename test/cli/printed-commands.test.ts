/**
 * Every command that an output advises works when it is pasted into a shell.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { shellWord } from '../../src/domain/shell.ts';
import { apiOf } from '../support/api.ts';
import { answer, freePort, startReceiver, type Receiver } from '../support/receiver.ts';
import { BIN, keepRunning, run, type Ran, type RunOptions, type Running } from './support.ts';
import { SECRET } from './verbs.ts';

// Several processes each: a busy machine takes its time to start them.
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'sendemall-printed-'));

/** Commands in backticks, and lines that are one. */
const printedIn = (output: string): readonly string[] => [
  ...[...output.matchAll(/`(sendemall-mock [^`]+)`/g)].map(([, command = '']) => command),
  ...[...output.matchAll(/^ *((?:curl|sendemall-mock) (?!\d)(?:.*\\\n)*.*)$/gm)].map(
    ([, command = '']) => command,
  ),
];

/** Pastes a command into a shell that has `sendemall-mock` on its path. */
const paste = async (
  command: string,
  { env = {}, cwd = folder }: RunOptions = {},
): Promise<Ran> => {
  const child = spawn('sh', ['-c', command], {
    cwd,
    env: { PATH: [folder, process.env['PATH']].join(delimiter), HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
};

/** Two kinds of accounts: the guide's, and one whose key only the environment has. */
describe.each<[string, readonly string[], Record<string, string>]>([
  ['the public key', [], {}],
  ['a key of its own', [], { SENDEMALL_MOCK_API_KEY: "own'key" }],
  ['the first of several keys', [], { SENDEMALL_MOCK_API_KEY: 'first-key,second-key' }],
])('with %s, on another port,', (_name, flags, env) => {
  let receiver: Receiver;
  let served: Running;
  let url: string;
  const key = (env['SENDEMALL_MOCK_API_KEY'] ?? 'your-api-key').split(',')[0]!;
  const shell = { env };
  beforeAll(async () => {
    receiver = await startReceiver((_request, response, count) => {
      response.writeHead(count > 4 ? 200 : 500).end();
    });
    const line = [
      'serve',
      '--port',
      '0',
      '--clock',
      'skip',
      '--forward-to',
      receiver.url,
      ...flags,
    ];
    served = keepRunning(line, { env });
    await served.line((one) => one.trim().startsWith('curl '));
    url = /http:\/\/127\.0\.0\.1:\d+/.exec(served.lines.join('\n'))![0];
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test('the curl that serve prints triggers; the advice on its dead letter redelivers it', async () => {
    const [curl = ''] = printedIn(served.lines.join('\n'));
    expect(curl).toMatch(/^curl /);
    expect(JSON.parse((await paste(curl, shell)).stdout)).toMatchObject({ success: true });
    const [advice = ''] = printedIn(await served.line((line) => line.includes('dead-letters')));
    expect(advice).toMatch(/^sendemall-mock dead-letters redeliver --all/);
    const redelivered = await paste(`${advice} --wait`, shell);
    expect(redelivered.stderr).toBe('');
    expect(redelivered.status).toBe(0);
    expect(redelivered.stdout).toContain('1 of 1 delivered.');
  });

  test('deliveries show gives the same advice', async () => {
    const { data } = await apiOf(url, key).get<{ id: string }[]>(
      '/_sandbox/deliveries?status=dead',
    );
    const shown = await run(['deliveries', 'show', data[0]!.id, '--sandbox-url', url], { env });
    const [advice = ''] = printedIn(shown.stdout);
    expect(advice).toMatch(/^sendemall-mock dead-letters redeliver evt_/);
    expect((await paste(advice, shell)).status).toBe(0);
  });

  test.each([
    ['dead-letters ack', ['dead-letters', 'ack', 'evt_none']],
    ['dead-letters redeliver', ['dead-letters', 'redeliver', 'evt_none']],
    ['deliveries', ['deliveries', '--status', 'cancelled']],
  ])('%s of nothing says what there is', async (_verb, line) => {
    const { stderr } = await run([...line, '--sandbox-url', url], { env });
    const [advice = ''] = printedIn(stderr);
    expect(advice).toMatch(/^sendemall-mock /);
    expect(await paste(advice, shell)).toMatchObject({ status: 0 });
  });

  test('--wait says how to skip the wait', async () => {
    await using failing = await startReceiver(answer(503));
    const api = apiOf(url, key);
    await api.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
    const webhook = await api.register(failing.url);
    const line = ['trigger', 'email.replied', '--webhook', webhook, '--wait', '--sandbox-url', url];
    await using waiting = keepRunning(line, { env });
    await expect.poll(() => waiting.stderr()).toContain('Waiting for');
    const exit = once(waiting.child, 'exit') as Promise<[number | null]>;
    const [advice = ''] = printedIn(waiting.stderr());
    expect(await paste(advice, shell)).toMatchObject({ status: 0 });
    expect((await exit)[0]).toBe(1);
  });
});

test('where nothing answers, the advice starts a sandbox there', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const failed = await run(['clock', '--sandbox-url', url]);
  const [advice = ''] = printedIn(failed.stderr);
  expect(advice).toMatch(/^sendemall-mock serve --port \d+$/);
  await using served = keepRunning(advice.split(' ').slice(1));
  await served.line((line) => line.includes('listening on'));
  expect((await run(['clock', '--sandbox-url', url])).status).toBe(0);
});

test('the curl of sign is accepted by a receiver that checks signatures', async () => {
  await using receiver = await startReceiver();
  const input = `{"event": "it's", "id": "evt_1"}`;
  const signed = await run(['sign', '--secret', SECRET, '--url', receiver.url], { input });
  const [curl = ''] = printedIn(signed.stdout);
  expect((await paste(curl)).status).toBe(0);
  const [received] = receiver.received;
  const header = String(received!.headers['x-sendemall-signature']);
  const check = ['check-signature', '--signature', header, '--secret', SECRET];
  expect((await run(check, { input: received!.bytes })).status).toBe(0);
});

beforeAll(() => {
  const shim = join(folder, 'sendemall-mock');
  writeFileSync(shim, `#!/bin/sh\nexec ${shellWord(process.execPath)} ${shellWord(BIN)} "$@"\n`);
  chmodSync(shim, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));
