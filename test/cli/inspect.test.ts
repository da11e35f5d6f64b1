/**
 * The commands that look into an account and change it: webhooks, events, campaigns, snapshots, reset, tail and open.
 *
 * @module
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { keepRunning, run, type Ran } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-inspect-'));
let mock: Mock;
let receiver: Receiver;
beforeAll(async () => {
  [mock, receiver] = await Promise.all([
    createMock({ clock: 'frozen', rateLimit: false }),
    startReceiver(),
  ]);
});
afterAll(async () => {
  await mock.close(0);
  await receiver[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

let accounts = 0;
/** An account of its own, with its command line. */
const account = (): {
  api: Api;
  env: Record<string, string>;
  cli: (...line: string[]) => Promise<Ran>;
} => {
  accounts += 1;
  const env = {
    SENDEMALL_MOCK_SANDBOX_URL: mock.url,
    SENDEMALL_MOCK_API_KEY: `inspect-${accounts}`,
  };
  return {
    api: apiOf(mock.url, env.SENDEMALL_MOCK_API_KEY),
    env,
    cli: (...line) => run(line, { env }),
  };
};

describe('webhooks', () => {
  test('add, list, update, pause, resume, rotate the secret, delete', async () => {
    const { cli, api } = account();
    expect((await cli('webhooks')).stderr).toMatch(
      /^No webhooks\. Register one with `.*webhooks add/,
    );
    const secret = 'whsec_never-to-be-shown';
    const flags = ['--secret', secret, '--events', 'replied, email.bounced'];
    const added = await cli('webhooks', 'add', `:${receiver.port}/hook`, ...flags);
    expect(added.status).toBe(0);
    const id = /whk_\w+/.exec(added.stdout)![0];
    expect(added.stdout).toContain('email.replied, email.bounced');
    expect((await cli('webhooks', 'update', id, '--events', '*')).stdout).toMatch(/active +\* /);
    expect((await cli('webhooks', 'pause', id)).stdout).toContain('paused');
    expect((await cli('webhooks', 'resume', id)).stdout).toContain('active');
    const rotated = await cli('webhooks', 'rotate-secret', id, '--secret', `${secret}-2`);
    expect(rotated.status).toBe(0);
    const listed = await cli('webhooks', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { id, url: `http://localhost:${receiver.port}/hook`, status: 'active', events: ['*'] },
    ]);
    expect(added.stdout + rotated.stdout + listed.stdout).not.toContain(secret);
    expect((await cli('webhooks', 'rm', id)).stdout).toBe(`Deleted ${id}.\n`);
    expect((await api.get('/v1/webhooks')).data).toEqual([]);
  });

  test('wrong usage', async () => {
    const { cli } = account();
    const missing = await cli('webhooks', 'add', ':1');
    expect(missing).toMatchObject({ status: 2, stdout: '' });
    expect(missing.stderr).toContain('Missing --secret');
    const unknown = await cli('webhooks', 'add', ':1', '--events', 'repleid');
    expect(unknown.stderr).toContain('Did you mean email.replied?');
    const nothing = await cli('webhooks', 'update', 'whk_1');
    expect(nothing.status).toBe(2);
  });
});

