/**
 * The client against a real sandbox: over a socket, and in the process by `app.fetch`.
 *
 * @module
 */
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError } from '../../src/client/api-error.ts';
import { createClient, type Client } from '../../src/client/create-client.ts';
import { collect } from './collect.ts';
import type { AccountEvent } from '../../schemas/sandbox.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { answer, freePort, startReceiver, type Receiver } from '../support/receiver.ts';

const SECRET = 'whsec_your-signing-secret';
const START = '2026-04-06T12:00:00Z';

let mock: Mock;
let good: Receiver;
let bad: Receiver;
beforeAll(async () => {
  [mock, good, bad] = await Promise.all([
    createMock({ clock: 'frozen', clockStart: START, seed: 1 }),
    startReceiver(),
    startReceiver(answer(503)),
  ]);
});
afterAll(async () => {
  await Promise.all([mock.close(), good[Symbol.asyncDispose](), bad[Symbol.asyncDispose]()]);
});

const errorOf = async (promise: Promise<unknown>): Promise<ApiError> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
};

describe.each([
  ['over a socket', (apiKey: string) => createClient({ baseUrl: `${mock.url}/`, apiKey })],
  [
    'in the process',
    (apiKey: string) =>
      createClient({ baseUrl: 'http://localhost', apiKey, fetch: (r) => mock.app.fetch(r) }),
  ],
])('%s', (name, connect) => {
  const account = (purpose: string): Client => connect(`${name} ${purpose}`.replaceAll(' ', '-'));

  test('campaigns', async () => {
    const { campaigns, scenarios, clock } = account('campaigns');
    const asked = {
      name: 'Q2 Outreach',
      daily_limit: 50,
      timezone: 'Europe/Berlin',
      schedule: { days: ['mon' as const, 'tue' as const], start_hour: 8, end_hour: 17 },
      sequences: [{ step: 1, delay_days: 0, subject: 'Hello', body: 'Hi' }],
    };
    const created = await campaigns.create(asked, { idempotencyKey: 'one' });
    expect(created).toMatchObject({ ...asked, status: 'draft' });
    const { leads } = await campaigns.addLeads(
      created.id,
      [{ email: 'a@acme.example' }, { email: 'b@acme.example' }],
      { idempotencyKey: 'two' },
    );
    expect(await collect(campaigns.leads(created.id, { limit: 1 }))).toEqual(leads);
    const { id: first } = leads[0]!;
    expect(await campaigns.removeLead(created.id, first)).toEqual({ id: first, deleted: true });
    expect((await campaigns.update(created.id, { daily_limit: 9 })).daily_limit).toBe(9);
    expect((await campaigns.activate(created.id)).status).toBe('active');
    expect((await campaigns.pause(created.id)).status).toBe('paused');
    expect((await campaigns.resume(created.id)).status).toBe('active');
    expect((await campaigns.simulate(created.id, { profile: 'silent' })).profile).toBe('silent');
    expect((await campaigns.simulation(created.id)).rates.open).toBe(0);
    await clock.advance({ until: 'settled' });
    expect(await campaigns.analytics(created.id)).toMatchObject({ sent: 1, opened: 0 });
    expect((await campaigns.get(created.id)).status).toBe('completed');
    expect((await errorOf(campaigns.pause(created.id))).code).toBe('CAMPAIGN_NOT_ACTIVE');
    expect((await scenarios.list()).map(({ name: known }) => known)).toContain('bounce-spike');
    const started = await scenarios.start({ scenario: 'open-storm', leads: 2 });
    expect(started).toMatchObject({ leads: 2, campaign: { status: 'active' } });
    expect((await collect(campaigns.list())).map(({ id }) => id)).toEqual([
      created.id,
      started.campaign.id,
    ]);
    expect(await campaigns.delete(created.id)).toEqual({ id: created.id, deleted: true });
  });

  test('webhooks', async () => {
    const { webhooks } = account('webhooks');
    const created = await webhooks.create({
      url: good.url,
      events: ['email.replied'],
      secret: SECRET,
    });
    expect(created).toMatchObject({ url: good.url, events: ['email.replied'], status: 'active' });
    expect(await webhooks.list()).toEqual([created]);
    expect(await webhooks.get(created.id)).toEqual(created);
    expect(await webhooks.update(created.id, { status: 'paused' })).toEqual({
      ...created,
      status: 'paused',
    });
    expect(await webhooks.rotateSecret(created.id, 'whsec_another-one')).toMatchObject({
      id: created.id,
    });
    expect(await webhooks.delete(created.id)).toEqual({ id: created.id, deleted: true });
    expect(await webhooks.list()).toEqual([]);
  });

  test('an idempotency key repeats the answer', async () => {
    const { webhooks } = account('idempotency');
    const body = { url: good.url, events: ['*'] as ['*'], secret: SECRET };
    const first = await webhooks.create(body, { idempotencyKey: 'once' });
    expect(await webhooks.create(body, { idempotencyKey: 'once' })).toEqual(first);
    expect(await webhooks.list()).toHaveLength(1);
  });

  test('events, deliveries, the clock and dead letters', async () => {
    const client = account('ladder');
    const webhook = await client.webhooks.create({ url: bad.url, events: ['*'], secret: SECRET });
    const { events, deliveries, notice } = await client.events.trigger({
      event: 'email.bounced',
      data: { bounce_type: 'soft' },
    });
    expect(notice).toBeNull();
    const [event] = events;
    const [delivery] = deliveries;
    expect(await client.events.get(event!.id)).toMatchObject({ id: event!.id });
    expect((await client.deliveries.wait(delivery!.id, { timeoutMs: 0 })).reached).toBe(false);

    expect(await client.clock.get()).toMatchObject({ mode: 'frozen' });
    const advanced = await client.clock.advance({ until: 'settled' });
    expect(advanced.attempts).toBeGreaterThanOrEqual(3);
    const { reached, delivery: dead } = await client.deliveries.wait(delivery!.id, {
      until: 'dead',
      timeoutMs: Infinity,
    });
    expect(reached).toBe(true);
    expect(dead).toMatchObject({ status: 'dead', attempts_made: 4 });
    expect(await client.deliveries.get(delivery!.id)).toEqual(dead);

    const [failed] = await collect(client.failedEvents.list(webhook.id));
    expect(failed).toMatchObject({ id: event!.id, event: 'email.bounced' });
    expect(await client.failedEvents.get(webhook.id, event!.id)).toEqual(failed);
    await client.failedEvents.acknowledge(webhook.id, event!.id);
    expect(await collect(client.failedEvents.list(webhook.id))).toEqual([]);

    const again = await client.deliveries.redeliver(delivery!.id, { signature: 'wrong' });
    expect(again.redelivery_of).toBe(delivery!.id);
    const sent = await client.deliveries.explainSignature(delivery!.id, { attempt: 1 });
    expect(sent).toMatchObject({ matches: true, causes: [], given: sent.expected });
    const cut = { signature: `X-SendEmAll-Signature: ${sent.expected.slice(0, 40)}` };
    expect(await client.deliveries.explainSignature(delivery!.id, cut)).toMatchObject({
      matches: false,
      proven: true,
      causes: [{ id: 'header/truncated' }],
    });
    expect(await client.clock.set({ mode: 'scaled', rate: 60 })).toMatchObject({ rate: 60 });
    await client.reset();
    expect(await client.webhooks.list()).toEqual([]);
  });

  test('pages are one list, and one at a time when asked', async () => {
    const client = account('pages');
    await client.events.trigger({ event: 'email.sent', count: 7 });
    const all = await collect(client.events.list({ limit: 3 })).then((items) =>
      items.map(({ id }) => id),
    );
    expect(new Set(all).size).toBe(7);
    const pager = client.events.list({ event: 'email.sent', limit: 5 });
    const first = await pager.page();
    expect(first.items).toHaveLength(5);
    const second = await pager.page(first.nextCursor!);
    expect(second).toMatchObject({ nextCursor: null });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(all);
  });

  test('a snapshot goes back where it came from', async () => {
    const client = account('snapshot');
    const webhook = await client.webhooks.create({ url: good.url, events: ['*'], secret: SECRET });
    const snapshot = await client.snapshot();
    await client.webhooks.delete(webhook.id);
    await client.restore(snapshot);
    expect(await client.webhooks.list()).toEqual([webhook]);
  });

  test('the stream tells what happens after it has opened, until it is left', async () => {
    const client = account('stream');
    await client.webhooks.create({ url: good.url, events: ['*'], secret: SECRET });
    const stream = await client.stream();
    const { events } = await client.events.trigger({ event: 'email.clicked' });
    const seen: AccountEvent[] = [];
    for await (const message of stream) {
      seen.push(message);
      if (message.type === 'delivery.attempted') break;
    }
    expect(seen.map(({ type }) => type)).toContain('event.published');
    expect(JSON.stringify(seen)).toContain(events[0]!.id);
  });

  test('what the API refuses is an ApiError with its code, status, message and request id', async () => {
    const client = account('errors');
    const missing = await errorOf(client.webhooks.get('whk_../none'));
    expect(missing).toMatchObject({ code: 'WEBHOOK_NOT_FOUND', status: 404, retryAfter: null });
    expect(missing.requestId).toMatch(/^req_/);
    expect(missing.message).toContain('whk_../none');

    const invalid = await errorOf(
      client.webhooks.create({ url: good.url, events: ['*'], secret: 'short' }),
    );
    expect(invalid).toMatchObject({ code: 'VALIDATION_FAILED', status: 422 });
    expect((await errorOf(connect('').webhooks.list())).status).toBe(401);
  });

  test('a signal gives a call up', async () => {
    const client = account('signal');
    await client.webhooks.create({ url: bad.url, events: ['*'], secret: SECRET });
    const { deliveries } = await client.events.trigger({ event: 'email.sent' });
    const controller = new AbortController();
    const waiting = client.deliveries.wait(deliveries[0]!.id, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('what is no sandbox', () => {
  test('nothing answers', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    const error = await errorOf(createClient({ baseUrl, apiKey: 'a' }).clock.get());
    expect(error).toMatchObject({ code: 'UNREACHABLE', status: null });
    expect(error.message).toBe(
      `No response from ${baseUrl} (ECONNREFUSED): start one with \`sendemall-mock serve --port ${new URL(baseUrl).port}\`.`,
    );
  });

  test('something else answers', async () => {
    await using page = await startReceiver(
      answer(200, '<html>', { 'content-type': 'text/html; charset=utf-8' }),
    );
    const { origin } = new URL(page.url);
    const error = await errorOf(createClient({ baseUrl: origin, apiKey: 'a' }).clock.get());
    expect(error).toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 200 });
    expect(error.message).toContain('text/html');
  });

  test('a rate limit says when to come back', async () => {
    const envelope = {
      success: false,
      error: { code: 'RATE_LIMIT_EXCEEDED', message: 'Slow down.', status: 429 },
    };
    const respond = (headers: Record<string, string>, error: object) =>
      errorOf(
        createClient({
          apiKey: 'a',
          fetch: () => Response.json({ ...envelope, error }, { status: 429, headers }),
        }).webhooks.list(),
      );
    expect(await respond({ 'retry-after': '7' }, envelope.error)).toMatchObject({ retryAfter: 7 });
    expect(await respond({}, { ...envelope.error, retry_after: 9 })).toMatchObject({
      code: 'RATE_LIMIT_EXCEEDED',
      retryAfter: 9,
    });
  });

  test('a redirect is not followed: the key stays here', async () => {
    await using elsewhere = await startReceiver();
    const server = createServer((_request, response) => {
      response.writeHead(307, { location: elsewhere.url }).end();
    });
    const port = await freePort();
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
    const client = createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: 'a' });
    expect(await errorOf(client.clock.get())).toMatchObject({
      code: 'UNEXPECTED_ANSWER',
      status: 307,
    });
    expect(elsewhere.received).toEqual([]);
    server.close();
    server.closeAllConnections();
  });
});
