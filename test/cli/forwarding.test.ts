/**
 * `serve --forward-to` goes on forwarding after a reset and a snapshot, and says when it cannot.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { sign } from '../../src/signature/sign.ts';
import { apiOf } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';
import { serve, type Served } from './support.ts';

// Several processes each: a busy machine takes its time to start them.
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'sendemall-forwarding-'));
afterAll(() => rmSync(folder, { recursive: true }));
let databases = 0;
const databaseFile = (): string => join(folder, `${(databases += 1)}.db`);

const says = async (served: Served, status: string): Promise<Record<string, unknown>> =>
  JSON.parse(
    await served.line(
      (line) => line.includes('"forwarding"') && line.includes(`"status":"${status}"`),
    ),
  ) as Record<string, unknown>;

describe.each([
  ['memory', []],
  ['SQLite', ['--db', ':file:']],
] as const)('in %s', (_name, flags) => {
  const start = (url: string): Promise<Served> =>
    serve(['--forward-to', url, ...flags.map((flag) => flag.replace(':file:', databaseFile()))]);

  test('a reset registers the receiver again, with the same secret, before the next event', async () => {
    await using receiver = await startReceiver();
    await using served = await start(receiver.url);
    const { generated_secret: secret, webhook_id: before } = served.started['forward_to'];
    const api = apiOf(served.url);
    for (let round = 1; round <= 3; round += 1) {
      expect((await api.send('POST', '/_sandbox/reset')).status).toBe(200);
      await api.trigger();
      const received = (await receiver.arrived(round))[round - 1]!;
      expect(received.headers['x-sendemall-signature']).toBe(sign(received.bytes, secret));
    }
    expect((await api.get('/v1/webhooks')).data).toHaveLength(1);
    const said = await says(served, 'registered_again');
    expect(said).toMatchObject({ url: receiver.url });
    expect(said['webhook_id']).not.toBe(before);
  });

  test('a snapshot without it registers it again; one that has it keeps its own', async () => {
    await using receiver = await startReceiver();
    await using served = await start(receiver.url);
    const api = apiOf(served.url);
    const { data: own } = await api.get('/_sandbox/snapshot');
    const { data: foreign } = await apiOf(served.url, 'another').get('/_sandbox/snapshot');
    expect((await api.send('PUT', '/_sandbox/snapshot', foreign)).status).toBe(200);
    await says(served, 'registered_again');
    await api.trigger();
    await receiver.arrived(1);
    expect((await api.send('PUT', '/_sandbox/snapshot', own)).status).toBe(200);
    expect(await says(served, 'restored')).toMatchObject({
      webhook_id: served.started['forward_to'].webhook_id,
    });
    await api.trigger();
    await receiver.arrived(2);
  });

  test('deleting the webhook is said, and not undone', async () => {
    await using receiver = await startReceiver();
    await using served = await start(receiver.url);
    const { webhook_id: id } = served.started['forward_to'];
    const api = apiOf(served.url);
    await api.send('DELETE', `/v1/webhooks/${id}`);
    expect(await says(served, 'deleted')).toMatchObject({ webhook_id: id });
    expect((await api.get('/v1/webhooks')).data).toEqual([]);
  });
});