test('events: list with their leads, and show one', async () => {
  const { cli, api } = account();
  expect((await cli('events')).stderr).toMatch(/^No events\. Create one with `.*trigger/);
  const data = { lead_email: 'ada@lead.test' };
  await api.send('POST', '/_sandbox/events', { event: 'email.replied', id: 'evt_one', data });
  await api.send('POST', '/_sandbox/events', { event: 'email.opened', id: 'evt_two' });
  const { stdout } = await cli('events', '--event', 'replied');
  expect(stdout).toMatch(/^id +event +lead +timestamp\nevt_one +email\.replied +ada@lead\.test +2/);
  expect(stdout).not.toContain('evt_two');
  const shown = await cli('events', 'show', 'evt_one');
  expect(shown.stdout).toContain('\n    "lead_email": "ada@lead.test",\n');
});

test('campaigns: list, show, pause and resume', async () => {
  const { cli } = account();
  expect((await cli('campaigns')).stderr).toContain('scenario run full-campaign');
  const created = await apiOf(mock.url, `inspect-${accounts}`).send<{ campaign: { id: string } }>(
    'POST',
    '/_sandbox/scenarios',
    { scenario: 'reply' },
  );
  const { id } = created.data.campaign;
  expect((await cli('campaigns')).stdout).toMatch(new RegExp(`${id} +active`));
  expect((await cli('campaigns', 'pause', id)).stdout).toBe(`${id} is paused.\n`);
  expect((await cli('campaigns', 'show', id)).stdout).toMatch(/status +paused\n[^]*leads +5\n/);
  expect((await cli('campaigns', 'resume', id)).stdout).toBe(`${id} is active.\n`);
});

test('snapshot save, reset, snapshot load', async () => {
  const { cli, api } = account();
  const file = join(folder, 'account.json');
  const id = await api.register(receiver.url);
  const saved = await cli('snapshot', 'save', file);
  expect(saved.stdout).toMatch(/^Saved .*account\.json \(\d+ KiB, with secrets\)\.\n$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await cli('snapshot', 'save', '-')).stdout.length).toBe(readFileSync(file).length);
  expect(await cli('reset')).toMatchObject({ status: 0, stdout: 'The account is empty.\n' });
  expect((await api.get('/v1/webhooks')).data).toEqual([]);
  expect(await cli('snapshot', 'load', file)).toMatchObject({ status: 0 });
  expect((await api.get('/v1/webhooks')).data).toMatchObject([{ id }]);
  const nowhere = await cli('snapshot', 'save', join(folder, 'no/such.json'));
  expect(nowhere).toMatchObject({ status: 2, stdout: '' });
  expect(nowhere.stderr).toContain('Pass a writable file');
});

test('snapshot load refuses what is no snapshot, and keeps the account', async () => {
  const { cli, api } = account();
  const id = await api.register(receiver.url);
  const file = join(folder, 'broken.json');
  writeFileSync(file, '{"version":3,"tables":{"event":[{},]}}');
  const broken = await cli('snapshot', 'load', file);
  expect(broken).toMatchObject({ status: 2, stdout: '' });
  expect(broken.stderr).toContain('broken.json is not a snapshot. Invalid JSON at line 1, column');
  expect(broken.stderr).toContain('Pass a file from `sendemall-mock snapshot save`');
  const missing = await cli('snapshot', 'load', join(folder, 'missing.json'));
  expect(missing.stderr).toContain('missing.json: no such file');
  expect((await cli('snapshot', 'load', folder)).stderr).toContain('it is a directory');
  expect((await api.get('/v1/webhooks')).data).toMatchObject([{ id }]);
});

test.each([
  ['is cut off', (response: ServerResponse) => response.destroy(), /No response from/],
  ['ends too early', (response: ServerResponse) => response.end(), /instead of JSON/],
])('snapshot save of a response that %s keeps the file that is there', async (_, end, message) => {
  await using server = await startReceiver((_received, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"success":true,"data":{"version":3,"tables":{"event":[', () => end(response));
  });
  const file = join(folder, 'kept.json');
  writeFileSync(file, 'kept');
  const env = { SENDEMALL_MOCK_SANDBOX_URL: server.url };
  const cut = await run(['snapshot', 'save', file], { env });
  expect(cut).toMatchObject({ status: 2, stdout: '' });
  expect(cut.stderr).toMatch(message);
  expect(readFileSync(file, 'utf8')).toBe('kept');
  expect(readdirSync(folder).filter((name) => name.startsWith('kept'))).toEqual(['kept.json']);
});

test.each([['tail'], ['logs']])('%s prints attempts as they are made', async (verb) => {
  const { api, env } = account();
  await api.register(receiver.url);
  await using running = keepRunning([verb], { env });
  await expect.poll(() => running.stderr()).toContain('Following');
  await api.settled(await api.trigger('email.clicked', { data: { lead_email: 'ada@lead.test' } }));
  const line = await running.line((one) => one.includes('email.clicked'));
  expect(line).toMatch(/^\d\d:\d\d:\d\d ✓ email\.clicked +ada@lead\.test +200 +\d+ ms +dlv_1$/);
  expect(await running.stop('SIGINT')).toBe(130);
});

test('tail prints attempts of the deliveries that match, also of those published before it began', async () => {
  const { api, env } = account();
  await api.register(receiver.url);
  const trigger = (name: string) =>
    api.trigger('email.clicked', { data: { lead_email: `${name}@lead.test` } });
  const old = await trigger('ada');
  await api.settled(old);
  await using running = keepRunning(['tail', '--filter', 'lead:ada'], { env });
  await expect.poll(() => running.stderr()).toContain('Following');
  await api.settled(await trigger('bob'));
  await api.send('POST', `/_sandbox/deliveries/${old}/redeliver`, { signature: 'wrong' });
  await api.settled('dlv_3');
  await api.settled(await trigger('ada'));
  await running.line((one) => one.includes('dlv_4'));
  const { lines } = running;
  expect(lines.filter((line) => line.includes('dlv_'))).toEqual([
    expect.stringMatching(/✗ email\.clicked +ada@lead\.test +200 .*accepted a forgery +dlv_3$/),
    expect.stringMatching(/✓ email\.clicked +ada@lead\.test +200 .*dlv_4$/),
  ]);
});

test('open prints the URL without a terminal', async () => {
  const { cli } = account();
  expect(await cli('open')).toEqual({ status: 0, stdout: `${mock.url}\n`, stderr: '' });
});
