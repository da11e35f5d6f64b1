/**
 * `serve` as a real process: what it says, what it forwards, how it stops.
 *
 * @module
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { apiOf } from '../support/api.ts';
import { answer, freePort, startReceiver } from '../support/receiver.ts';
import { ESCAPES, keepRunning, run, serve } from './support.ts';

const SECRET = 'whsec_my-own-signing-secret';
const folder = mkdtempSync(join(tmpdir(), 'sendemall-serve-'));
afterAll(() => rmSync(folder, { recursive: true }));

const isAttempt = (line: string): boolean => line.includes('delivery.attempted');

describe('what it prints', () => {
  test('URL, key, state, clock, seed and a curl command that works', async () => {
    await using running = keepRunning(['serve', '--port', '0', '--clock', '60x', '--seed', '7']);
    const curl = await running.line((line) => line.trim().startsWith('curl '));
    const text = running.lines.join('\n');
    const url = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(text)?.[1];
    expect(text).toMatch(/account +x-user-context: your-api-key/);
    expect(text).toMatch(/state +in memory, lost on exit.*--db/);
    expect(text).toMatch(/clock +60x/);
    expect(text).toMatch(/seed +7/);
    expect(text).not.toMatch(ESCAPES);
    expect(curl).toContain(`${url}/_sandbox/events`);
    expect(curl).toContain("-H 'x-user-context: your-api-key'");
    expect(curl).toContain(`-d '{"event": "email.replied"}'`);
    await apiOf(url!).send('POST', '/_sandbox/events', { event: 'email.replied' });
    expect(await running.stop()).toBe(0);
  });

  test('--chaos prints its rules', async () => {
    await using running = keepRunning(['serve', '--port', '0', '--chaos', 'wild', '--seed', '7']);
    await running.line((line) => line.trim().startsWith('curl '));
    const text = running.lines.join('\n');
    expect(text).toMatch(/^Chaos \(wild\): affected attempts are marked/m);
    expect(text).toMatch(/^ {2}lost_acknowledgement +8 % +discards a 2xx response/m);
    expect(text.match(/^ {2}\w+ +\d+ % {2}/gm)).toHaveLength(13);
    expect(await running.stop()).toBe(0);
    await using served = await serve([], { env: { SENDEMALL_MOCK_CHAOS: 'mild' } });
    expect(served.started).toMatchObject({
      chaos: 'mild',
      faults: [{ fault: 'duplicate', probability: 0.05 }, {}, {}, {}],
    });
    const { data } = await apiOf(served.url, 'any').get('/_sandbox/faults');
    expect(data).toHaveLength(4);
  });

  test('the same as one line of JSON', async () => {
    await using served = await serve(['--clock', 'skip', '--seed', '7']);
    expect(served.lines).toHaveLength(1);
    expect(served.started).toMatchObject({
      type: 'listening',
      url: served.url,
      api_key: 'your-api-key',
      state: 'memory',
      clock: 'skip',
      seed: 7,
      forward_to: null,
    });
  });

  test('every flag has a twin in the environment, and the flag wins', async () => {
    await using receiver = await startReceiver();
    await using served = await serve(['--seed', '9'], {
      env: {
        SENDEMALL_MOCK_PORT: '1',
        SENDEMALL_MOCK_HOST: '127.0.0.1',
        SENDEMALL_MOCK_CLOCK: 'frozen',
        SENDEMALL_MOCK_SEED: '8',
        SENDEMALL_MOCK_DB: join(folder, 'twins.db'),
        SENDEMALL_MOCK_ATTEMPT_TIMEOUT: '2s',
        SENDEMALL_MOCK_CONCURRENCY: '3',
        SENDEMALL_MOCK_FORWARD_TO: receiver.url,
        SENDEMALL_MOCK_SECRET: SECRET,
        SENDEMALL_MOCK_API_KEY: 'first-key, second-key',
        SENDEMALL_MOCK_ALLOW_PUBLIC_TARGETS: '0',
        SENDEMALL_MOCK_ALLOWED_HOST: 'mock.test,other.test',
        SENDEMALL_MOCK_VERBOSE: 'false',
      },
    });
    expect(served.started).toMatchObject({
      api_key: null,
      clock: 'frozen',
      seed: 9,
      forward_to: { url: receiver.url, secret_from: 'given', generated_secret: null },
    });
    expect(served.started['state']).toContain('twins.db');
    expect((await apiOf(served.url, 'second-key').get('/v1/webhooks')).status).toBe(200);
    expect((await apiOf(served.url, 'third-key').get('/v1/webhooks')).status).toBe(401);
    expect(served.stderr()).toBe('');
  });
});

describe('keys and secrets', () => {
  test('given ones never show, not even with --verbose', async () => {
    await using receiver = await startReceiver(answer(500));
    const key = 'key-that-must-not-show';
    await using running = keepRunning([
      'serve',
      '--port',
      '0',
      '--clock',
      'skip',
      '--verbose',
      '--api-key',
      key,
      '--forward-to',
      receiver.url,
      '--secret',
      SECRET,
    ]);
    const url = /http:\S+/.exec(await running.line((line) => line.includes('listening on')))![0];
    const api = apiOf(url, key);
    await api.settled(await api.trigger());
    await api.send('POST', '/v1/webhooks', { url: receiver.url, events: ['*'], secret: SECRET });
    await running.line((line) => /dead letter +dlv_/.test(line));
    expect(await running.stop()).toBe(0);
    const all = running.lines.join('\n') + running.stderr();
    expect(all).toContain('••••••');
    expect(all).toContain('$SENDEMALL_MOCK_API_KEY');
    expect(running.stderr()).toContain('/v1/webhooks');
    expect(all).not.toContain(key);
    expect(all).not.toContain(SECRET);
  });

  test('a generated secret is printed, and signs', async () => {
    await using receiver = await startReceiver();
    await using served = await serve(['--forward-to', receiver.url]);
    const { generated_secret: secret } = served.started['forward_to'];
    expect(secret).toMatch(/^whsec_.{20,}/);
    await apiOf(served.url).trigger();
    const [request] = await receiver.arrived(1);
    const checked = await run(
      ['check-signature', '--signature', String(request!.headers['x-sendemall-signature'])],
      { input: request!.bytes, env: { SENDEMALL_MOCK_SECRET: secret } },
    );
    expect(checked.status).toBe(0);
  });
});

describe('the generated secret', () => {
  const secretIn = async (cwd: string, env: Record<string, string>): Promise<string> => {
    await using served = await serve(['--forward-to', 'http://127.0.0.1:9/'], { cwd, env });
    expect(await served.stop()).toBe(0);
    return String(served.started['forward_to'].generated_secret);
  };
  const home = (): string => mkdtempSync(join(folder, 'home-'));

  test('is the same at every start in a folder, and another one in other folders and for others', async () => {
    const env = { XDG_DATA_HOME: home() };
    const [one, other] = [home(), home()];
    const first = await secretIn(one, env);
    expect(await secretIn(one, env)).toBe(first);
    expect(await secretIn(other, env)).not.toBe(first);
    expect(await secretIn(one, { XDG_DATA_HOME: home() })).not.toBe(first);
    const seed = join(env.XDG_DATA_HOME, 'sendemall-mock', 'secret-seed');
    expect(statSync(seed).mode & 0o777).toBe(0o600);
  });

  test('is printed to be pasted, with the reason if it cannot be the same', async () => {
    const file = join(folder, 'no-folder');
    writeFileSync(file, '');
    const line = ['serve', '--port', '0', '--forward-to', 'http://127.0.0.1:9/'];
    await using running = keepRunning(line, { env: { XDG_DATA_HOME: file } });
    const exported = await running.line((one) => one.includes('export '));
    expect(exported).toMatch(/^ {2}export SENDEMALL_SECRET=whsec_[\w-]{32}$/);
    const text = running.lines.join('\n');
    expect(text).toMatch(/secret +another one at each start \(.*secret-seed: ENOTDIR\)/);
    expect(text).toMatch(/receiver +⚠ nothing listens on 127\.0\.0\.1:9 yet: start your receiver/);
    expect(await running.stop()).toBe(0);
  });
});

test.each([
  ['http://8.8.8.8/hook', 'blocked'],
  ['http://nowhere.invalid/hook', 'name_not_found'],
])('looks at the receiver first: %s is %s', async (url, state) => {
  await using served = await serve(['--forward-to', url, '--clock', 'frozen']);
  expect(served.started['forward_to'].receiver).toBe(state);
});

test('attempts and requests of other accounts are shown, too, with the key in short', async () => {
  await using receiver = await startReceiver();
  const line = ['serve', '--port', '0', '--clock', 'skip', '--forward-to', receiver.url];
  await using running = keepRunning(line);
  const url = /http:\S+/.exec(await running.line((one) => one.includes('listening on')))![0];
  await running.line((one) => one.includes('curl '));
  const api = apiOf(url, 'the-sales-team-key');
  await api.register(receiver.url);
  await api.trigger('email.clicked');
  expect(await running.line((one) => one.includes('→'))).toMatch(
    /→ the-… POST \/v1\/webhooks 201$/,
  );
  expect(await running.line((one) => one.includes('clicked'))).toMatch(/✓ the-… +email\.clicked/);
  expect(running.lines.join('\n')).not.toContain('the-sales');
});

describe('--forward-to', () => {
  test('streams each attempt as a line, with the retry plan', async () => {
    await using receiver = await startReceiver((_request, response, count) => {
      response.writeHead(count === 2 ? 200 : 503).end();
    });
    await using running = keepRunning([
      'serve',
      '--port',
      '0',
      '--clock',
      'skip',
      '--forward-to',
      receiver.url,
    ]);
    const url = /http:\S+/.exec(await running.line((line) => line.includes('listening on')))![0];
    await apiOf(url).trigger('email.clicked');
    await running.line((line) => / 200 .*dlv_1$/.test(line));
    await apiOf(url).trigger('email.bounced');
    await running.line((line) => /dead letter +dlv_/.test(line));
    const attempts = running.lines.filter((line) => /^\d\d:\d\d:\d\d /.test(line));
    expect(attempts).toHaveLength(6);
    expect(attempts[0]).toMatch(
      /^\d\d:\d\d:\d\d ✗ email\.clicked +\S+@\S+ +503 +\d+ ms {2}try 2\/4 in 30s {2}dlv_1$/,
    );
    expect(attempts[1]).toMatch(/✓ email\.clicked .*200 +\d+ ms {2}on try 2\/4 +dlv_1$/);
    expect(attempts[3]).toMatch(/✗ email\.bounced .*503.*try 3\/4 in 5m +dlv_2$/);
    expect(attempts[4]).toMatch(/try 4\/4 in 30m +dlv_2$/);
    expect(attempts[5]).toMatch(/dead letter +dlv_2$/);
  });

  test('as JSON lines', async () => {
    await using served = await serve([
      '--clock',
      'skip',
      '--forward-to',
      `http://127.0.0.1:${await freePort()}/hook`,
    ]);
    const delivery = await apiOf(served.url).trigger('email.sent');
    await served.line((line) => line.includes('"dead"'));
    const attempts = served.lines.filter(isAttempt).map((line) => JSON.parse(line));
    expect(attempts).toHaveLength(4);
    expect(attempts[0]).toMatchObject({
      type: 'delivery.attempted',
      event: 'email.sent',
      delivery_id: delivery,
      attempt: 1,
      response_status: null,
      outcome: 'refused',
      status: 'pending',
    });
    expect(attempts[3]).toMatchObject({ attempt: 4, next_attempt_at: null });
    expect(await served.stop('SIGTERM')).toBe(0);
    expect(JSON.parse(served.lines.at(-1)!)).toEqual({ type: 'stopped', by: 'SIGTERM' });
  });

  test('registers once in a database, keeps its secret, and takes a new one', async () => {
    await using receiver = await startReceiver();
    const flags = ['--db', join(folder, 'forward.db'), '--forward-to', receiver.url];
    const ids: string[] = [];
    const origins: string[] = [];
    for (const secret of [[], [], ['--secret', SECRET]]) {
      await using served = await serve([...flags, ...secret]);
      ids.push(served.started['forward_to'].webhook_id);
      origins.push(served.started['forward_to'].secret_from);
      expect((await apiOf(served.url).get('/v1/webhooks')).data).toHaveLength(1);
      await apiOf(served.url).trigger();
      await served.line(isAttempt);
      expect(await served.stop()).toBe(0);
    }
    expect(new Set(ids).size).toBe(1);
    expect(origins).toEqual(['generated', 'before', 'given']);
    const { headers, bytes } = receiver.received[2]!;
    const checked = await run(
      [
        'check-signature',
        '--signature',
        String(headers['x-sendemall-signature']),
        '--secret',
        SECRET,
      ],
      { input: bytes },
    );
    expect(checked.status).toBe(0);
  });
});

test('the error of a blocked delivery names the flag that allows it', async () => {
  await using served = await serve(['--forward-to', 'http://8.8.8.8/hook', '--clock', 'frozen']);
  const api = apiOf(served.url);
  await api.trigger();
  await expect
    .poll(() => served.lines.find(isAttempt))
    .toContain('; start it with --allow-public-targets if this receiver is yours');
});

describe('when it cannot start', () => {
  test('the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = String((server.address() as { port: number }).port);
    const { status, stdout, stderr } = await run(['serve', '--port', port]);
    server.close();
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`${port}.*--port`));
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  test('the database is in use, or no database', async () => {
    const db = join(folder, 'shared.db');
    await using served = await serve(['--db', db]);
    const second = await run(['serve', '--port', '0', '--db', db]);
    expect(second.status).toBe(2);
    expect(second.stderr).toContain('shared.db');
    expect(second.stderr).toContain('Stop the other sandbox, or pass another --db.');
    const nowhere = await run(['serve', '--port', '0', '--db', join(folder, 'no/such/folder.db')]);
    expect(nowhere.status).toBe(2);
    expect(nowhere.stderr).toContain('folder.db');
    expect(second.stderr + nowhere.stderr).not.toMatch(/\n {4}at /);
    expect(await served.stop()).toBe(0);
  });
});

describe('how it stops', () => {
  test('Ctrl-C is 130, SIGTERM is 0, with a stream open', async () => {
    await using one = await serve();
    const stream = await fetch(`${one.url}/_sandbox/stream`, {
      headers: { 'x-user-context': 'your-api-key' },
    });
    expect(stream.status).toBe(200);
    expect(await one.stop('SIGINT')).toBe(130);
    expect(JSON.parse(one.lines.at(-1)!)).toEqual({ type: 'stopped', by: 'SIGINT' });
  });

  test('an attempt in flight may finish', async () => {
    let finish = (): void => {};
    await using receiver = await startReceiver((_request, response) => {
      finish = () => response.writeHead(200).end();
    });
    await using served = await serve(['--forward-to', receiver.url]);
    await apiOf(served.url).trigger();
    await receiver.arrived(1);
    const stopped = served.stop('SIGTERM');
    await expect.poll(() => served.stderr()).toContain('Stopping');
    finish();
    expect(await stopped).toBe(0);
    expect(JSON.parse(served.lines.find(isAttempt)!)).toMatchObject({ outcome: 'delivered' });
  });

  test('a second signal does not wait', async () => {
    await using receiver = await startReceiver(() => {});
    await using served = await serve(['--forward-to', receiver.url]);
    await apiOf(served.url).trigger();
    await receiver.arrived(1);
    const stopped = served.stop('SIGINT');
    await expect.poll(() => served.stderr()).toContain('Stopping');
    served.child.kill('SIGINT');
    expect(await stopped).toBe(130);
  });
});
