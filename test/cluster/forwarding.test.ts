/**
 * Any node answers any request: the owner of the account serves it, the others forward it.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type StartedSandbox } from '../../src/create-mock.ts';
import type { LooseMockOptions } from '../../src/mock-options.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';
import { startReceiver } from '../support/receiver.ts';

const KEY = 'your-api-key';
const NODE = 'x-sendemall-node';

describe.skipIf(noPostgres !== null)('two nodes on one database', () => {
  let server: PostgresServer;
  let db: string;
  const running: StartedSandbox[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    db = await server.createDatabase();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((node) => node.close(0)));
  });

  const start = async (options: LooseMockOptions = {}): Promise<StartedSandbox> => {
    const node = await startSandbox({ db, rateLimit: false, ...options });
    running.push(node);
    return node;
  };
  const nameOf = (node: StartedSandbox): string => node.cluster!.directory.self.node;

  /** Two nodes, of which the first owns the account. */
  const startTwo = async (
    options: LooseMockOptions = {},
  ): Promise<{ owner: StartedSandbox; other: StartedSandbox; direct: Api; via: Api }> => {
    const owner = await start(options);
    const other = await start(options);
    const direct = apiOf(owner.url);
    expect((await direct.get('/_sandbox/clock')).headers.get(NODE)).toBe(nameOf(owner));
    return { owner, other, direct, via: apiOf(other.url) };
  };

  test('a change at one node is seen at the other', async () => {
    await using receiver = await startReceiver();
    const { owner, direct, via } = await startTwo();
    const webhook = await via.register(receiver.url);
    const id = await via.trigger();
    expect((await direct.settled(id)).status).toBe('delivered');
    expect((await via.settled(id)).webhook_id).toBe(webhook);
    expect((await via.get('/v1/webhooks')).headers.get(NODE)).toBeNull();
    const reply = await via.get('/_sandbox/clock');
    expect(reply.headers.get(NODE)).toBe(nameOf(owner));
    expect(reply.headers.get('x-request-id')).toBe(reply.meta.request_id);
    expect(receiver.received).toHaveLength(1);
  });

  test('errors, query parameters and HEAD are forwarded as they are', async () => {
    const { owner, other, direct, via } = await startTwo();
    for (const [method, path, body] of [
      ['GET', '/v1/webhooks/whk_none', undefined],
      ['GET', '/v1/webhooks?limit=5&x=%2F', undefined],
      ['POST', '/v1/webhooks', '{"url": '],
      ['PUT', '/v1/webhooks', undefined],
      ['GET', '/_sandbox/nothing', undefined],
    ] as const) {
      const [here, there] = [
        await direct.send(method, path, body),
        await via.send(method, path, body),
      ];
      expect({ status: there.status, error: there.error }).toEqual({
        status: here.status,
        error: here.error,
      });
    }
    const head = (node: StartedSandbox) =>
      fetch(`${node.url}/v1/webhooks`, { method: 'HEAD', headers: { 'x-user-context': KEY } });
    expect((await head(other)).status).toBe((await head(owner)).status);
  });

  test('a body over 1 MiB is streamed to the owner, and its response back', async () => {
    const { owner, other, direct, via } = await startTwo();
    await via.register('http://127.0.0.1:9/');
    await via.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
    const text = 'x'.repeat(3000);
    await via.send('POST', '/_sandbox/events', {
      event: 'email.replied',
      count: 600,
      data: { reply_text: text },
    });
    const snapshot = await via.get('/_sandbox/snapshot');
    const bytes = JSON.stringify(snapshot.data);
    expect(bytes.length).toBeGreaterThan(1_100_000);
    expect((await via.send('PUT', '/_sandbox/snapshot', bytes)).status).toBe(200);
    expect((await direct.get('/_sandbox/deliveries?limit=1')).data).toHaveLength(1);
    expect(nameOf(owner)).not.toBe(nameOf(other));
  });

  test('a stream reaches the client event by event, and ends at the owner when the client leaves', async () => {
    await using receiver = await startReceiver();
    const { owner, other, direct } = await startTwo();
    await direct.register(receiver.url);
    const leave = new AbortController();
    const response = await fetch(`${other.url}/_sandbox/stream`, {
      headers: { 'x-user-context': KEY },
      signal: leave.signal,
    });
    expect(response.headers.get(NODE)).toBe(nameOf(owner));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const readUntil = async (part: string): Promise<void> => {
      while (!text.includes(part)) text += (await reader.read()).value ?? '';
    };
    await readUntil(': connected');
    const id = await direct.trigger();
    await readUntil('delivery.attempted');
    expect(text).toContain(id);
    leave.abort();
    // At most 250 streams of an account may be open: this one must not count any longer.
    const account = await owner.engine.open(KEY);
    expect(account.closed.aborted).toBe(false);
    await reader.closed.catch(() => undefined);
  });

  test('a long poll through another node ends when the event happens', async () => {
    await using receiver = await startReceiver();
    const { direct, via } = await startTwo();
    await direct.register(receiver.url);
    await direct.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
    const requests = via.get('/_sandbox/sinks/crm/requests?wait_for=1&timeout_ms=30000');
    await direct.send('POST', '/_sandbox/sinks/crm/contacts', { email: 'john@acme.example' });
    const { status, data } = await requests;
    expect({ status, count: data.length }).toEqual({ status: 200, count: 1 });
  });

  test('an Idempotency-Key holds across nodes', async () => {
    const { direct, via } = await startTwo();
    const webhook = { url: 'http://127.0.0.1:9/', events: ['*'], secret: SECRET };
    const key = { 'idempotency-key': 'once' };
    const [first, second] = await Promise.all([
      direct.send('POST', '/v1/webhooks', webhook, key),
      via.send('POST', '/v1/webhooks', webhook, key),
    ]);
    expect(second.data).toEqual(first.data);
    expect((await direct.get('/v1/webhooks')).data).toHaveLength(1);
  });

  test('the URL of a sink leads to its account from any node, and stays after a take-over', async () => {
    const { owner, other, direct, via } = await startTwo();
    const { url } = (await direct.get('/_sandbox/sinks/crm/settings')).data as { url: string };
    const { pathname } = new URL(url);
    const post = (node: StartedSandbox) =>
      fetch(`${node.url}${pathname}/contacts`, { method: 'POST', body: '{}' });
    expect((await post(other)).status).toBe(200);
    const [request] = (await direct.get('/_sandbox/sinks/crm/requests')).data;
    expect(request.path).toBe('/contacts');
    expect(JSON.stringify(request.headers)).not.toContain('x-sendemall-forwarded');
    const tampered = `${pathname.slice(0, 40)}${pathname[40] === 'A' ? 'B' : 'A'}${pathname.slice(41)}`;
    expect((await fetch(`${other.url}${tampered}`, { method: 'POST' })).status).toBe(404);

    await owner.close(0);
    running.splice(running.indexOf(owner), 1);
    expect((await via.get('/_sandbox/sinks/crm/settings')).data.url).toContain(pathname);
    expect((await post(other)).status).toBe(200);
    // Recorded requests are in the memory of the owner.
    expect((await via.get('/_sandbox/sinks/crm/requests')).data).toHaveLength(1);
  });

  test('rate limits and faults are those of the owner', async () => {
    const { direct, via } = await startTwo({ rateLimit: true });
    await direct.send('POST', '/_sandbox/faults', { fault: 'duplicate', probability: 1 });
    expect((await via.get('/_sandbox/faults')).data).toHaveLength(1);
    const statuses: number[] = [];
    for (let index = 0; index < 31; index += 1)
      for (const api of [direct, via]) statuses.push((await api.get('/v1/webhooks')).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(60);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
  });

  test('the guard works at the node that the client calls, and a forwarded request passes the owner', async () => {
    const { owner, via, other } = await startTwo();
    const evil = await fetch(`${other.url}/_sandbox/clock`, {
      headers: { 'x-user-context': KEY, origin: 'http://evil.example' },
    });
    expect(evil.status).toBe(403);
    await evil.arrayBuffer();
    expect((await via.get('/_sandbox/clock')).headers.get(NODE)).toBe(nameOf(owner));
  });

  test('a request with a forged or foreign mark is refused', async () => {
    const { owner, other } = await startTwo();
    const mark = (secret: string): string => {
      const [from, to] = [nameOf(other), nameOf(owner)];
      const text = ['forwarded', from, to, 'GET', '/_sandbox/clock'].join('\n');
      return `from=${from} to=${to} mac=${createHmac('sha256', secret).update(text).digest('hex')}`;
    };
    for (const header of [mark('another secret'), 'from=a to=b', '']) {
      const reply = await apiOf(owner.url).send('GET', '/_sandbox/clock', undefined, {
        'x-sendemall-forwarded': header,
      });
      expect({ status: reply.status, code: reply.error.code }).toEqual({
        status: 403,
        code: 'FOREIGN_NODE',
      });
    }
  });

  test('a node whose URL leads to another node is found out, and nothing circles', async () => {
    const first = await start();
    // Its URL is that of the first node.
    const lost = await start({ nodeUrl: first.url });
    const key = 'of-the-lost-node';
    expect((await apiOf(lost.url, key).get('/_sandbox/clock')).status).toBe(200);
    const { status, error } = await apiOf(first.url, key).get('/_sandbox/clock');
    expect({ status, code: error.code }).toEqual({ status: 508, code: 'FORWARDING_LOOP' });
    expect(error.message).toContain('URL of each node');
  });

  test('a node that accepts a request and breaks off: a read is repeated, anything else gets 503 with what it means', async () => {
    const broken = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.destroy());
    });
    broken.listen(0, '127.0.0.1');
    await once(broken, 'listening');
    const { port } = broken.address() as AddressInfo;
    const owner = await start({ nodeUrl: `http://127.0.0.1:${port}` });
    const other = await start();
    const via = apiOf(other.url);
    await apiOf(owner.url).register('http://127.0.0.1:9/');
    const { status, error, headers } = await via.send('POST', '/_sandbox/reset');
    expect({ status, code: error.code }).toEqual({ status: 503, code: 'NODE_UNREACHABLE' });
    expect(error.message).toContain('may have taken effect');
    expect(headers.get('retry-after')).toBe('2');
    const read = via.get('/_sandbox/clock');
    // The reads go on until somebody serves them.
    await owner.close(0);
    running.splice(running.indexOf(owner), 1);
    expect((await read).status).toBe(200);
    expect((await read).headers.get(NODE)).toBe(nameOf(other));
    broken.close();
  });

  test('metrics count leases and forwarded requests, and /readyz checks the database', async () => {
    const { owner, other, via } = await startTwo();
    await via.get('/v1/webhooks');
    const metrics = async (node: StartedSandbox) => (await fetch(`${node.url}/metrics`)).text();
    expect(await metrics(owner)).toContain('sendemall_mock_leases_held 1');
    const text = await metrics(other);
    expect(text).toContain('sendemall_mock_leases_held 0');
    expect(text).toContain('sendemall_mock_forwarded_requests_total{outcome="answered"} 1');
    expect(text).toContain('sendemall_mock_takeovers_total 0');
    expect(text).toContain('sendemall_mock_fence_refusals_total 0');
    expect((await fetch(`${other.url}/readyz`)).status).toBe(200);
  });

  test('the secret of the nodes is random, and stored once', async () => {
    await startTwo();
    const client = new pg.Client({ connectionString: db });
    await client.connect();
    const { rows } = await client.query('SELECT secret FROM sendemall_mock.cluster');
    await client.end();
    expect(rows).toHaveLength(1);
    expect((rows[0] as { secret: Buffer }).secret).toHaveLength(32);
  });
});
