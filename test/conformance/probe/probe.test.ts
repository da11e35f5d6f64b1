/**
 * What a check works with: events, signatures, requests, and what is kept of them.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import { EVENT_SCHEMAS } from '../../../schemas/events.ts';
import { systemClock } from '../../../src/clock/system.ts';
import { createEventMaker } from '../../../src/conformance/probe/event-maker.ts';
import type { Exchange } from '../../../src/conformance/net/exchange.ts';
import type { Hooks } from '../../../src/conformance/hooks/hooks.ts';
import { createProbe, overTls } from '../../../src/conformance/probe/probe.ts';
import { createSigning } from '../../../src/conformance/probe/signing.ts';
import { createRedactor } from '../../../src/conformance/redact/redact.ts';
import { seededRandom } from '../../../src/domain/random.ts';
import { selfSigned } from '../../support/tls.ts';
import { SECRET } from '../run-suite.ts';
import { right, scripted, type Script } from '../scripted-receiver.ts';

const maker = (seed = 1) => createEventMaker(seededRandom(seed), () => Date.UTC(2026, 3, 6, 12));

describe('events', () => {
  test('have ids, people and addresses of their own', () => {
    const events = maker();
    const [one, two] = [events.make(), events.make()];
    expect(one.id).toMatch(/^evt_[0-9A-HJKMNP-TV-Z]{10}\d{5}$/);
    expect(one.data['lead_email']).toMatch(
      /^lead\.\d{5}@[0-9a-hjkmnp-tv-z]{10}\.receiver-test\.example$/,
    );
    for (const field of ['lead_email', 'lead_id'])
      expect(one.data[field]).not.toBe(two.data[field]);
    expect(one.data['campaign_id']).toBe(two.data['campaign_id']);
    expect(one.data['campaign_id']).toMatch(/^cmp_/);
    expect(one.data['lead_id']).toMatch(/^lead_/);
    const made = [one.id, two.id, events.freshId(), events.freshEmail(), events.freshEmail()];
    expect(new Set(made).size).toBe(5);
    expect(one).toMatchObject({ event: 'email.replied', timestamp: '2026-04-06T12:00:00Z' });
  });

  test('are the same by the same numbers, and of another domain by others', () => {
    expect(maker().make()).toEqual(maker().make());
    const domain = (seed: number) => maker(seed).freshEmail().split('@')[1];
    expect(domain(1)).not.toBe(domain(2));
  });

  test('of every type are as the schema wants them', () => {
    for (const type of EVENT_TYPES) {
      const event = maker().make(type);
      expect(event.event).toBe(type);
      expect(EVENT_SCHEMAS[type].safeParse(event).success).toBe(true);
    }
    // What has no lead is given none.
    expect(maker().make('campaign.completed').data).not.toHaveProperty('lead_email');
  });

  test('take given values in place of generated ones, and omit undefined members', () => {
    const event = maker().make(
      'email.opened',
      { open_count: 7, ip_country: undefined, more: null },
      { id: 'evt_mine' },
    );
    expect(event.id).toBe('evt_mine');
    expect(event.data).toMatchObject({ open_count: 7, more: null });
    expect(event.data).not.toHaveProperty('ip_country');
  });

  test('are there for each example of the spec', () => {
    const examples = maker().examples();
    expect(new Set(examples.map(({ event }) => event))).toEqual(new Set(EVENT_TYPES));
    expect(new Set(examples.map(({ id }) => id)).size).toBe(examples.length);
    expect(examples.length).toBeGreaterThanOrEqual(EVENT_TYPES.length);
  });
});

describe('signatures', () => {
  const hmac = (algorithm: string, key: string, body: string) =>
    createHmac(algorithm, key).update(body).digest('hex');
  const made = () => {
    const redactor = createRedactor();
    return { redactor, signing: createSigning(SECRET, redactor) };
  };

  test('are the HMAC of the bytes, by this secret or another, by this algorithm or another', () => {
    const { signing } = made();
    const due = hmac('sha256', SECRET, 'ü');
    expect(signing.valid('ü')).toBe(`sha256=${due}`);
    expect(signing.valid(Buffer.from('ü'))).toBe(`sha256=${due}`);
    expect(signing.digest('ü')).toBe(due);
    expect(signing.with('sha1', 'ü')).toBe(`sha1=${hmac('sha1', SECRET, 'ü')}`);
    expect(signing.by('other', 'ü')).toBe(`sha256=${hmac('sha256', 'other', 'ü')}`);
    const body = Buffer.from('twice');
    expect(signing.digest(body)).toBe(signing.digest(body));
    expect(signing.candidates('{"a": 1}').length).toBeGreaterThan(80);
  });

  test('are hidden in whatever form they come back', () => {
    const { redactor, signing } = made();
    const hex = signing.digest('x');
    const raw = Buffer.from(hex, 'hex');
    const shown = (text: string): string => redactor.apply(`<${text}>`).slice(1, -1);
    expect(shown(SECRET)).toBe('<the secret>');
    expect(shown(Buffer.from(SECRET).toString('base64'))).toMatch(/^<the secret, base64>=*$/);
    expect(shown(Buffer.from(SECRET).toString('hex'))).toBe('<the secret, hex>');
    expect(shown(hex)).toBe('<the right digest>');
    expect(shown(hex.toUpperCase())).toBe('<the right digest, upper case>');
    expect(shown(raw.toString('base64'))).toBe('<the right digest, base64>=');
    expect(shown(hex.slice(0, 32))).toBe('<first half of the right digest>');
    expect(shown(hex.slice(32))).toBe('<second half of the right digest>');
    expect(shown(hex.slice(0, 8))).toBe('<the first 8 of the right digest>');
    expect(shown(hex.slice(0, -1))).toBe('<all but the last of the right digest>');
    const last = hex.endsWith('0') ? '1' : '0';
    expect(shown(hex.slice(0, -1) + last)).toBe('<the right digest but for its last>');
  });

  test('of candidates and of other algorithms are hidden, too; those by another key are not', () => {
    const { redactor, signing } = made();
    const sha1 = signing.with('sha1', 'x').slice('sha1='.length);
    const raw = Buffer.from(sha1, 'hex');
    expect(redactor.apply(sha1)).toBe('<a digest>');
    expect(redactor.apply(sha1.toUpperCase())).toBe('<a digest, upper case>');
    expect(redactor.apply(raw.toString('base64'))).toMatch(/^<a digest, base64>=*$/);
    const [guess] = signing
      .candidates('x')
      .filter(({ digest }) => !digest.equals(Buffer.from(signing.digest('x'), 'hex')));
    expect(redactor.apply(guess!.digest.toString('hex'))).toBe('<a digest>');
    const by = signing.by('other', 'x');
    expect(redactor.apply(by)).toBe(by);
  });

  test('of a digest that ends with 0 are changed to 1, so that nothing tells which', () => {
    const { redactor, signing } = made();
    for (let at = 0; at < 40; at += 1) {
      const hex = signing.digest(String(at));
      const changed = hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
      expect(redactor.apply(changed)).toBe('<the right digest but for its last>');
    }
  });
});

describe('a request', () => {
  test('is a delivery: compact JSON, its type, a right signature, the user’s headers', async () => {
    await using receiver = await scripted(right, { headers: [['X-Gate', 'open']] });
    const { probe } = receiver;
    const event = probe.event();
    const { request, reply } = await probe.post(event);
    expect(receiver.heard).toMatchObject([
      { method: 'POST', path: '/hook', body: JSON.stringify(event), isSigned: true, id: event.id },
    ]);
    expect(request.headers).toEqual([
      ['Content-Type', 'application/json'],
      ['X-SendEmAll-Signature', probe.signing.valid(JSON.stringify(event))],
      ['X-Gate', 'open'],
    ]);
    expect(request).toMatchObject({ method: 'POST', url: receiver.url, manner: null });
    expect(reply).toMatchObject({ kind: 'answer', status: 204 });
    expect(probe.write(event)).toBe(JSON.stringify(event));
  });

  test('is what is asked for', async () => {
    await using receiver = await scripted(right);
    const { probe } = receiver;
    const { url } = receiver;
    await probe.post('', {
      method: 'GET',
      signature: null,
      contentType: null,
      url: `${url}?other`,
    });
    await probe.post(Buffer.from([0xff]), {
      signature: 'mine',
      contentType: 'text/plain',
      headers: [['X-More', '1']],
    });
    expect(receiver.heard[0]).toMatchObject({ method: 'GET', path: '/hook?other', body: '' });
    expect(receiver.heard[0]!.headers).not.toHaveProperty('content-type');
    expect(receiver.heard[0]!.headers).not.toHaveProperty('x-sendemall-signature');
    expect(receiver.heard[1]!.headers).toMatchObject({
      'content-type': 'text/plain',
      'x-sendemall-signature': 'mine',
      'x-more': '1',
    });
  });

  test('has a time limit that depends on whether it is correctly signed', async () => {
    await using receiver = await scripted(right);
    const limits: number[] = [];
    const asked: boolean[] = [];
    const { client } = receiver.context;
    const probe = createProbe({
      ...receiver.context,
      client: {
        send: (request, timeoutMs) => {
          limits.push(timeoutMs);
          return client.send(request, 5000);
        },
        close: client.close,
      },
      random: () => 0,
      events: maker(),
      timeoutMs: (isValid) => {
        asked.push(isValid);
        return isValid ? 4000 : 3000;
      },
      backlog: null,
      seen: () => undefined,
    });
    await probe.post('{}');
    await probe.post('{}', { signature: null });
    await probe.post('{}', { signature: 'mine' });
    await probe.post('{}', { timeoutMs: 2000 });
    expect(limits).toEqual([4000, 3000, 3000, 2000]);
    expect(probe.timeoutMs).toBe(3000);
    asked.length = 0;
    (await probe.connect()).close();
    expect(asked).toEqual([true]);
  });

  test('of a text beyond ASCII is signed as its bytes', async () => {
    await using receiver = await scripted(right);
    const event = receiver.probe.event('email.replied', { lead_name: 'Zoë 🎈' });
    const { request } = await receiver.probe.post(event);
    expect(Buffer.from(request.body).toString('utf8')).toContain('Zoë 🎈');
    expect(receiver.heard).toMatchObject([{ isSigned: true, id: event.id }]);
    await receiver.probe.post('ü', { signature: null });
    expect(receiver.heard[1]).toMatchObject({ isSigned: false, body: 'ü' });
    const digest = createHmac('sha256', SECRET).update('ü').digest('hex');
    expect(receiver.context.redactor.apply(digest)).toBe('<the right digest>');
  });

  test('without an answer in its own time is given up', async () => {
    await using receiver = await scripted(() => 'hang', { timeoutMs: 60_000 });
    const { reply } = await receiver.probe.post('{}', { timeoutMs: 30 });
    expect(reply).toMatchObject({ kind: 'none', cause: 'timeout' });
  });
});

describe('exchanges', () => {
  test('are kept in the order in which they were begun, and told as they end', async () => {
    const answers: (() => void)[] = [];
    await using receiver = await scripted(right);
    const seen: Exchange[] = [];
    const slow = {
      send: (request: Exchange['request']) =>
        new Promise<Exchange['reply']>((resolve) => {
          answers.push(() =>
            resolve({
              kind: 'answer',
              status: request.body.length,
              headers: [],
              body: '',
              durationMs: 1,
            }),
          );
        }),
      close: async () => undefined,
    };
    const probe = createProbe({
      ...receiver.context,
      client: slow,
      random: () => 0,
      events: maker(),
      timeoutMs: () => 7,
      backlog: null,
      seen: (exchange) => seen.push(exchange),
    });
    const all = ['1', '22', '333', '4444'].map((body) => probe.post(body));
    for (const at of [2, 0, 3, 1]) {
      answers[at]!();
      await all[at];
    }
    const statuses = (list: readonly Exchange[]) =>
      list.map(({ reply }) => (reply.kind === 'answer' ? reply.status : 0));
    expect(statuses(probe.exchanges)).toEqual([1, 2, 3, 4]);
    expect(statuses(seen)).toEqual([3, 1, 4, 2]);
    expect(probe.timeoutMs).toBe(7);
  });

  test('by hand are kept, too, and their right digest is hidden', async () => {
    await using receiver = await scripted(right);
    const { probe } = receiver;
    const body = Buffer.from('by hand');
    const kept = probe.keep(
      { method: 'PUT', headers: [], body, manner: 'by hand' },
      { kind: 'none', cause: 'reset', message: 'x', durationMs: 1 },
    );
    expect(kept.request).toEqual({
      method: 'PUT',
      headers: [],
      body,
      manner: 'by hand',
      url: receiver.url,
    });
    expect(probe.exchanges).toEqual([kept]);
    const digest = createHmac('sha256', SECRET).update(body).digest('hex');
    expect(receiver.context.redactor.apply(digest)).toBe('<the right digest>');
  });
});

test('effects are there with a hook alone', async () => {
  await using without = await scripted(right);
  expect(without.probe.effects).toBeNull();
  await using withHook = await scripted(right, { hooks: { effects: async () => 3 } });
  expect(await withHook.probe.effects!.count('evt_1')).toBe(3);
});

describe('what waits for its effect', () => {
  /** A probe, and the ids that it has noted. */
  const noting = async (script: Script, hooks: Hooks = { effects: async () => 1 }) => {
    const receiver = await scripted(script, { hooks });
    const noted: string[] = [];
    const probe = createProbe({
      ...receiver.context,
      random: () => 0,
      events: maker(),
      timeoutMs: () => 5000,
      backlog: {
        accepted: (id) => noted.push(id),
        other: () => undefined,
        look: async () => undefined,
        outlast: async () => undefined,
      },
      seen: () => undefined,
    });
    return { receiver, probe, noted };
  };

  test('is each event that was correctly signed and accepted', async () => {
    const { receiver, probe, noted } = await noting(right);
    await using _ = receiver;
    const event = probe.event();
    await probe.post(event);
    const spaced = probe.event();
    await probe.post(JSON.stringify(spaced, null, 2));
    expect(noted).toEqual([event.id, spaced.id]);
  });

  test.for([200, 299])('with status %i, too', async (status) => {
    const { receiver, probe, noted } = await noting(() => status);
    await using _ = receiver;
    await probe.post(probe.event());
    expect(noted).toHaveLength(1);
  });

  test.for([300, 401, 500, 'cut'] as const)('excludes an event that ended in %s', async (act) => {
    const { receiver, probe, noted } = await noting(() => act);
    await using _ = receiver;
    await probe.post(probe.event());
    expect(noted).toEqual([]);
  });

  test('is nothing else that was taken', async () => {
    const { receiver, probe, noted } = await noting(() => 204);
    await using _ = receiver;
    const event = probe.event();
    await probe.post(event, { signature: null });
    await probe.post(event, { signature: 'mine' });
    await probe.post(event, { method: 'PUT' });
    await probe.post(event, { url: `${receiver.url}?other` });
    await probe.post(probe.event('email.opened'));
    for (const body of ['', '{', 'null', '[]', '17', '{"event":"email.replied","id":7}']) {
      await probe.post(body);
    }
    expect(noted).toEqual([]);
  });

  test('is looked for only where there is a hook that shows effects', async () => {
    const withHook = await noting(right);
    await using _ = withHook.receiver;
    expect(withHook.probe.queue).not.toBeNull();
    const without = await noting(right, {});
    await using __ = without.receiver;
    expect(without.probe.queue).toBeNull();
  });
});

