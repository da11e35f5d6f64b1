/**
 * What must never get out: the inside of a failure, a key, a secret. And HEAD, which gets nothing but the head.
 *
 * @module
 */
import { inspect } from 'node:util';
import { configure, reset, type LogRecord } from '@logtape/logtape';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../schemas/operations.ts';
import { createMock, startSandbox, type Mock, type StartedSandbox } from '../../src/create-mock.ts';
import { apiOf, SECRET } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';
import { judge, placeOf } from './oracle/judge.ts';

const records: LogRecord[] = [];
beforeAll(() =>
  configure({
    sinks: { kept: (record) => void records.push(record) },
    loggers: [
      { category: 'sendemall-mock', lowestLevel: 'trace', sinks: ['kept'] },
      { category: ['logtape', 'meta'], lowestLevel: 'fatal', sinks: [] },
    ],
  }),
);
afterAll(() => reset());

const logged = (): string => inspect(records, { depth: 8, maxStringLength: null });

/** Makes every call of the store fail as a defect would. */
const breakStore = ({ store }: StartedSandbox): void => {
  const fail = () => Promise.reject(new Error('The store is broken'));
  const calls = Object.entries(store).filter(
    ([name, value]) => typeof value === 'function' && name !== 'close' && name !== 'onFailure',
  );
  Object.assign(store, Object.fromEntries(calls.map(([name]) => [name, fail])));
};

describe('a failure of the server itself', () => {
  test('says nothing of the inside, and its log says what it was', async () => {
    const mock = await startSandbox({ clock: 'frozen' });
    const headers = { 'x-user-context': 'failing' };
    // The account is open already; what it keeps is gone.
    expect((await fetch(`${mock.url}/_sandbox/events`, { headers })).status).toBe(200);
    breakStore(mock);
    for (const path of ['/_sandbox/events', '/_sandbox/snapshot', '/_sandbox/deliveries']) {
      const response = await fetch(mock.url + path, { headers });
      const text = await response.text();
      const body = JSON.parse(text);
      expect(response.status).toBe(500);
      expect(judge(placeOf('schemas/envelopes.yaml', '$defs', 'ErrorEnvelope'), body)).toEqual([]);
      expect(body.error).toMatchObject({ code: 'INTERNAL_ERROR', status: 500 });
      expect(response.headers.get('x-request-id')).toBe(body.meta.request_id);
      expect(text).not.toMatch(/database|sqlite|store is|node:|\.ts\b|\bat |Error:|\/src\//i);
      const record = records.find(
        ({ properties }) => properties['requestId'] === body.meta.request_id,
      );
      expect(record?.level).toBe('error');
      expect(inspect(record?.properties['error'])).toMatch(/The store is broken/);
    }
    await mock.close();
  });

  test('in the opening of an account is answered the same way', async () => {
    const mock = await startSandbox();
    breakStore(mock);
    const { status, error } = await apiOf(mock.url, 'newcomer').get('/v1/webhooks');
    expect([status, error.code]).toEqual([500, 'INTERNAL_ERROR']);
    await mock.close();
  });
});

test('a clock that could not be shown is refused at the start', async () => {
  for (const clockStart of ['1969-12-31T23:59:59Z', 'yesterday', '2026-04-06']) {
    await expect(createMock({ clockStart })).rejects.toThrow(clockStart);
  }
});

test('a connection is kept for longer than a busy client needs to come back', async () => {
  await using mock = await createMock({ clock: 'frozen' });
  const { headers } = await fetch(`${mock.url}/livez`);
  expect(headers.get('keep-alive')).toBe('timeout=75');
});

describe('HEAD', () => {
  let mock: Mock;
  const params: Record<string, string> = {};
  beforeAll(async () => {
    mock = await createMock({ clock: 'frozen' });
    const api = apiOf(mock.url, 'head');
    params['webhook_id'] = await api.register('http://127.0.0.1:9/');
    params['delivery_id'] = await api.trigger('email.sent', { id: 'evt_head' });
    params['event_id'] = 'evt_head';
    await api.advance({ until: 'settled' });
  });
  afterAll(() => mock.close());

  const ask = async (method: string, path: string, headers: Record<string, string>) => {
    const stop = new AbortController();
    const response = await fetch(mock.url + path, { method, headers, signal: stop.signal });
    const { status } = response;
    const type = response.headers.get('content-type');
    const hasId = response.headers.has('x-request-id');
    const text = method === 'HEAD' ? await response.text() : '';
    stop.abort();
    return { status, type, hasId, text };
  };

  test.each(
    [{ path: '/' }, ...OPERATIONS.filter(({ method }) => method === 'GET')].map(({ path }) => path),
  )('%s', async (template) => {
    const path = template.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => params[name] ?? '');
    for (const key of ['head', '']) {
      const head = await ask('HEAD', path, { 'x-user-context': key });
      expect(head).toEqual(await ask('GET', path, { 'x-user-context': key }));
    }
  });
});

