/**
 * Verifications: a run of the suite inside the sandbox, its progress, its reports, its limits.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AccountEvent, Verification } from '../../schemas/sandbox.ts';
import { createClient, type Client } from '../../src/client/create-client.ts';
import { createMock, startSandbox, type Mock } from '../../src/create-mock.ts';
import { build } from '../receivers/reference/node-http.ts';
import { run } from '../receivers/reference/run.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';

const VERIFICATIONS = '/_sandbox/verifications';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

let accounts = 0;
const account = (): { apiKey: string; api: Api; client: Client } => {
  accounts += 1;
  const apiKey = `verifications-${accounts}`;
  return {
    apiKey,
    api: apiOf(mock.url, apiKey),
    client: createClient({ baseUrl: mock.url, apiKey }),
  };
};

/** The verification of each of its events, until it has ended. */
const follow = async (changes: AsyncIterable<AccountEvent>): Promise<readonly Verification[]> => {
  const seen: Verification[] = [];
  for await (const change of changes) {
    if (change.type !== 'verification.progressed') continue;
    seen.push(change.verification);
    if (change.verification.status !== 'running') return seen;
  }
  throw new Error('The stream ended before the verification.');
};

describe('a verification', () => {
  test('of a right receiver passes, tells its progress on the stream, and keeps its report', async () => {
    const { client } = account();
    await using receiver = await run(build, SECRET);
    const { id: webhookId } = await client.webhooks.create({
      url: receiver.url,
      events: ['*'],
      secret: SECRET,
    });
    const changes = await client.stream();
    const started = await client.verifications.start({ webhook_id: webhookId });
    expect(started).toMatchObject({ id: 'ver_1', status: 'running', webhook_id: webhookId });
    const seen = await follow(changes);
    const last = seen.at(-1)!;
    expect(last).toMatchObject({ status: 'finished', verdict: 'passed', error: null });
    expect(last.checks_done).toBe(last.checks_total);
    expect(last.running_checks).toEqual([]);
    expect(seen.some(({ running_checks: running }) => running.length > 0)).toBe(true);
    const done = seen.map(({ checks_done: count }) => count);
    expect(done).toEqual(done.toSorted((one, other) => one - other));
    expect(await client.verifications.get('ver_1')).toEqual(last);
    const report = JSON.parse(await client.verifications.report('ver_1', 'json'));
    expect(report.summary.passed).toBe(last.summary?.passed);
  });

  test('of a receiver that accepts everything is not conformant, and names what it found', async () => {
    const { client } = account();
    await using receiver = await startReceiver(answer(200));
    const changes = await client.stream();
    const only = ['signature/*'];
    await client.verifications.start({ url: receiver.url, secret: SECRET, only });
    const last = (await follow(changes)).at(-1)!;
    expect(last.verdict).toBe('not_conformant');
    expect(last.findings.map(({ id }) => id)).toContain('signature/wrong-digest');
    expect(last.summary?.failed).toBeGreaterThan(0);
  });

  test('counts effects in a sink of its account', async () => {
    const { api, client } = account();
    const { url: crm } = (await api.get('/_sandbox/sinks/crm/settings')).data;
    await using receiver = await startReceiver((received, response) => {
      const { id } = JSON.parse(received.body === '' ? '{}' : received.body);
      void fetch(crm, { method: 'POST', body: String(id) }).finally(() =>
        response.writeHead(200).end(),
      );
    });
    const changes = await client.stream();
    const webhook = await api.register(receiver.url);
    const only = ['delivery/dup-seq'];
    await client.verifications.start({ webhook_id: webhook, only, effects_sink: 'crm' });
    expect((await follow(changes)).at(-1)?.findings.map(({ id }) => id)).toContain(
      'delivery/dup-seq',
    );
  });

  test('that is stopped ends within a second, with a report of what was checked', async () => {
    const { client } = account();
    await using receiver = await startReceiver(() => undefined);
    const { id } = await client.verifications.start({ url: receiver.url, secret: SECRET });
    const stopped = await client.verifications.stop(id);
    expect(stopped.status).toBe('stopped');
    expect(Date.parse(stopped.ended_at!) - Date.parse(stopped.started_at)).toBeLessThan(5000);
    expect(await client.verifications.report(id, 'pretty')).toContain('INTERRUPTED');
    expect(await client.verifications.stop(id)).toEqual(stopped);
  });

  test('ends when the sandbox closes', async () => {
    const own = await createMock();
    const client = createClient({ baseUrl: own.url, apiKey: 'closing' });
    await using receiver = await startReceiver(() => undefined);
    await client.verifications.start({ url: receiver.url, secret: SECRET });
    await receiver.arrived(1);
    await own.close();
  });
});

