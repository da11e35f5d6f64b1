/**
 * The commands that talk to a running sandbox, against one `serve` on a frozen clock. Every test has its own account.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiOf, SECRET } from '../support/api.ts';
import { answer, startReceiver, type Receiver } from '../support/receiver.ts';
import { BIN, ESCAPES, run, serve, type RunOptions, type Served } from './support.ts';

let served: Served;
let good: Receiver;
let bad: Receiver;
const folder = mkdtempSync(join(tmpdir(), 'sendemall-commands-'));

beforeAll(async () => {
  [served, good, bad] = await Promise.all([
    serve(['--clock', 'frozen', '--seed', '1']),
    startReceiver(),
    startReceiver(answer(500, 'out of order')),
  ]);
});
afterAll(async () => {
  await served.stop();
  await Promise.all([good[Symbol.asyncDispose](), bad[Symbol.asyncDispose]()]);
  rmSync(folder, { recursive: true });
});

let accounts = 0;
/** A fresh account: its API, and the command with its key in the environment. */
const account = () => {
  accounts += 1;
  const key = `key-number-${accounts}`;
  const cli = async (args: readonly string[], options: RunOptions = {}) => {
    const ran = await run(args, {
      ...options,
      env: {
        SENDEMALL_MOCK_SANDBOX_URL: served.url,
        SENDEMALL_MOCK_API_KEY: key,
        ...options.env,
      },
    });
    expect(ran.stdout + ran.stderr).not.toContain(key);
    expect(ran.stdout + ran.stderr).not.toContain(SECRET);
    expect(ran.stdout + ran.stderr).not.toMatch(ESCAPES);
    return ran;
  };
  const json = async (args: readonly string[], options?: RunOptions) => {
    const { status, stdout, stderr } = await cli([...args, '--json'], options);
    return { status, stderr, data: JSON.parse(stdout) };
  };
  return { key, api: apiOf(served.url, key), cli, json };
};

