/**
 * Idle accounts take little memory, and no client can tell that they do: an account among many that come to rest behaves
 * as if it had been alone.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { answer, startReceiver, type Receiver } from '../support/receiver.ts';

/** Fixed, because it is recorded with every attempt. */
const DATE = { date: 'Mon, 06 Apr 2026 12:00:00 GMT' };
/** More accounts than keep their dispatcher without work. */
const OTHERS = 120;
const bench = fileURLToPath(new URL('../bench/scale-memory.ts', import.meta.url));

const bytesOf = async (what: string): Promise<number> => {
  const { stdout } = await promisify(execFile)(process.execPath, [bench, what]);
  return Number(stdout);
};

test('an account with a webhook takes at most 10 kB', { timeout: 60_000 }, async () => {
  expect(await bytesOf('accounts')).toBeLessThan(10_000);
});

test(
  'an account that comes to rest after a delivery keeps only what is stored',
  { timeout: 90_000 },
  async () => {
    expect(await bytesOf('rested')).toBeLessThan(16_000);
  },
);

const settledId = async (api: Api, more: Record<string, unknown>): Promise<unknown> =>
  api.settled(await api.trigger('email.sent', more));

/** One delivery of every other account, so that the account under test is the one that has rested longest. */
const letRest = async (url: string, receiver: Receiver, round: number): Promise<void> => {
  for (let other = 0; other < OTHERS; other += 1) {
    const api = apiOf(url, `other-${other}`);
    if (round === 0) await api.register(receiver.url);
    await settledId(api, {});
  }
};

/** What a client sees of an account that is used, left alone, and used again. */
const play = async (between: (url: string, round: number) => Promise<void>): Promise<unknown> => {
  await using receiver = await startReceiver(answer(200, '', DATE));
  await using failing = await startReceiver(answer(500, '', DATE));
  const options = { seed: 7, clock: 'skip', clockStart: '2026-04-06T12:00:00Z' } as const;
  await using mock = await createMock({ ...options, rateLimit: false });
  const api = apiOf(mock.url, 'under-test');
  const seen: unknown[] = [];
  let round = 0;
  const rest = async (): Promise<void> => {
    await between(mock.url, round);
    round += 1;
  };
  const see = (what: unknown): void => {
    const text = JSON.stringify(what)
      .replaceAll(receiver.url, 'http://receiver')
      .replaceAll(failing.url, 'http://failing');
    // Real time.
    seen.push(JSON.parse(text.replaceAll(/"duration_ms":\d+/g, '"duration_ms":0')));
  };

  const id = await api.register(receiver.url);
  see(await settledId(api, {}));
  await rest();
  see((await api.get('/_sandbox/clock')).data);
  await rest();
  see(await settledId(api, { count: 3 }));
  await api.send('POST', '/_sandbox/faults', { fault: 'server_error', times: 1 });
  await rest();
  see((await api.send('PATCH', `/v1/webhooks/${id}`, { url: failing.url })).status);
  await rest();
  see(await settledId(api, {}));
  see((await api.get('/_sandbox/faults')).data);
  await rest();
  const second = await api.register(receiver.url, { events: ['email.opened'] });
  see(await api.advance({ by: '1h' }));
  await rest();
  see(await api.settled(await api.trigger('email.opened', { webhook_id: second })));
  const snapshot = (await api.get('/_sandbox/snapshot')).data;
  await rest();
  see((await api.send('DELETE', `/v1/webhooks/${id}`)).status);
  see((await api.get('/_sandbox/deliveries')).data);
  await rest();
  see((await api.send('PUT', '/_sandbox/snapshot', snapshot)).status);
  await rest();
  see(await settledId(api, {}));
  see((await api.get('/_sandbox/deliveries')).data);
  return seen;
};

test(
  'an account among many that come to rest behaves as if it had been alone',
  { timeout: 120_000 },
  async () => {
    await using receiver = await startReceiver(answer(200));
    const alone = await play(async () => undefined);
    expect(await play((url, round) => letRest(url, receiver, round))).toEqual(alone);
  },
);
