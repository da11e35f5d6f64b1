/**
 * What people type in short: URLs without scheme and host, event types and checks by their last word, other names of
 * commands, in real processes against a real receiver.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { keepRunning, run, serve, type Served } from './support.ts';

const SECRET = 'whsec_my-own-signing-secret';
let receiver: Receiver;
let served: Served;
beforeAll(async () => {
  receiver = await startReceiver();
  served = await serve([`${receiver.port}`]);
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

describe('a URL', () => {
  test.each([
    ['5000', 'http://localhost:5000'],
    [':5000', 'http://localhost:5000'],
    [':5000/hook?a=b', 'http://localhost:5000/hook?a=b'],
    ['localhost:5000/hook', 'http://localhost:5000/hook'],
    ['localhost', 'http://localhost'],
    ['127.0.0.1:5000/', 'http://127.0.0.1:5000/'],
    ['[::1]:5000/x', 'http://[::1]:5000/x'],
    ['receiver:80/x', 'http://receiver:80/x'],
    ['http://localhost:5000/hook', 'http://localhost:5000/hook'],
  ])('%s is %s', async (typed, url) => {
    await using one = await serve([typed, '--clock', 'frozen']);
    expect(one.started['forward_to'].url).toBe(url);
    expect(await one.stop()).toBe(0);
  });

  test('of the receiver and of the sandbox', async () => {
    expect(served.started['forward_to'].url).toBe(`http://localhost:${receiver.port}`);
    const port = new URL(served.url).port;
    const triggered = await run(['trigger', 'replied', '--wait', '--sandbox-url', `:${port}`]);
    expect(triggered).toMatchObject({ status: 0, stderr: '' });
    expect(triggered.stdout).toContain('email.replied');
    const once = await run([
      'trigger',
      'completed',
      '--to',
      `${receiver.port}`,
      '--secret',
      SECRET,
    ]);
    expect(once.status).toBe(0);
    expect(once.stdout).toContain('"event":"campaign.completed"');
  });
});

test.each([['listen'], ['start']])('%s is serve', async (name) => {
  await using running = keepRunning([name, '--port', '0']);
  expect(await running.line((line) => line.includes('listening on'))).toContain('http://');
  expect(await running.stop()).toBe(0);
});

test('--json before the command', async () => {
  const { status, stdout } = await run(['--json', '--sandbox-url', served.url, 'clock']);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ mode: 'realtime' });
});

test.each([
  ['dup-seq', ['delivery/dup-seq']],
  ['signature/missing-header', ['signature/missing-header']],
  ['missing-header,dup-seq', ['signature/missing-header', 'delivery/dup-seq']],
])('--only %s', async (only, ids) => {
  const { status, stdout } = await run(['verify', '--list', '--json', '--only', only]);
  expect(status).toBe(0);
  const listed = (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id);
  expect(listed.toSorted()).toEqual(ids.toSorted());
});

test('--only signature is the whole area', async () => {
  const { stdout } = await run(['verify', '--list', '--json', '--only', 'signature']);
  const listed = (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id);
  expect(listed.length).toBeGreaterThan(10);
  expect(listed.every((id) => id.startsWith('signature/'))).toBe(true);
});

test('--only nearly right', async () => {
  const { status, stderr } = await run(['verify', '--list', '--only', 'dup-sek']);
  expect(status).toBe(2);
  expect(stderr).toContain('--only "dup-sek" matches no check. Did you mean delivery/dup-seq?');
});
