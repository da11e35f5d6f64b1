/**
 * Sinks: what is recorded, what is answered, how long one waits, what is refused. Each test has its own account.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, type Client } from '../../src/client/create-client.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { collect } from '../client/collect.ts';
import { apiOf, type Api } from '../support/api.ts';

const START = '2026-04-06T12:00:00Z';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', clockStart: START });
});
afterAll(() => mock.close());

let accounts = 0;
const account = (): { key: string; api: Api; client: Client } => {
  accounts += 1;
  const apiKey = `sinks-key-${accounts}`;
  const client = createClient({ baseUrl: mock.url, apiKey });
  return { key: apiKey, api: apiOf(mock.url, apiKey), client };
};

const SINKS = '/_sandbox/sinks';

describe('a request', () => {
  test('is recorded as it was sent, and answered', async () => {
    const { key, api, client } = account();
    await api.advance({ by: '90s' });
    const answer = await fetch(`${mock.url}${SINKS}/crm/contacts/a%40b?x=1&x=%20`, {
      method: 'PATCH',
      headers: {
        'x-user-context': key,
        authorization: 'Bearer hidden',
        cookie: 'hidden=1',
        'x-mine': 'seen',
        'content-type': 'application/json',
      },
      body: '{"email": "a@b"}',
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ ok: true });
    const [request, ...more] = await collect(client.sinks.requests('crm'));
    expect(more).toEqual([]);
    expect(request).toMatchObject({
      order: 1,
      received_at: '2026-04-06T12:01:30.000Z',
      method: 'PATCH',
      path: '/contacts/a%40b',
      query: 'x=1&x=%20',
      body: '{"email": "a@b"}',
      truncated: false,
      json: { email: 'a@b' },
      answered: 200,
    });
    expect(request!.headers).toEqual(
      expect.arrayContaining([
        ['x-user-context', '[redacted]'],
        ['authorization', '[redacted]'],
        ['cookie', '[redacted]'],
        ['x-mine', 'seen'],
      ]),
    );
    expect(JSON.stringify(request)).not.toMatch(new RegExp(`hidden|${key}`));
    expect(await client.sinks.list()).toEqual([{ name: 'crm', requests: 1 }]);
  });

  test('may have any method, and any path but two', async () => {
    const { key, client } = account();
    const headers = { 'x-user-context': key };
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PURGE']) {
      const { status } = await fetch(`${mock.url}${SINKS}/any`, { method, headers });
      expect(status).toBe(200);
    }
    for (const path of ['/', '/requests/1', '/settings/', '/Requests']) {
      await fetch(`${mock.url}${SINKS}/any${path}`, { headers });
    }
    const seen = await collect(client.sinks.requests('any'));
    expect(seen.map(({ method, path }) => `${method} ${path}`).join(', ')).toBe(
      'GET /, HEAD /, POST /, PUT /, DELETE /, OPTIONS /, PURGE /, GET /, GET /requests/1, GET /settings/, GET /Requests',
    );
    const taken = await fetch(`${mock.url}${SINKS}/any/requests`, { method: 'POST', headers });
    expect(taken.status).toBe(405);
    expect(taken.headers.get('allow')).toBe('GET, HEAD, DELETE');
  });

  test('is cut after 64 KiB, between two characters', async () => {
    const { api, client } = account();
    await api.send('POST', `${SINKS}/crm`, `"${'x'.repeat(65_534)}"`);
    await api.send('POST', `${SINKS}/crm`, `"${'x'.repeat(65_533)}é${'x'.repeat(1_000_000)}"`);
    const [whole, cut] = await collect(client.sinks.requests('crm'));
    expect(whole).toMatchObject({ truncated: false, json: 'x'.repeat(65_534) });
    expect(cut).toMatchObject({ truncated: true, body: `"${'x'.repeat(65_533)}é` });
    expect(cut).not.toHaveProperty('json');
  });

  test('may have a body that is no JSON, or is too deep to be walked', async () => {
    const { key, client } = account();
    const send = (body: string | Uint8Array<ArrayBuffer>) =>
      fetch(`${mock.url}${SINKS}/crm`, {
        method: 'POST',
        headers: { 'x-user-context': key, 'content-type': 'application/json' },
        body,
      });
    const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
    for (const body of ['a=b', '', deep, new Uint8Array([0xff, 0x41])]) await send(body);
    const seen = await collect(client.sinks.requests('crm'));
    expect(seen.map(({ body }) => body)).toEqual(['a=b', '', deep, '\uFFFDA']);
    expect(seen.filter((one) => 'json' in one)).toEqual([]);
  });

  test('needs no key behind the URL that the settings give, and nothing is reserved there', async () => {
    const { client } = account();
    const url = await client.sinks.url('slack');
    for (const path of ['', '/requests', '/settings?key=1']) {
      expect(await (await fetch(url + path, { method: 'PUT', body: '{}' })).json()).toEqual({
        ok: true,
      });
    }
    const seen = await collect(client.sinks.requests('slack'));
    expect(seen.map(({ path, query }) => path + query)).toEqual([
      '/',
      '/requests',
      '/settingskey=1',
    ]);
    await client.reset();
    expect(await client.sinks.list()).toEqual([]);
    // A receiver that is running keeps its URL over a reset.
    await fetch(url);
    expect(await client.sinks.list()).toEqual([{ name: 'slack', requests: 1 }]);
    const wrong = await fetch(url.replace(/~[^/]+/, '~unknown-token'));
    expect(wrong.status).toBe(404);
    expect(await wrong.text()).not.toContain('unknown-token');
  });

  test('belongs to its account', async () => {
    const [one, other] = [account(), account()];
    await one.api.send('POST', `${SINKS}/crm`, {});
    expect(await collect(other.client.sinks.requests('crm'))).toEqual([]);
    expect(new URL(await one.client.sinks.url('crm')).pathname).not.toBe(
      new URL(await other.client.sinks.url('crm')).pathname,
    );
  });
});

describe('the answer', () => {
  const get = async (url: string) => {
    const response = await fetch(url);
    const type = response.headers.get('content-type');
    return {
      status: response.status,
      type,
      text: await response.text(),
      headers: response.headers,
    };
  };

  test('is as told, so often as told, and then as before', async () => {
    const { client } = account();
    const url = await client.sinks.url('crm');
    await client.sinks.answer('crm', { status: 201, body: [1], headers: { 'X-Mine': 'a' } });
    const told = await client.sinks.answer('crm', { status: 503, body: 'down', times: 2 });
    expect(told).toMatchObject({ name: 'crm', url, status: 503, times: 2 });
    for (const _time of [1, 2]) {
      expect(await get(url)).toMatchObject({
        status: 503,
        type: 'text/plain; charset=utf-8',
        text: 'down',
      });
    }
    const after = await get(url);
    expect(after).toMatchObject({ status: 201, type: 'application/json', text: '[1]' });
    expect(after.headers.get('x-mine')).toBe('a');
    await client.sinks.answer('crm', {});
    expect(await get(url)).toMatchObject({ status: 200, text: '{"ok":true}' });
    const seen = await collect(client.sinks.requests('crm'));
    expect(seen.map(({ answered }) => answered)).toEqual([503, 503, 201, 200]);
  });

  test('may have no body, or null, or a type of its own', async () => {
    const { client } = account();
    const url = await client.sinks.url('crm');
    await client.sinks.answer('crm', { status: 204 });
    expect(await get(url)).toMatchObject({ status: 204, type: null, text: '' });
    await client.sinks.answer('crm', { body: null });
    expect(await get(url)).toMatchObject({ status: 200, text: 'null' });
    await client.sinks.answer('crm', { body: '<p>', headers: { 'content-type': 'text/html' } });
    expect(await get(url)).toMatchObject({ type: 'text/html', text: '<p>' });
  });

  test('stays when the sink is emptied', async () => {
    const { api, client } = account();
    await client.sinks.answer('crm', { status: 418 });
    await api.send('POST', `${SINKS}/crm`, {}).catch(() => null);
    expect(await client.sinks.clear('crm')).toBe(1);
    expect(await client.sinks.clear('crm')).toBe(0);
    expect((await get(await client.sinks.url('crm'))).status).toBe(418);
  });
});

describe('the list', () => {
  test('is filtered, and comes in pages', async () => {
    const { api, client } = account();
    for (const at of [1, 2, 3, 4, 5]) {
      await api.send(at % 2 === 1 ? 'POST' : 'PUT', `${SINKS}/crm/c/${at}`, { id: `evt_${at}` });
    }
    const orders = async (filter: Parameters<typeof client.sinks.requests>[1]) =>
      (await collect(client.sinks.requests('crm', filter))).map(({ order }) => order);
    expect(await orders({ limit: 2 })).toEqual([1, 2, 3, 4, 5]);
    expect(await orders({ method: 'post', limit: 1 })).toEqual([1, 3, 5]);
    expect(await orders({ path: '/c/4' })).toEqual([4]);
    expect(await orders({ contains: 'evt_2' })).toEqual([2]);
    expect(await orders({ contains: 'evt_2', method: 'POST' })).toEqual([]);
  });

  test('holds the newest 2,000', async () => {
    const { client } = account();
    const url = await client.sinks.url('crm');
    for (let sent = 0; sent < 2010; sent += 15) {
      await Promise.all(Array.from({ length: 15 }, () => fetch(url)));
    }
    const kept = await collect(client.sinks.requests('crm', { limit: 100 }));
    expect(kept.map(({ order }) => order)).toEqual(
      Array.from({ length: 2000 }, (_, at) => at + 11),
    );
  });

  test('waits until the requested number of records match', async () => {
    const { api, client } = account();
    const waiting = client.sinks.waitFor('crm', 2, { contains: 'evt_1', timeoutMs: 60_000 });
    for (const id of ['evt_1', 'evt_2', 'evt_1']) await api.send('POST', `${SINKS}/crm`, { id });
    const { reached, requests } = await waiting;
    expect(reached).toBe(true);
    expect(requests.map(({ order }) => order)).toEqual([1, 3]);
    expect((await client.sinks.waitFor('crm', 1)).requests).toHaveLength(3);
  });

  test('waits no longer than asked, and says what there is', async () => {
    const { api, client } = account();
    await api.send('POST', `${SINKS}/crm`, {});
    expect(await client.sinks.waitFor('crm', 2, { timeoutMs: 20 })).toMatchObject({
      reached: false,
      requests: [{ order: 1 }],
    });
  });

  test('of a wait ends when the server closes', async () => {
    const other = await createMock({ clock: 'frozen' });
    const get = async (query: string): Promise<Response> =>
      other.app.fetch(
        new Request(`${other.url}${SINKS}/crm/requests${query}`, {
          headers: { 'x-user-context': 'k' },
        }),
      );
    // Opens the account, so that the next request waits at once.
    await get('');
    const response = get('?wait_for=1&timeout_ms=60000');
    await other.close();
    expect((await response).status).toBe(200);
  });
});

describe('bad input', () => {
  const refused = async (
    method: string,
    path: string,
    body: unknown,
    status: number,
    ...words: string[]
  ) => {
    const { api, client } = account();
    const reply = await api.send(method, SINKS + path, body);
    expect(reply).toMatchObject({ status, success: false });
    for (const word of words) expect(reply.error.message).toContain(word);
    expect(await client.sinks.list()).toEqual([]);
  };

  test.each(['CRM', 'a_b', 'a.b', 'é', 'x'.repeat(65)])('the name %s', async (name) => {
    for (const [method, path] of [
      ['POST', ''],
      ['GET', '/requests'],
      ['DELETE', '/requests'],
      ['GET', '/settings'],
    ] as const) {
      await refused(method, `/${name}${path}`, undefined, 422, '"name"', 'a-z, 0-9');
    }
    await refused('PUT', `/${name}/settings`, {}, 422, '"name"');
  });

  test.each<[unknown, ...string[]]>([
    [{ status: 199 }, '"status"', '199', '200'],
    [{ status: 600 }, '"status"', '599'],
    [{ status: '503' }, '"status"'],
    [{ times: 0 }, '"times"', '1'],
    [{ times: 1001 }, '"times"', '1000'],
    [{ headers: { 'a b': 'x' } }, '"headers"', '"a b"'],
    [{ headers: { a: 'x\ny' } }, '"headers"', '"a"'],
    [{ headers: { a: 1 } }, 'headers.a'],
    ['{"headers": {"__proto__": "a"}}', '"__proto__"'],
    [{ headers: { 'Content-Length': '1' } }, '"Content-Length"', 'Remove it'],
    [
      { headers: Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`h${at}`, ''])) },
      '21',
      '20',
    ],
    [{ delay: 1 }, 'delay'],
    [[], 'body'],
  ])('the settings %j', async (settings, ...words) => {
    await refused('PUT', '/crm/settings', settings, 422, ...words);
  });

  test.each([
    ['?wait=1', 'wait'],
    ['?wait_for=0', '"wait_for"'],
    ['?wait_for=1001', '"wait_for"', '1000'],
    ['?wait_for=1&timeout_ms=60001', '"timeout_ms"', '60000'],
    ['?timeout_ms=5', '"timeout_ms"', '"wait_for"'],
    ['?path=contacts', '"path"'],
    ['?contains=', '"contains"'],
    ['?cursor=x', '"cursor"'],
    ['?limit=101', '"limit"'],
  ])('the query %s', async (query, ...words) => {
    await refused('GET', `/crm/requests${query}`, undefined, 422, ...words);
  });
  test.each([
    ['GET', '/crm/settings?x=1'],
    ['DELETE', '/crm/requests?method=GET'],
    ['GET', '?x=1'],
  ])('%s %s takes none in its query', (method, path) =>
    refused(method, path, undefined, 422, 'query'),
  );

  test('a 101st sink', async () => {
    const { api, client } = account();
    for (let at = 0; at < 100; at += 1) await client.sinks.answer(`sink-${at}`, {});
    for (const [method, path] of [
      ['PUT', 'new/settings'],
      ['POST', 'new'],
    ] as const) {
      const reply = await api.send(method, `${SINKS}/${path}`, {});
      expect(reply).toMatchObject({ status: 503, error: { code: 'BUSY' } });
      expect(reply.error.message).toContain('100 sinks');
    }
    expect(await client.sinks.list()).toHaveLength(100);
    expect((await api.send('POST', `${SINKS}/sink-7`, {})).status).toBe(200);
  });
});