describe('a key and a secret', () => {
  const KEY = 'key-7c1f2a90-keep-this-confidential';
  const SECRETS = ['whsec_5d0e-first-of-all', 'whsec_91ab-second-of-all', 'whsec_e2c4-never-taken'];
  const [FIRST = '', SECOND = '', UNTAKEN = ''] = SECRETS;
  const answers: string[] = [];

  const sees = (text: string): string[] =>
    [KEY, ...SECRETS].filter((one) => text.includes(one) || text.includes(one.slice(6, 18)));

  /** Asks, and keeps all that came back. */
  const asker =
    (mock: Mock) =>
    async (
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<any> => {
      const response = await fetch(mock.url + path, {
        method,
        headers: { 'x-user-context': KEY, 'content-type': 'application/json', ...headers },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      if (path !== '/_sandbox/snapshot' || response.status >= 300) {
        answers.push(
          `${method} ${path} ${response.status} ${inspect([...response.headers])} ${text}`,
        );
      }
      return text.startsWith('{') ? JSON.parse(text) : text;
    };

  test('are in no answer, no log and no figure; a snapshot has the secret, as documented', async () => {
    records.length = 0;
    await using down = await startReceiver(answer(500, 'no'));
    const mock = await startSandbox({ clock: 'frozen', apiKeys: [KEY] });
    const ask = asker(mock);

    const stop = new AbortController();
    const stream = await fetch(`${mock.url}/_sandbox/stream`, {
      headers: { 'x-user-context': KEY },
      signal: stop.signal,
    });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const good = { url: down.url, events: ['*'], secret: FIRST };
    const { id } = (await ask('POST', '/v1/webhooks', good, { 'idempotency-key': 'one' })).data;
    await ask('POST', '/v1/webhooks', good, { 'idempotency-key': 'one' });
    await ask('POST', '/v1/webhooks', { ...good, secret: UNTAKEN }, { 'idempotency-key': 'one' });
    const { deliveries } = (await ask('POST', '/_sandbox/events', { event: 'email.replied' })).data;
    await ask('POST', '/_sandbox/clock/advance', { by: '1m' });
    await ask('POST', `/v1/webhooks/${id}/rotate-secret`, { secret: SECOND });
    await ask('POST', '/_sandbox/clock/advance', { until: 'settled' });
    const delivery = `/_sandbox/deliveries/${deliveries[0].id}`;
    for (const signature of ['wrong', 'missing', 'valid']) {
      await ask('POST', `${delivery}/redeliver`, { signature });
    }
    await ask('POST', '/_sandbox/clock/advance', { until: 'settled' });
    for (const path of [
      '/v1/webhooks',
      `/v1/webhooks/${id}`,
      `/v1/webhooks/${id}/failed-events`,
      '/_sandbox/events',
      `/_sandbox/events/${deliveries[0].event_id}`,
      '/_sandbox/deliveries',
      delivery,
      `${delivery}/wait`,
      '/_sandbox/clock',
      '/',
      '/livez',
      '/readyz',
      '/metrics',
    ]) {
      await ask('GET', path);
    }

    // Refusals of bodies that hold a secret, in all the ways in which they can be wrong.
    for (const body of [
      `{"url": "${down.url}", "secret": "${UNTAKEN}", }`,
      `{"secret": ${UNTAKEN}}`,
      `{"secret": "${UNTAKEN}`,
      { ...good, secret: UNTAKEN.repeat(20) },
      { ...good, secret: [UNTAKEN] },
      { ...good, secret: { value: UNTAKEN } },
      { ...good, secret: UNTAKEN, url: 17 },
      { ...good, Secret: UNTAKEN },
      { webhook: { ...good, secret: UNTAKEN } },
      [{ ...good, secret: UNTAKEN }],
    ]) {
      const refused = await ask('POST', '/v1/webhooks', body);
      expect(refused.success).toBe(false);
    }
    await ask('POST', `/v1/webhooks/${id}/rotate-secret`, { secret: UNTAKEN, old_secret: FIRST });
    await ask('PATCH', `/v1/webhooks/${id}`, { secret: UNTAKEN });
    await ask('POST', '/v1/webhooks', `secret=${UNTAKEN}`, { 'content-type': 'text/plain' });
    await ask('POST', '/v1/webhooks', good, { 'x-user-context': `${KEY}-` });
    await ask('POST', '/v1/webhooks', good, { 'x-user-context': KEY.repeat(10) });
    await ask('GET', '/v1/nothing');
    await ask('PUT', '/v1/webhooks', good);

    const { data: snapshot } = await ask('GET', '/_sandbox/snapshot');
    expect(sees(JSON.stringify(snapshot))).toEqual([SECOND]);
    const [row] = snapshot.tables.webhook;
    for (const rows of [
      [{ ...row, secret: [SECOND] }],
      [row, row],
      [{ ...row, status: {} }],
      [{ secret: SECOND }],
      SECOND,
    ]) {
      const misfit = { ...snapshot, tables: { ...snapshot.tables, webhook: rows } };
      const refused = await ask('PUT', '/_sandbox/snapshot', misfit);
      expect(refused.error?.code).toBe('VALIDATION_FAILED');
    }
    expect((await ask('PUT', '/_sandbox/snapshot', snapshot)).success).toBe(true);
    await ask('DELETE', `/v1/webhooks/${id}`);

    let told = '';
    while (!told.includes('event: webhook.deleted')) told += (await reader.read()).value ?? '';
    stop.abort();
    breakStore(mock);
    expect((await ask('GET', '/_sandbox/events')).error.code).toBe('INTERNAL_ERROR');
    await ask('POST', '/v1/webhooks', good);
    await mock.close();

    expect(records.some(({ level }) => level === 'error')).toBe(true);
    expect(records.length).toBeGreaterThan(40);
    expect(sees(logged())).toEqual([]);
    expect(sees(told)).toEqual([]);
    expect(answers.filter((one) => sees(one).length > 0)).toEqual([]);
    // What a receiver gets is signed with a secret, and has neither of them in it.
    expect(down.received.length).toBeGreaterThan(4);
    expect(sees(inspect(down.received, { depth: 4 }))).toEqual([]);
  });

  test('are not even kept, but for the webhooks’ secrets: a key is hashed', async () => {
    await using mock = await startSandbox();
    await apiOf(mock.url, KEY).register('http://127.0.0.1:9/', { secret: SECRET });
    const { account, snapshot } = await mock.engine.open(KEY);
    await snapshot(async ({ slices, ...head }) => {
      const kept: unknown[] = [account, head];
      for await (const slice of slices) kept.push(slice);
      expect(kept.length).toBeGreaterThan(2);
      expect(sees(inspect(kept, { depth: 8 }))).toEqual([]);
    });
  });
});
