/**
 * `scenario`, against a receiver and in a running sandbox.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiOf, SECRET } from '../support/api.ts';
import { eventsOf, only } from '../support/campaign.ts';
import { answer, freePort, startReceiver, type Receiver } from '../support/receiver.ts';
import { run, serve, type Served } from './support.ts';

let served: Served;
let good: Receiver;
beforeAll(async () => {
  [served, good] = await Promise.all([
    serve(['--clock', 'frozen', '--seed', '1']),
    startReceiver(),
  ]);
});
afterAll(async () => {
  await served.stop();
  await good[Symbol.asyncDispose]();
});

const env = { SENDEMALL_MOCK_SECRET: SECRET };

/** How much later than any other response the stream arrives. Milliseconds. */
const BEHIND_MS = 300;

/** A proxy in front of a sandbox that is slow to pass its stream on. */
const startSlowStream = async (
  origin: string,
): Promise<{ readonly url: string } & AsyncDisposable> => {
  const server = createServer((request, response) => {
    const { method, url = '/', headers } = request;
    const onward = httpRequest(new URL(url, origin), { method, headers });
    onward.on('response', (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      response.flushHeaders();
      const isStream = url.startsWith('/_sandbox/stream');
      const later = new Transform({
        transform: (chunk, _, done) => void setTimeout(done, BEHIND_MS, null, chunk),
      });
      const passed = isStream ? answered.pipe(later) : answered;
      passed.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

describe('run --to', () => {
  test('plays it to the end against a receiver, and reports the result', async () => {
    const args = ['scenario', 'run', 'reply', '--to', good.url, '--port', '0', '--seed', '7'];
    const { status, stdout, stderr } = await run(args, { env });
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/^Private sandbox: http:\/\/127\.0\.0\.1:\d+\/v1/),
    });
    expect(stdout).toMatch(/^Scenario reply: 5 leads, campaign cmp_\w+$/m);
    expect(stdout).toMatch(/^ {2}email\.replied +5 +0 +0$/m);
    expect(stdout).toContain('The campaign completed.');
    expect(stdout).toMatch(/21 delivered, 0 dead letters, in .* on the account's clock\./);
    const sentiments = only(eventsOf(good), 'email.replied').map(
      ({ data }) => data.reply_sentiment,
    );
    expect(new Set(sentiments).size).toBe(5);
  });

  test('the same seed makes the same stream', async () => {
    const stream = async (): Promise<readonly string[]> => {
      await using receiver = await startReceiver();
      const args = ['scenario', 'run', 'open-storm', '--leads', '2', '--seed', '5', '--port', '0'];
      expect((await run([...args, '--to', receiver.url], { env })).status).toBe(0);
      return eventsOf(receiver)
        .map(({ id }) => id.slice(-16))
        .toSorted();
    };
    const once = await stream();
    expect(once).toHaveLength(85);
    expect(await stream()).toEqual(once);
  });

  test('a receiver that answers first and pauses afterwards stops a bounce spike', async () => {
    const port = await freePort();
    const api = apiOf(`http://127.0.0.1:${port}`);
    const seen = { total: 0, bounced: 0, pauses: [] as Promise<unknown>[] };
    await using receiver = await startReceiver(({ body }, response) => {
      response.writeHead(200).end();
      const { event, data } = JSON.parse(body);
      seen.total += 1;
      if (event === 'email.bounced') seen.bounced += 1;
      if (seen.total <= 20 || seen.bounced / seen.total <= 0.05 || seen.pauses.length > 0) return;
      seen.pauses.push(api.send('POST', `/v1/campaigns/${data.campaign_id}/pause`));
    });
    // Enough leads that the pause takes effect before the campaign ends, on the busiest machine.
    const leads = 5000;
    const args = ['scenario', 'run', 'bounce-spike', '--leads', String(leads), '--json'];
    const to = ['--to', receiver.url, '--port', String(port)];
    const { status, stdout } = await run([...args, ...to], { env });
    expect(status).toBe(0);
    const { campaign, analytics } = JSON.parse(stdout);
    expect(campaign.status).toBe('paused');
    expect(analytics.sent).toBeGreaterThan(20);
    expect(analytics.sent).toBeLessThan(leads);
    expect(await seen.pauses[0]).toMatchObject({ status: 200 });
  });

  test('judges: a receiver that does not pause a bounce spike fails it', async () => {
    await using receiver = await startReceiver();
    const args = ['scenario', 'run', 'bounce-spike', '--clock', 'frozen', '--to', receiver.url];
    const { status, stdout } = await run(args, { env });
    expect(status).toBe(1);
    expect(stdout).toMatch(/\n✗ the campaign was not paused \(20 of 60 bounced\)\n$/);
  });

  test.each([
    ['reply', /\n✓ replies of every sentiment were acknowledged \(5\)\n/],
    [
      'unsubscribe-race',
      /\n✓ 10 unsubscribes and \d+ opens around them were acknowledged\n.*\n.*--only domain\/unsub-wins\n$/,
    ],
    ['open-storm', /\n✓ 200 opens were acknowledged\n.*\n.*--only domain\/open-monotonic\n$/],
    ['full-campaign', /\n✓ all \d+ events of \d+ emails were acknowledged\n$/],
  ])('judges: what a right receiver of %s did, in a sentence', async (name, sentence) => {
    const args = ['scenario', 'run', name, '--seed', '7', '--to', good.url];
    const { status, stdout } = await run(args, { env });
    expect(stdout).toMatch(sentence);
    expect(status).toBe(0);
  });

  test.each(['reply', 'unsubscribe-race', 'open-storm', 'full-campaign'])(
    'judges: a receiver that refuses what %s is about fails it',
    async (name) => {
      const about = { reply: 'replied', 'unsubscribe-race': 'unsubscribed' }[name] ?? 'opened';
      await using bad = await startReceiver(({ body }, response) => {
        response.writeHead(body.includes(`"email.${about}"`) ? 500 : 200).end();
      });
      const args = ['scenario', 'run', name, '--leads', '5', '--seed', '7', '--to', bad.url];
      const { status, stdout } = await run(args, { env });
      expect(stdout).toMatch(
        new RegExp(`\\n✗ \\d+ events became dead letters: \\d+ email\\.${about}\\n$`, 'u'),
      );
      expect(status).toBe(1);
    },
  );

  test('exits with 1 if there are dead letters', async () => {
    await using bad = await startReceiver(answer(500));
    const args = ['scenario', 'run', 'reply', '--to', bad.url, '--port', '0'];
    const { status, stdout } = await run(args, { env });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^ {2}email\.sent +0 +20 +5$/m);
    expect(stdout).toMatch(/0 delivered, 21 dead letters/);
  });

  test.each([
    [['run', 'storm', '--to', 'http://127.0.0.1:9/'], /Pass one of reply, bounce-spike/],
    [['run', 'reply', '--to', 'ftp://x/'], /Invalid --to .*Pass a URL/],
    [
      ['run', 'reply', '--to', 'http://127.0.0.1:9/', '--leads', '0'],
      /whole number from 1 to 10000/,
    ],
    [['run', 'reply', '--to', 'http://127.0.0.1:9/', '--clock', 'fast'], /Invalid --clock "fast"/],
    [['run'], /missing required argument 'scenario'/],
  ])('wrong usage: %j', async (args, message) => {
    const { status, stderr } = await run(['scenario', ...args], { env });
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('without a secret it says what to give', async () => {
    const { status, stderr } = await run(['scenario', 'run', 'reply', '--to', good.url]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/Missing --secret.*SENDEMALL_MOCK_SECRET/);
  });

  test('on a port that is taken it says so', async () => {
    const args = ['scenario', 'run', 'reply', '--to', good.url, '--port', String(good.port)];
    const { status, stderr } = await run(args, { env });
    expect(status).toBe(2);
    expect(stderr).toMatch(/taken|in use/);
  });
});

describe('in a running sandbox', () => {
  const account = (key: string) => ({
    SENDEMALL_MOCK_SANDBOX_URL: served.url,
    SENDEMALL_MOCK_API_KEY: key,
  });

  test('runs on its clock, for its webhooks', async () => {
    await using receiver = await startReceiver();
    await apiOf(served.url, 'runs-here').register(receiver.url, { events: ['email.replied'] });
    const ran = await run(['scenario', 'run', 'reply', '--json'], { env: account('runs-here') });
    expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' });
    const outcome = JSON.parse(ran.stdout);
    expect(outcome).toMatchObject({ delivered: 5, dead: 0, analytics: { sent: 5, replied: 5 } });
    expect(receiver.received).toHaveLength(5);
  });

  test('counts what the stream says late', async () => {
    await using receiver = await startReceiver();
    await using slow = await startSlowStream(served.url);
    await apiOf(served.url, 'slow-stream').register(receiver.url, { events: ['email.replied'] });
    const sandbox = { ...account('slow-stream'), SENDEMALL_MOCK_SANDBOX_URL: slow.url };
    const ran = await run(['scenario', 'run', 'reply', '--json'], { env: sandbox });
    expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(ran.stdout)).toMatchObject({ delivered: 5, analytics: { replied: 5 } });
  });

  test('reports that there are no subscribers', async () => {
    const ran = await run(['scenario', 'run', 'reply'], { env: account('alone') });
    expect(ran.status).toBe(2);
    expect(ran.stdout).toContain('No deliveries: no active webhook');
    expect(ran.stdout).not.toContain('✓');
    expect(ran.stderr).toContain(
      'Nothing to judge: no active webhook subscribes to email.replied. Register one, or pass --to.',
    );
  });

  test('lists what there is', async () => {
    const { stdout } = await run(['scenario', 'list'], { env: account('lists') });
    expect(stdout).toMatch(/^bounce-spike \(60 leads\)\n {2}Sixty leads/m);
    const json = await run(['scenario', 'list', '--json'], { env: account('lists') });
    expect(JSON.parse(json.stdout)).toHaveLength(5);
  });
});

describe('serve', () => {
  test('--profile and --no-rate-limit', async () => {
    const loose = await serve(['--clock', 'frozen', '--profile', 'dangerous', '--no-rate-limit']);
    try {
      const api = apiOf(loose.url);
      const { data } = await api.send('POST', '/v1/campaigns', {
        name: 'A',
        daily_limit: 1,
        timezone: 'UTC',
        schedule: { days: ['mon'], start_hour: 0, end_hour: 24 },
        sequences: [{ step: 1, delay_days: 0, subject: 'a', body: 'b' }],
      });
      const simulation = await api.get(`/_sandbox/campaigns/${data.id}/simulation`);
      expect(simulation.data.profile).toBe('dangerous');
      const statuses = new Set<number>();
      for (let asked = 0; asked < 65; asked += 1)
        statuses.add((await api.get('/v1/campaigns')).status);
      expect(statuses).toEqual(new Set([200]));
    } finally {
      await loose.stop();
    }
  });

  test('the environment switches the limit off, too', async () => {
    const loose = await serve([], { env: { SENDEMALL_MOCK_NO_RATE_LIMIT: '1' } });
    try {
      const api = apiOf(loose.url);
      const statuses = new Set<number>();
      for (let asked = 0; asked < 65; asked += 1)
        statuses.add((await api.get('/v1/webhooks')).status);
      expect(statuses).toEqual(new Set([200]));
    } finally {
      await loose.stop();
    }
  });
});