describe('trigger', () => {
  test('prints the event and its deliveries', async () => {
    const { api, cli } = account();
    await api.register(good.url);
    const { status, stdout, stderr } = await cli(['trigger', 'email.replied']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^email\.replied {2}evt_\S+ {2}dlv_\S+ {2}http:\/\/127\.0\.0\.1:\d+/);
  });

  test('without a webhook it says so, and --wait has nothing to wait for', async () => {
    const { cli } = account();
    const one = await cli(['trigger', 'email.sent']);
    expect(one.status).toBe(0);
    expect(one.stdout).toContain('(no subscribers)');
    expect(one.stderr).not.toBe('');
    const two = await cli(['trigger', 'email.sent', '--wait']);
    expect(two.status).toBe(2);
    expect(two.stderr).toContain('--forward-to');
  });

  test('sets data by paths, from a file and from standard input', async () => {
    const { api, json } = account();
    const path = join(folder, 'data.json');
    writeFileSync(path, '{"lead_name": "From File", "custom": {"a": 1, "b": 2}}');
    const { data } = await json([
      'trigger',
      'email.replied',
      '--data-file',
      path,
      '--data',
      'custom.b=3',
      '--data',
      'custom.deep.list=[1,2]',
      '--data',
      'lead_company=Acme = Co',
      '--id',
      'evt_mine',
      '--timestamp',
      '2026-04-06T14:23:17Z',
    ]);
    expect(data.events[0]).toMatchObject({
      id: 'evt_mine',
      timestamp: '2026-04-06T14:23:17Z',
      data: {
        lead_name: 'From File',
        lead_company: 'Acme = Co',
        custom: { a: 1, b: 3, deep: { list: [1, 2] } },
      },
    });
    const piped = await json(['trigger', 'email.replied', '--data-file', '-'], {
      input: '{"lead_name":"From Pipe"}',
    });
    expect(piped.data.events[0].data.lead_name).toBe('From Pipe');
    expect((await api.get('/_sandbox/events')).data).toHaveLength(2);
  });

  test('wrong data names the field', async () => {
    const { cli } = account();
    const { status, stdout, stderr } = await cli([
      'trigger',
      'email.bounced',
      '--data',
      'bounce_type=medium',
    ]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('bounce_type');
    const array = await cli(['trigger', 'email.sent', '--data-file', '-'], { input: '[1]' });
    expect(array).toMatchObject({ status: 2 });
    expect(array.stderr).toContain('does not contain a JSON object');
    const broken = await cli(['trigger', 'email.sent', '--data-file', '-'], { input: '{"a":' });
    expect(broken.stderr).toMatch(/Invalid JSON in --data-file -/);
  });

  test('--count and --webhook', async () => {
    const { api, cli, json } = account();
    const first = await api.register(good.url);
    await api.register(good.url);
    const { data } = await json(['trigger', 'email.opened', '--count', '3']);
    expect(data.events).toHaveLength(3);
    expect(data.deliveries).toHaveLength(6);
    const one = await json(['trigger', 'email.opened', '--webhook', first]);
    expect(one.data.deliveries).toHaveLength(1);
    const many = await cli(['trigger', 'email.opened', '--count', '30']);
    expect(many.stdout).toBe('30 events, 60 deliveries.\n');
    const unknown = await cli(['trigger', 'email.opened', '--webhook', 'whk_none']);
    expect(unknown).toMatchObject({ status: 2 });
    expect(unknown.stderr).toContain('whk_none');
  });

  test('--wait is 0 when delivered and 1 when dead, and shows the attempts', async () => {
    const { api, cli, json } = account();
    await api.register(good.url);
    const fine = await cli(['trigger', 'email.sent', '--wait']);
    expect(fine.status).toBe(0);
    expect(fine.stdout).toMatch(/✓ email\.sent .* 200 .*dlv_1\n1 of 1 delivered\.\n$/);

    const other = account();
    await other.api.register(bad.url);
    await other.api.send('PUT', '/_sandbox/clock', { mode: 'skip' });
    const dead = await other.cli(['trigger', 'email.sent', '--wait']);
    expect(dead.status).toBe(1);
    expect(dead.stdout).toMatch(/✗ email\.sent .*try 2\/4 in 30s +dlv_1\n/);
    expect(dead.stdout).toMatch(
      /dead letter +dlv_1\n[^]*dead-letters redeliver evt_.*\n0 of 1 delivered\.\n$/,
    );
    const machine = await json(['trigger', 'email.sent', '--wait']);
    expect(machine.status).toBe(0);
    expect(machine.data.deliveries[0]).toMatchObject({ status: 'delivered', attempts_made: 1 });
  });
});

describe('deliveries', () => {
  test('list, filtered', async () => {
    const { api, cli, json } = account();
    const webhook = await api.register(good.url);
    const id = await api.trigger('email.sent');
    await api.trigger('email.opened');
    await api.settled(id);
    const { status, stdout } = await cli(['deliveries']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^id +event +lead +status +attempts +why +created/);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    const filtered = await json([
      'deliveries',
      'list',
      '--event',
      'email.sent',
      '--status',
      'delivered',
      '--webhook',
      webhook,
      '--limit',
      '5',
    ]);
    expect(filtered.data.map((one: { id: string }) => one.id)).toEqual([id]);
    const limited = await cli(['deliveries', '--limit', '1']);
    expect(limited.stderr).toContain('Showing the first 1.');
    const none = await cli(['deliveries', '--event', 'email.bounced']);
    expect(none).toMatchObject({ status: 0, stdout: '' });
    expect((await json(['deliveries', '--event', 'email.bounced'])).data).toEqual([]);
  });

  test('more than a page', async () => {
    const { api, json } = account();
    await api.register(good.url);
    await api.send('POST', '/_sandbox/events', { event: 'email.sent', count: 130 });
    expect((await json(['deliveries', '--limit', '120'])).data).toHaveLength(120);
  });

  test('show', async () => {
    const { api, cli, json } = account();
    await api.register(bad.url);
    const id = await api.trigger();
    await api.advance({ until: 'settled' });
    const { status, stdout } = await cli(['deliveries', 'show', id]);
    expect(status).toBe(0);
    for (const text of [
      id,
      'Attempt 4',
      'out of order',
      'response 500',
      'X-SendEmAll-Signature: sha256=',
    ]) {
      expect(stdout).toContain(text);
    }
    expect((await json(['deliveries', 'show', id])).data).toMatchObject({ id, attempts_made: 4 });
    const unknown = await cli(['deliveries', 'show', 'dlv_none']);
    expect(unknown).toMatchObject({ status: 2, stdout: '' });
    expect(unknown.stderr).toContain('dlv_none');
  });

  test('list, by the filter of the page', async () => {
    const { api, cli, json } = account();
    await api.register(bad.url);
    const id = await api.trigger('email.sent', { data: { lead_email: 'sarah@acme.example' } });
    await api.advance({ by: '31s' });
    await api.trigger('email.opened', { data: { lead_email: 'mike@acme.example' } });
    const { stdout } = await cli(['deliveries', '--filter', 'lead:sarah@ attempts>1']);
    expect(stdout).toMatch(
      /^id .*\ndlv_1 +email\.sent +sarah@acme\.example +pending +✗✗○○ +500 .*\n$/,
    );
    const found = await json(['deliveries', '--filter', 'acme -lead:mike']);
    expect(found.data).toMatchObject([{ id, lead_email: 'sarah@acme.example' }]);
    const none = await cli(['deliveries', '--filter', 'is:forged']);
    expect(none).toMatchObject({ status: 0, stdout: '', stderr: 'No delivery matches.\n' });
    const wrong = await cli(['deliveries', '--filter', 'colour:red']);
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(wrong.stderr).toContain('Unknown key "colour". Known keys: status, event, lead');
  });

  test('show, with the ladder of the page: idle times folded, attempts that are planned', async () => {
    const { api, cli } = account();
    await api.register(bad.url);
    const id = await api.trigger();
    await api.advance({ by: '31s' });
    const { stdout } = await cli(['deliveries', 'show', id]);
    const lines = stdout.split('\n');
    const at = lines.indexOf('Attempts');
    expect(lines.slice(at + 1, at + 5)).toEqual([
      expect.stringMatching(/^ {2}✗ 1 {2}T +500$/),
      expect.stringMatching(/^ {2}✗ 2 {2}T \+ 30 s +┊ \+30 s +500$/),
      expect.stringMatching(/^ {2}○ 3 {2}T \+ 5 min 30 s +┊ \+5 min +planned$/),
      expect.stringMatching(/^ {2}○ 4 {2}T \+ 35 min 30 s +┊ \+30 min +planned$/),
    ]);
  });

  test('diff: two deliveries, a redelivery, two responses', async () => {
    const { api, cli, json } = account();
    await api.register(bad.url);
    const id = await api.trigger();
    const { body } = await api.delivery(id);
    const size = Buffer.byteLength(body);
    const edited = `${body.slice(0, -1)},"x":1}`;
    await cli(['deliveries', 'redeliver', id, '--body-file', '-'], { input: edited });
    const differs = await cli(['deliveries', 'diff', 'dlv_2']);
    expect(differs.status).toBe(1);
    expect(differs.stdout).toBe(
      `--- body of ${id}, ${size} bytes\n+++ body of dlv_2, ${size + 6} bytes\n${body.slice(0, -1)}{+,"x":1+}}\n`,
    );
    expect((await json(['deliveries', 'diff', 'dlv_2', id])).data).toMatchObject({
      isEqual: false,
      sizes: [size + 6, size],
    });
    await api.advance({ by: '31s' });
    const same = await cli(['deliveries', 'diff', id, '--attempts', '1,2']);
    expect(same.status).toBe(0);
    expect(same.stdout).toBe('Equal: response to attempt 1 and response to attempt 2, 12 bytes.\n');
    for (const [line, message] of [
      [[id], 'repeats no other delivery'],
      [[id, '--attempts', '1,4'], 'has no attempt 4'],
      [[id, '--attempts', '1'], 'Pass the numbers of two attempts'],
    ] as const) {
      const wrong = await cli(['deliveries', 'diff', ...line]);
      expect(wrong).toMatchObject({ status: 2, stdout: '' });
      expect(wrong.stderr).toContain(message);
    }
  });

  test('redeliver: the same bytes, others, and a wrong signature', async () => {
    const { api, cli, json } = account();
    await api.register(good.url);
    const id = await api.trigger();
    await api.settled(id);
    const same = await cli(['deliveries', 'redeliver', id, '--wait']);
    expect(same.status).toBe(0);
    expect(same.stdout).toMatch(
      new RegExp(`^Created dlv_\\S+, which repeats ${id}\\.\n\\S+ ✓ .* 200 .*dlv_2\n`),
    );
    const other = await json(
      ['deliveries', 'redeliver', id, '--body-file', '-', '--signature', 'missing', '--wait'],
      { input: '{"edited":true}' },
    );
    expect(other.data).toMatchObject({ body: '{"edited":true}', signature_mode: 'missing' });
    const names = other.data.attempts[0].request.headers.map(([name]: [string]) => name);
    expect(names).not.toContain('X-SendEmAll-Signature');
  });
});

describe('dead letters', () => {
  test('redeliver --all --ack', async () => {
    const { api, cli } = account();
    let isFixed = false;
    await using receiver = await startReceiver((_request, response) => {
      response.writeHead(isFixed ? 200 : 500).end();
    });
    await api.register(receiver.url);
    await api.trigger('email.replied', { id: 'evt_one' });
    await api.trigger('email.opened', { id: 'evt_two' });
    await cli(['clock', 'advance', '--until', 'settled']);
    isFixed = true;
    const { status, stdout } = await cli(['dead-letters', 'redeliver', '--all', '--ack']);
    expect(status).toBe(0);
    expect(stdout).toContain('2 of 2 delivered.\nAcknowledged evt_one of whk_');
    const none = await cli(['dead-letters', 'redeliver', '--all']);
    expect(none).toMatchObject({ status: 0, stdout: '', stderr: 'No dead letters.\n' });
    const nothing = await cli(['dead-letters', 'redeliver']);
    expect(nothing).toMatchObject({ status: 2, stdout: '' });
    expect(nothing.stderr).toContain('Pass event IDs, or --all');
  });

  test('list, redeliver, acknowledge', async () => {
    const { api, cli, json } = account();
    const webhook = await api.register(bad.url);
    await api.trigger('email.replied', { id: 'evt_one' });
    await api.trigger('email.opened', { id: 'evt_two' });
    await cli(['clock', 'advance', '--until', 'settled']);

    const listed = await cli(['dead-letters']);
    expect(listed.stdout).toMatch(/^event id +event +lead +webhook/);
    expect(listed.stdout).toMatch(/evt_one +email\.replied +\S+@\S+ +whk_\S+.* 4 .*500/);
    const { data } = await json(['dead-letters', 'list', '--webhook', webhook]);
    expect(data).toHaveLength(2);
    expect(data[0]).toMatchObject({
      webhook_id: webhook,
      id: 'evt_one',
      failure: { attempts: 4, last_status_code: 500 },
    });

    await api.send('PATCH', `/v1/webhooks/${webhook}`, { url: good.url });
    const again = await cli(['dead-letters', 'redeliver', 'evt_one', 'evt_two', '--wait']);
    expect(again.status).toBe(0);
    expect(again.stdout).toContain('2 of 2 delivered.');

    const acked = await cli(['dead-letters', 'ack', 'evt_one']);
    expect(acked).toMatchObject({ status: 0, stdout: `Acknowledged evt_one of ${webhook}.\n` });
    expect(
      (await json(['dead-letters', 'ack', 'evt_two'])).data[0].failure.acknowledged_at,
    ).toBeTruthy();
    expect(await cli(['dead-letters'])).toMatchObject({ status: 0, stderr: 'No dead letters.\n' });
    for (const verb of ['ack', 'redeliver']) {
      const unknown = await cli(['dead-letters', verb, 'evt_none']);
      expect(unknown).toMatchObject({ status: 2, stdout: '' });
      expect(unknown.stderr).toContain('evt_none');
    }
  });

  test('over all webhooks', async () => {
    const { api, json } = account();
    await api.register(bad.url);
    await api.register(bad.url);
    await api.trigger('email.replied', { id: 'evt_both' });
    await api.advance({ until: 'settled' });
    expect((await json(['dead-letters'])).data).toHaveLength(2);
    expect((await json(['dead-letters', 'redeliver', 'evt_both'])).data).toHaveLength(2);
    expect((await json(['dead-letters', 'ack', 'evt_both'])).data).toHaveLength(2);
    expect((await json(['dead-letters'])).data).toEqual([]);
  });
});

describe('clock', () => {
  test('show, set, advance', async () => {
    const { api, cli, json } = account();
    const shown = await cli(['clock']);
    expect(shown.stdout).toMatch(/^mode +frozen\nnow +\S+Z\nnext due +-\n/);
    const { data: before } = await json(['clock', 'show']);

    await api.register(bad.url);
    const id = await api.trigger();
    const minutes = await cli(['clock', 'advance', '5m']);
    expect(minutes.stdout).toMatch(/^\S+Z → \S+Z \(5m\), \d+ attempts\.\n$/);
    const next = await json(['clock', 'advance', '--until', 'next-attempt']);
    expect(next.data.attempts).toBe(1);
    const target = new Date(Date.parse(before.now) + 3_600_000).toISOString();
    expect((await json(['clock', 'advance', '--to', target])).data.to).toBe(target);
    expect(await api.delivery(id)).toMatchObject({ status: 'dead', attempts_made: 4 });

    expect((await cli(['clock', 'set', '60x'])).stdout).toMatch(/^mode +60x\n/);
    expect((await json(['clock', 'set', 'skip'])).data).toMatchObject({ mode: 'skip' });
    const backwards = await cli(['clock', 'advance', '--to', '2001-01-01T00:00:00Z']);
    expect(backwards).toMatchObject({ status: 2, stdout: '' });
    const fast = await cli(['clock', 'set', '100001x']);
    expect(fast.status).toBe(2);
    expect(fast.stderr).toContain('rate');
  });
});

test('--sandbox-url and --api-key win over the environment', async () => {
  const { key, api } = account();
  await api.trigger().catch(() => null);
  const { status, stdout } = await run(
    ['clock', '--json', '--sandbox-url', `${served.url}/`, '--api-key', key],
    { env: { SENDEMALL_MOCK_SANDBOX_URL: 'http://127.0.0.1:9', SENDEMALL_MOCK_API_KEY: 'other' } },
  );
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ mode: 'frozen' });
});

test('a reader that has seen enough is no error', async () => {
  const { api, key } = account();
  await api.register(good.url);
  await api.send('POST', '/_sandbox/events', { event: 'email.sent', count: 200 });
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', `"${process.execPath}" "${BIN}" deliveries --limit 200 | head -n 1`],
    {
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        SENDEMALL_MOCK_SANDBOX_URL: served.url,
        SENDEMALL_MOCK_API_KEY: key,
      },
    },
  );
  expect(stdout).toMatch(/^id +event/);
  expect(stderr).not.toContain('EPIPE');
});

test('a closed stderr does not change the exit status', () => {
  const { stdout } = spawnSync(
    'bash',
    [
      '-c',
      `exec 3>&1; { "${process.execPath}" "${BIN}" clock show; echo "ended with $?" >&3; } 2>&1 >/dev/null | true`,
    ],
    {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], SENDEMALL_MOCK_SANDBOX_URL: 'http://127.0.0.1:9' },
    },
  );
  expect(stdout).toBe('ended with 2\n');
});
