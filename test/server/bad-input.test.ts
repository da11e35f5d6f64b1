/**
 * Bad input: the right status, the provider's envelope, words that name the field, the value and the remedy, and
 * nothing changed.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api, type Reply } from '../support/api.ts';

const good = {
  url: 'http://127.0.0.1:9/webhooks/sendemall',
  events: ['email.replied'],
  secret: 'whsec_your-signing-secret',
};

let mock: Mock;
let api: Api;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', rateLimit: false });
  api = apiOf(mock.url, 'bad-input');
});
afterAll(() => mock.close());

const expectProblem = (reply: Reply, status: number, code: string, ...words: string[]): void => {
  expect(reply).toMatchObject({ status, success: false, error: { code, status } });
  for (const word of words) expect(reply.error.message).toContain(word);
  expect(reply.headers.get('x-request-id')).toBe(reply.meta.request_id);
  expect(reply.meta.request_id).toMatch(/^req_/);
  expect(reply.meta.timestamp).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
  expect(JSON.stringify(reply)).not.toContain(good.secret);
};

describe('the key', () => {
  test.each([undefined, '', '   '])('is needed: %j', async (key) => {
    const headers: Record<string, string> = key === undefined ? {} : { 'x-user-context': key };
    for (const path of ['/v1/webhooks', '/_sandbox/events', '/v1/nothing']) {
      const response = await fetch(mock.url + path, { headers });
      const body = (await response.json()) as Reply;
      expectProblem(
        { ...body, status: response.status, headers: response.headers },
        401,
        'UNAUTHORIZED',
        'x-user-context',
      );
    }
  });
  test('is no longer than 256 characters', async () => {
    expectProblem(
      await apiOf(mock.url, 'k'.repeat(257)).get('/v1/webhooks'),
      401,
      'UNAUTHORIZED',
      '256',
    );
  });
  test('must be a listed one where keys are listed', async () => {
    await using listed = await createMock({ apiKeys: ['one', 'two'] });
    expect((await apiOf(listed.url, 'two').get('/v1/webhooks')).status).toBe(200);
    const reply = await apiOf(listed.url, 'three').get('/v1/webhooks');
    expectProblem(reply, 401, 'UNAUTHORIZED', 'Unknown API key');
    expect(reply.error.message).not.toContain('three');
  });
});

describe('the body', () => {
  test.each([
    ['{"url": "http://x", }', 'line 1', 'column'],
    ['{"url":', 'line 1, column 8'],
    ['{\n  "secret": whsec_your-signing-secret\n}', 'line 2, column 13'],
    ['not json', 'line 1, column 1'],
    ['[1,2', 'line 1'],
  ])('is JSON: %j', async (body, ...words) => {
    expectProblem(await api.send('POST', '/v1/webhooks', body), 400, 'MALFORMED_JSON', ...words);
  });
  test('is not empty', async () => {
    const reply = await api.send('POST', '/v1/webhooks', '', {
      'content-type': 'application/json',
    });
    expectProblem(reply, 400, 'MALFORMED_JSON', 'empty');
  });
  test('is UTF-8', async () => {
    const response = await fetch(`${mock.url}/v1/webhooks`, {
      method: 'POST',
      headers: { 'x-user-context': 'bad-input', 'content-type': 'application/json' },
      body: Buffer.from([0x22, 0xe9, 0x22]),
    });
    expect(response.status).toBe(400);
    expect(((await response.json()) as Reply).error.message).toContain('UTF-8');
  });
  test.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
  ])('is announced as JSON: %s', async (type) => {
    const response = await fetch(`${mock.url}/v1/webhooks`, {
      method: 'POST',
      headers: {
        'x-user-context': 'bad-input',
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      body: Buffer.from(JSON.stringify(good)),
    });
    const body = (await response.json()) as Reply;
    expectProblem(
      { ...body, status: response.status, headers: response.headers },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      'application/json',
    );
  });
  test('may name its charset', async () => {
    const reply = await apiOf(mock.url, 'charset').send('POST', '/v1/webhooks', good, {
      'content-type': 'application/json; charset=UTF-8',
    });
    expect(reply.status).toBe(201);
  });
  test('is at most 1 MiB, with and without a length', async () => {
    const large = JSON.stringify({ ...good, secret: 'x'.repeat(1_048_577) });
    expectProblem(
      await api.send('POST', '/v1/webhooks', large),
      413,
      'PAYLOAD_TOO_LARGE',
      '1048576',
    );
    const chunked = await fetch(`${mock.url}/v1/webhooks`, {
      method: 'POST',
      headers: { 'x-user-context': 'bad-input', 'content-type': 'application/json' },
      body: new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.from(large));
          controller.close();
        },
      }),
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(413);
  });
});

describe('a registration', () => {
  test.each<[unknown, ...string[]]>([
    [{ ...good, event: ['email.replied'] }, '"event"', 'not a known field'],
    [{ ...good, url: 17 }, '"url"', '17'],
    [{ ...good, url: undefined }, '"url" is missing'],
    [{ ...good, url: 'ftp://files.example/x' }, '"url"', 'ftp://files.example/x', 'http'],
    [{ ...good, url: '/webhooks' }, '"url"', '/webhooks', 'http'],
    [{ ...good, url: 'http://user:pw@127.0.0.1/' }, '"url"', 'credentials'],
    [{ ...good, url: 'http://127.0.0.1/#part' }, '"url"', 'fragment'],
    [{ ...good, url: 'http://127.0.0.1:99999/' }, '"url"', '99999'],
    [{ ...good, url: `http://127.0.0.1/${'x'.repeat(2048)}` }, '"url"', '2048'],
    [{ ...good, events: [] }, '"events"', 'at least 1'],
    [{ ...good, events: undefined }, '"events" is missing'],
    [{ ...good, events: 'email.replied' }, '"events"', '"email.replied"', 'array'],
    [
      { ...good, events: ['email.sent', 'email.open'] },
      '"events[1]"',
      '"email.open"',
      'email.opened',
    ],
    [{ ...good, events: ['email.sent', 'email.sent'] }, '"events', 'once'],
    [{ ...good, events: ['*', 'email.sent'] }, '"events"', '"*"', 'alone'],
    [{ ...good, secret: undefined }, '"secret" is missing'],
    [{ ...good, secret: 'short' }, '"secret"', 'at least 8'],
    [{ ...good, secret: 'x'.repeat(257) }, '"secret"', 'at most 256'],
    [{ ...good, secret: 12_345_678 }, '"secret"', 'string'],
    [[], 'The body', 'object'],
    [null, 'The body', 'null'],
    ['"text"', 'The body'],
  ])('is refused: %j', async (body, ...words) => {
    expectProblem(await api.send('POST', '/v1/webhooks', body), 422, 'VALIDATION_FAILED', ...words);
    expect((await api.get('/v1/webhooks')).data).toEqual([]);
  });

  test('is accepted for all events, and shown as given', async () => {
    const { status, data } = await apiOf(mock.url, 'star').send('POST', '/v1/webhooks', {
      ...good,
      events: ['*'],
    });
    expect(status).toBe(201);
    expect(data.events).toEqual(['*']);
    expect(Object.keys(data).toSorted()).toEqual(['created_at', 'events', 'id', 'status', 'url']);
  });

  test('number 101 is refused', async () => {
    const full = apiOf(mock.url, 'full');
    for (let at = 0; at < 100; at += 1)
      expect((await full.send('POST', '/v1/webhooks', good)).status).toBe(201);
    expectProblem(
      await full.send('POST', '/v1/webhooks', good),
      409,
      'WEBHOOK_LIMIT_REACHED',
      '100',
    );
    expect((await full.get('/v1/webhooks')).data).toHaveLength(100);
  });
});

describe('routes', () => {
  test.each(['/v1/webhooks/whk_nope', '/v1/webhooks/whk_nope/failed-events'])(
    'unknown id: GET %s',
    async (path) => {
      expectProblem(await api.get(path), 404, 'WEBHOOK_NOT_FOUND', 'whk_nope');
    },
  );
  test.each([
    ['PATCH', '/v1/webhooks/whk_nope', { status: 'paused' }],
    ['DELETE', '/v1/webhooks/whk_nope', undefined],
    ['POST', '/v1/webhooks/whk_nope/rotate-secret', { secret: 'whsec_12345678' }],
  ])('unknown id: %s %s', async (method, path, body) => {
    expectProblem(await api.send(method, path, body), 404, 'WEBHOOK_NOT_FOUND', 'whk_nope');
  });
  test.each([
    ['PUT', '/v1/webhooks', 'GET, HEAD, POST'],
    ['POST', '/v1/webhooks/whk_1', 'GET, HEAD, PATCH, DELETE'],
    ['GET', '/v1/webhooks/whk_1/rotate-secret', 'POST'],
    ['DELETE', '/_sandbox/clock', 'GET, HEAD, PUT'],
  ])('wrong method: %s %s', async (method, path, allow) => {
    const reply = await api.send(method, path);
    expectProblem(reply, 405, 'METHOD_NOT_ALLOWED', method);
    expect(reply.headers.get('allow')?.split(', ').toSorted()).toEqual(
      allow.split(', ').toSorted(),
    );
  });
  test('unknown path', async () => {
    expectProblem(
      await api.get('/v1/campaigns-of-mine'),
      404,
      'NOT_FOUND',
      '/v1/campaigns-of-mine',
    );
    expectProblem(await api.get('/_sandbox/nothing'), 404, 'NOT_FOUND');
  });
  test.each([
    ['limit=0', '"limit"'],
    ['limit=101', '"limit"'],
    ['limit=ten', '"limit"', 'ten'],
    ['limit=1&limit=2', '"limit"', 'once'],
    ['cursor=bogus', '"cursor"', 'bogus'],
    ['page=2', '"page"', 'not a known field'],
    ['status=asleep', '"status"', 'asleep', 'pending'],
  ])('query %s', async (query, ...words) => {
    expectProblem(
      await api.get(`/_sandbox/deliveries?${query}`),
      422,
      'VALIDATION_FAILED',
      ...words,
    );
  });
});

describe('an update', () => {
  test.each<[unknown, ...string[]]>([
    [{}, 'at least 1'],
    [{ status: 'asleep' }, '"status"', 'asleep', 'paused'],
    [{ secret: 'whsec_12345678' }, '"secret"', 'not a known field'],
    [{ url: 'nowhere' }, '"url"', 'nowhere'],
  ])('is refused: %j', async (changes, ...words) => {
    const one = apiOf(mock.url, 'update');
    const id = await one.register(good.url);
    const before = await one.get(`/v1/webhooks/${id}`);
    expectProblem(
      await one.send('PATCH', `/v1/webhooks/${id}`, changes),
      422,
      'VALIDATION_FAILED',
      ...words,
    );
    expect((await one.get(`/v1/webhooks/${id}`)).data).toEqual(before.data);
    await one.send('DELETE', `/v1/webhooks/${id}`);
  });
});

describe('Idempotency-Key', () => {
  const key = (value: string) => ({ 'idempotency-key': value });
  test('the same request again gets the first answer and does nothing', async () => {
    const one = apiOf(mock.url, 'idem-same');
    const first = await one.send('POST', '/v1/webhooks', good, key('a'));
    const second = await one.send('POST', '/v1/webhooks', good, key('a'));
    expect(second.status).toBe(201);
    expect(second.data).toEqual(first.data);
    expect((await one.get('/v1/webhooks')).data).toHaveLength(1);
  });
  test('at the same moment, too', async () => {
    const one = apiOf(mock.url, 'idem-race');
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => one.send('POST', '/v1/webhooks', good, key('r'))),
    );
    expect(new Set(replies.map(({ data }) => data.id)).size).toBe(1);
    expect((await one.get('/v1/webhooks')).data).toHaveLength(1);
  });
  test('with another body is refused', async () => {
    const one = apiOf(mock.url, 'idem-other');
    await one.send('POST', '/v1/webhooks', good, key('b'));
    const other = await one.send(
      'POST',
      '/v1/webhooks',
      { ...good, events: ['email.sent'] },
      key('b'),
    );
    expectProblem(other, 409, 'IDEMPOTENCY_KEY_REUSED', '"b"');
    expect((await one.get('/v1/webhooks')).data).toHaveLength(1);
  });
  test('a refused request is not remembered', async () => {
    const one = apiOf(mock.url, 'idem-refused');
    expect((await one.send('POST', '/v1/webhooks', { ...good, events: [] }, key('c'))).status).toBe(
      422,
    );
    expect((await one.send('POST', '/v1/webhooks', good, key('c'))).status).toBe(201);
  });
  test('belongs to one account', async () => {
    const ids = await Promise.all(
      ['idem-x', 'idem-y'].map(
        async (account) =>
          (await apiOf(mock.url, account).send('POST', '/v1/webhooks', good, key('d'))).data.id,
      ),
    );
    expect(new Set(ids).size).toBe(2);
  });
  test('is at most 255 characters', async () => {
    expectProblem(
      await api.send('POST', '/v1/webhooks', good, key('k'.repeat(256))),
      422,
      'VALIDATION_FAILED',
      'Idempotency-Key',
    );
  });
});

describe('a trigger', () => {
  test.each<[unknown, ...string[]]>([
    [{ event: 'email.open' }, '"event"', 'email.open', 'email.opened'],
    [{}, '"event"'],
    [{ event: 'email.sent', count: 0 }, '"count"'],
    [{ event: 'email.sent', count: 10_001 }, '"count"', '10000'],
    [{ event: 'email.sent', count: 2, id: 'evt_x' }, 'id', 'count'],
    [{ event: 'email.sent', id: 'x' }, '"id"'],
    [{ event: 'email.sent', timestamp: 'yesterday' }, '"timestamp"', 'yesterday'],
    [{ event: 'email.opened', data: { open_count: 0 } }, 'data.open_count', '0'],
    [
      { event: 'email.bounced', data: { bounce_type: 'medium' } },
      'data.bounce_type',
      'medium',
      'hard',
    ],
    [{ event: 'email.sent', data: { lead_email: 'no-at-sign' } }, 'data.lead_email', 'no-at-sign'],
    [{ event: 'email.sent', data: [] }, '"data"'],
    [{ event: 'email.sent', colour: 'red' }, '"colour"'],
  ])('is refused: %j', async (body, ...words) => {
    expectProblem(
      await api.send('POST', '/_sandbox/events', body),
      422,
      'VALIDATION_FAILED',
      ...words,
    );
    expect((await api.get('/_sandbox/events')).data).toEqual([]);
  });
  test('of an id that exists is refused', async () => {
    const one = apiOf(mock.url, 'trigger-id');
    expect(
      (await one.send('POST', '/_sandbox/events', { event: 'email.sent', id: 'evt_mine' })).status,
    ).toBe(202);
    expectProblem(
      await one.send('POST', '/_sandbox/events', { event: 'email.sent', id: 'evt_mine' }),
      409,
      'EVENT_EXISTS',
      'evt_mine',
    );
  });
  test('for an unknown or a paused webhook is refused', async () => {
    const one = apiOf(mock.url, 'trigger-webhook');
    expectProblem(
      await one.send('POST', '/_sandbox/events', { event: 'email.sent', webhook_id: 'whk_no' }),
      404,
      'WEBHOOK_NOT_FOUND',
      'whk_no',
    );
    const id = await one.register(good.url);
    await one.send('PATCH', `/v1/webhooks/${id}`, { status: 'paused' });
    expectProblem(
      await one.send('POST', '/_sandbox/events', { event: 'email.sent', webhook_id: id }),
      409,
      'WEBHOOK_PAUSED',
      id,
    );
    expect((await one.get('/_sandbox/events')).data).toEqual([]);
  });
});