describe('over TLS', () => {
  test('a port that speaks it takes a handshake; nothing is sent', async () => {
    const secure = createTlsServer(selfSigned());
    const heard: Buffer[] = [];
    secure.on('secureConnection', (socket) => socket.on('data', (chunk) => heard.push(chunk)));
    const closed = new Promise((resolve) => {
      secure.once('connection', (socket) => socket.once('close', resolve));
    });
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    await using receiver = await scripted(right, { wall: systemClock });
    const { port } = secure.address() as AddressInfo;
    const probe = createProbe({
      ...receiver.context,
      url: `http://127.0.0.1:${port}/hook`,
      random: () => 0,
      events: maker(),
      timeoutMs: () => 5000,
      backlog: null,
      seen: () => undefined,
    });
    expect(await probe.speaksTls()).toBe(true);
    await closed;
    expect(heard).toEqual([]);
    secure.close();
  });

  test('one that does not, takes none', async () => {
    await using receiver = await scripted(right);
    expect(await receiver.probe.speaksTls()).toBe(false);
    expect(receiver.heard).toEqual([]);
  });

  test.each([
    ['http://a.test/hook?b=1', 'https://a.test:80/hook?b=1'],
    ['http://a.test:8443/hook', 'https://a.test:8443/hook'],
    ['http://a.test:443/hook', 'https://a.test/hook'],
    ['https://a.test/hook', 'https://a.test/hook'],
    ['https://a.test:8443/hook', 'https://a.test:8443/hook'],
  ])('the same place: %s', (url, secure) => {
    expect(overTls(url)).toBe(secure);
  });
});
