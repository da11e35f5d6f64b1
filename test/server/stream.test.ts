/**
 * `/_sandbox/stream` over HTTP: which events it sends, in which form, to whom, and how it ends.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { follow, isMembers } from '../spec/documents.ts';
import { apiOf, SECRET } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';
import { judge, placeOf } from './oracle/judge.ts';

const HAPPENING = placeOf('sandbox.openapi.yaml', 'components', 'schemas', 'AccountEvent');

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

interface Told {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly type: string } & Record<string, unknown>;
}

interface Listener {
  readonly response: Response;
  /** The next block as it came; null at the end of the stream. */
  block(): Promise<string | null>;
  /** The next event, comments skipped; null at the end of the stream. */
  next(): Promise<Told | null>;
  leave(): void;
}

const fieldsOf = (block: string): Record<string, string> =>
  Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));

const listen = async (account: string, url = mock.url): Promise<Listener> => {
  const stop = new AbortController();
  const response = await fetch(`${url}/_sandbox/stream`, {
    headers: { 'x-user-context': account },
    signal: stop.signal,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  const block = async (): Promise<string | null> => {
    for (;;) {
      const end = rest.indexOf('\n\n');
      if (end !== -1) {
        const text = rest.slice(0, end);
        rest = rest.slice(end + 2);
        return text;
      }
      const { done, value } = await reader.read();
      if (done) return null;
      rest += value;
    }
  };
  const next = async (): Promise<Told | null> => {
    for (;;) {
      const text = await block();
      if (text === null) return null;
      if (text.startsWith(':')) continue;
      const { id = '', event = '', data = '' } = fieldsOf(text);
      return { id, event, data: JSON.parse(data) };
    }
  };
  return { response, block, next, leave: () => stop.abort() };
};

/** Names of all happenings that the spec knows. */
const documentedTypes = (): string[] => {
  const forms = (HAPPENING.value as { oneOf: unknown[] }).oneOf;
  return forms.flatMap((value) => {
    const form = follow({ file: HAPPENING.file, path: HAPPENING.path, value }).value;
    const { properties } = form as { properties: { type: unknown } };
    if (!isMembers(properties.type)) return [];
    const { const: only, enum: some } = properties.type;
    return (Array.isArray(some) ? some : [only]) as string[];
  });
};

test('tells everything that happens, as documented, in order, and never a secret', async () => {
  await using down = await startReceiver(answer(500));
  const api = apiOf(mock.url, 'all');
  const listener = await listen('all');
  expect(listener.response.status).toBe(200);
  expect(listener.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  expect(listener.response.headers.get('cache-control')).toBe('no-cache');
  expect(await listener.block()).toBe(': connected');

  const webhook = await api.register(down.url);
  await api.trigger('email.replied', { id: 'evt_dead' });
  await api.advance({ until: 'settled' });
  await api.send('POST', `/v1/webhooks/${webhook}/failed-events/evt_dead/acknowledge`);
  await api.send('POST', `/v1/webhooks/${webhook}/rotate-secret`, { secret: `${SECRET}-2` });
  await api.send('PATCH', `/v1/webhooks/${webhook}`, { events: ['email.sent'] });
  const waiting = await api.trigger('email.sent');
  await down.arrived(5);
  await api.advance({ by: 0 });
  await api.send('DELETE', `/v1/webhooks/${webhook}`);
  await api.send('PUT', '/_sandbox/clock', { mode: 'skip' });
  const receiver = { url: 'http://127.0.0.1:9/', secret: SECRET };
  const { data } = await api.send('POST', '/_sandbox/verifications', receiver);
  await api.send('DELETE', `/_sandbox/verifications/${data.id}`);
  await api.send('POST', '/_sandbox/reset');

  const told: Told[] = [];
  while (told.at(-1)?.event !== 'account.reset') told.push((await listener.next())!);
  listener.leave();

  for (const { event, data } of told) {
    expect(data.type).toBe(event);
    expect(judge(HAPPENING, data)).toEqual([]);
  }
  expect(told.map(({ id }) => Number(id))).toEqual(told.map((_one, index) => index + 1));
  expect([...new Set(told.map(({ event }) => event))].toSorted()).toEqual(
    documentedTypes().toSorted(),
  );
  const attempts = told.filter(({ event }) => event === 'delivery.attempted');
  expect(attempts.map(({ data }) => data['status'])).toEqual([
    'pending',
    'pending',
    'pending',
    'dead',
    'pending',
  ]);
  expect(told.find(({ event }) => event === 'delivery.cancelled')?.data).toEqual({
    type: 'delivery.cancelled',
    delivery_id: waiting,
  });
  expect(JSON.stringify(told)).not.toContain(SECRET);
});

test('tells from now on, and every listener the same', async () => {
  const api = apiOf(mock.url, 'several');
  await api.send('POST', '/_sandbox/events', { event: 'email.sent', id: 'evt_before' });
  const listeners = await Promise.all([listen('several'), listen('several')]);
  await api.send('POST', '/_sandbox/events', { event: 'email.opened', id: 'evt_after' });
  const heard = await Promise.all(listeners.map((one) => one.next()));
  for (const listener of listeners) listener.leave();
  expect(heard[0]).toMatchObject({ id: '1', data: { event: { id: 'evt_after' } } });
  expect(heard[1]).toEqual(heard[0]);
});

test('each listener has its own ids, which count from when it joined', async () => {
  const api = apiOf(mock.url, 'joining');
  const publish = (id: string) =>
    api.send('POST', '/_sandbox/events', { event: 'email.sent', id: `evt_${id}` });
  const first = await listen('joining');
  await publish('a');
  const second = await listen('joining');
  await publish('b');
  const third = await listen('joining');
  await publish('c');
  const heardBy = async ({ next, leave }: Listener, events: number): Promise<string[]> => {
    const heard: string[] = [];
    while (heard.length < events) {
      const { id, data } = (await next())!;
      heard.push(`${id} ${(data['event'] as { id: string }).id}`);
    }
    leave();
    return heard;
  };
  expect(await heardBy(first, 3)).toEqual(['1 evt_a', '2 evt_b', '3 evt_c']);
  expect(await heardBy(second, 2)).toEqual(['1 evt_b', '2 evt_c']);
  expect(await heardBy(third, 1)).toEqual(['1 evt_c']);
});

test('a listener that leaves gives its place back', async () => {
  // More than may be open at the same time.
  for (let round = 0; round < 60; round += 1) {
    const listeners = await Promise.all(Array.from({ length: 20 }, () => listen('leaving')));
    for (const { response, leave } of listeners) {
      expect(response.status).toBe(200);
      leave();
    }
  }
});

test('an account cannot take all streams from the others', async () => {
  const opened: Listener[] = [];
  while (opened.at(-1)?.response.status !== 503 && opened.length < 1000) {
    opened.push(...(await Promise.all(Array.from({ length: 10 }, () => listen('crowded')))));
  }
  const taken = opened.filter(({ response }) => response.status === 200);
  expect(taken.length).toBeGreaterThanOrEqual(100);
  expect(taken.length).toBeLessThan(1000);
  expect(await opened.at(-1)!.block()).toBeNull();
  const neighbour = await listen('uncrowded');
  expect(neighbour.response.status).toBe(200);
  for (const { leave } of [...opened, neighbour]) leave();
});

test('asking for the head alone opens no stream', async () => {
  const ask = (): Promise<Response> =>
    fetch(`${mock.url}/_sandbox/stream`, {
      method: 'HEAD',
      headers: { 'x-user-context': 'head' },
    });
  for (let round = 0; round < 60; round += 1) {
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    for (const { status, headers } of answers) {
      expect(status).toBe(200);
      expect(headers.get('content-type')).toMatch(/^text\/event-stream/);
    }
  }
  const listener = await listen('head');
  expect(listener.response.status).toBe(200);
  listener.leave();
});

test('a client that lags behind is disconnected with a message, and does not delay others', async () => {
  const api = apiOf(mock.url, 'lagging');
  const listener = await listen('lagging');
  for (let round = 0; round < 5; round += 1) {
    const { status } = await api.send('POST', '/_sandbox/events', {
      event: 'email.replied',
      count: 10_000,
    });
    expect(status).toBe(202);
  }
  let last: string | null = '';
  for (let block = await listener.block(); block !== null; block = await listener.block()) {
    last = block;
  }
  expect(last).toMatch(/^: you are \d+ events behind/);
});

test('a listener that reads gets all of the largest trigger', async () => {
  await using receiver = await startReceiver();
  const api = apiOf(mock.url, 'reading');
  await api.register(receiver.url);
  const listener = await listen('reading');
  const counts: Record<string, number> = {};
  const heard = (async () => {
    for (let left = 20_000; left > 0; left -= 1) {
      const told = await listener.next();
      if (told === null) return;
      counts[told.event] = (counts[told.event] ?? 0) + 1;
    }
  })();
  await api.trigger('email.sent', { count: 10_000 });
  await heard;
  listener.leave();
  expect(counts).toEqual({ 'event.published': 10_000, 'delivery.attempted': 10_000 });
});

test('a server that closes ends its streams and waits at once', async () => {
  const closing = await createMock({ clock: 'frozen' });
  const api = apiOf(closing.url, 'closing');
  await api.register('http://127.0.0.1:9/');
  const delivery = await api.trigger();
  const listener = await listen('closing', closing.url);
  await listener.block();
  const wait = fetch(`${closing.url}/_sandbox/deliveries/${delivery}/wait?timeout_ms=600000`, {
    headers: { 'x-user-context': 'closing' },
  });
  const ends = Promise.allSettled([
    wait,
    (async () => {
      while ((await listener.next()) !== null);
    })(),
  ]);
  await closing.close();
  await ends;
});