describe('the report', () => {
  test('comes in every format, with its media type, and without the secret', async () => {
    const { api, client } = account();
    await using receiver = await startReceiver((_received, response) => {
      response.writeHead(200, { 'x-debug': SECRET }).end(`secret=${SECRET}`);
    });
    const changes = await client.stream();
    const webhook = await api.register(receiver.url);
    const only = ['signature/missing-header'];
    const { id } = await client.verifications.start({ webhook_id: webhook, only });
    await follow(changes);
    const types = Object.fromEntries(
      await Promise.all(
        ['json', 'html', 'markdown', 'junit', 'sarif', 'ctrf', 'pretty'].map(async (format) => {
          const response = await fetch(
            `${mock.url}${VERIFICATIONS}/${id}/report?format=${format}`,
            {
              headers: { 'x-user-context': `verifications-${accounts}` },
            },
          );
          const text = await response.text();
          expect(text).toContain('signature/missing-header');
          expect(text).not.toContain(SECRET.slice(6));
          return [format, response.headers.get('content-type')];
        }),
      ),
    );
    expect(types).toEqual({
      json: 'application/json',
      html: 'text/html; charset=utf-8',
      markdown: 'text/markdown; charset=utf-8',
      junit: 'application/xml',
      sarif: 'application/json',
      ctrf: 'application/json',
      pretty: 'text/plain; charset=utf-8',
    });
  });

  test('in HTML cannot act with the origin of the sandbox', async () => {
    const { client } = account();
    const { id } = await client.verifications.start({ url: 'http://127.0.0.1:9/', secret: SECRET });
    await client.verifications.stop(id);
    const response = await fetch(`${mock.url}${VERIFICATIONS}/${id}/report?format=html`, {
      headers: { 'x-user-context': `verifications-${accounts}` },
    });
    expect(response.headers.get('content-security-policy')).toBe('sandbox');
  });
});

describe('a request that is refused', () => {
  test.each<[string, object, string]>([
    ['no receiver', {}, '"url" is missing'],
    ['no secret', { url: 'http://127.0.0.1:9/' }, '"secret" is missing'],
    ['two receivers', { webhook_id: 'whk_1', url: 'http://127.0.0.1:9/' }, 'together with'],
    ['no http URL', { url: 'ftp://127.0.0.1/', secret: SECRET }, '"url"'],
    ['an unknown check', { only: ['signature/nonsense'] }, '"only" "signature/nonsense"'],
    ['an unknown event', { events: ['email.lost'] }, '"events[0]"'],
    ['no address', { lead_email: 'no-address' }, '"lead_email"'],
    ['no sink name', { effects_sink: 'CRM' }, '"effects_sink"'],
    ['no time', { time: 'soon' }, '"time" is "soon"'],
    ['too much time', { time: '2h' }, 'from 1s to 1h'],
    ['an unknown field', { onyl: [] }, '"onyl"'],
  ])('%s: 422, and nothing runs', async (_title, body, message) => {
    const { api } = account();
    const receiver =
      'url' in body || 'webhook_id' in body || Object.keys(body).length === 0
        ? {}
        : { url: 'http://127.0.0.1:9/', secret: SECRET };
    const reply = await api.send('POST', VERIFICATIONS, { ...receiver, ...body });
    expect(reply.status).toBe(422);
    expect(reply.error.message).toContain(message);
    expect((await api.get(VERIFICATIONS)).data).toEqual([]);
  });

  test.each([
    ['a public address', 'http://93.184.216.34/hook'],
    ['a metadata service', 'http://169.254.169.254/latest'],
  ])('%s: 422, and nothing is sent', async (_title, url) => {
    const { api } = account();
    const reply = await api.send('POST', VERIFICATIONS, { url, secret: SECRET });
    expect(reply.status).toBe(422);
    expect(reply.error.message).toContain('not an address that this sandbox sends to');
  });

  test('a second one at a time: 409 with the id of the first', async () => {
    const { api, client } = account();
    await using receiver = await startReceiver(() => undefined);
    const order = { url: receiver.url, secret: SECRET };
    const replies = await Promise.all([1, 2, 3].map(() => api.send('POST', VERIFICATIONS, order)));
    expect(replies.map(({ status }) => String(status)).toSorted()).toEqual(['202', '409', '409']);
    await client.verifications.stop('ver_1');
  });
});

test('an account keeps the latest 20', async () => {
  const { api, client } = account();
  const order = { url: 'http://127.0.0.1:9/', secret: SECRET, only: ['signature/missing-header'] };
  for (let count = 0; count < 22; count += 1) {
    const { id } = await client.verifications.start(order);
    await client.verifications.stop(id);
  }
  const ids = (await client.verifications.list()).map(({ id }) => id);
  expect(ids).toHaveLength(20);
  expect([ids[0], ids.at(-1)]).toEqual(['ver_22', 'ver_3']);
  expect((await api.get(`${VERIFICATIONS}/ver_1`)).error.code).toBe('VERIFICATION_NOT_FOUND');
});

test('a reset forgets the verifications of its account only', async () => {
  const [one, other] = [account(), account()];
  const order = { url: 'http://127.0.0.1:9/', secret: SECRET, only: ['signature/missing-header'] };
  for (const { client } of [one, other]) {
    await client.verifications.start(order);
    await client.verifications.stop('ver_1');
  }
  await one.client.reset();
  expect(await one.client.verifications.list()).toEqual([]);
  expect(await other.client.verifications.list()).toHaveLength(1);
});

test('an account that is closed and opened again has no verifications, and a reset still forgets new ones', async () => {
  await using sandbox = await startSandbox({ clock: 'frozen' });
  const client = createClient({ baseUrl: sandbox.url, apiKey: 'moved' });
  const order = { url: 'http://127.0.0.1:9/', secret: SECRET, only: ['signature/missing-header'] };
  await client.verifications.start(order);
  await client.verifications.stop('ver_1');
  await sandbox.engine.close(sandbox.engine.identify('moved'), { write: false });
  expect(await client.verifications.list()).toEqual([]);
  await client.verifications.start(order);
  await client.verifications.stop('ver_1');
  await client.reset();
  expect(await client.verifications.list()).toEqual([]);
});
