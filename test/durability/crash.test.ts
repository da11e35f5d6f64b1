/**
 * Kills the sandbox repeatedly at random moments while events are posted and attempts run: no accepted event and no recorded
 * attempt is lost, and the clock does not go back.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Attempt } from '../../schemas/sandbox.ts';
import { isWhole, testSeed } from '../support/sample.ts';
import { seededRandom } from '../../src/domain/random.ts';
import { apiOf, type Api } from '../support/api.ts';
import { freePort, startReceiver } from '../support/receiver.ts';
import { startServe, type ServeProcess } from './serve-process.ts';

const ROUNDS = isWhole ? 50 : 12;
const random = seededRandom(20_260_406 + testSeed);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendemall-crash-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Known {
  /** Delivery id by event id, for every event that was answered with 202. */
  readonly accepted: Map<string, string>;
  /** Attempts of a delivery when it was last read. */
  readonly attempts: Map<string, readonly Attempt[]>;
  /** The clock's time in the last response to an advance. */
  clock: number;
  /** True if an advance was interrupted, so the clock may have moved. */
  advancing: boolean;
}

/** Repeats `work` until the kill. An error of a request that the kill interrupts is ignored; any other is thrown. */
const untilKilled = async (child: ServeProcess, work: () => Promise<void>): Promise<void> => {
  while (!child.child.killed) {
    try {
      await work();
    } catch (error) {
      if (!child.child.killed && child.child.exitCode === null) throw error;
    }
  }
};

const post = async (api: Api, known: Known): Promise<void> => {
  const count = 1 + Math.floor(random() * 4);
  const { status, data } = await api.send('POST', '/_sandbox/events', {
    event: 'email.opened',
    count,
  });
  expect(status).toBe(202);
  for (const delivery of data.deliveries) known.accepted.set(delivery.event_id, delivery.id);
};

const advance = async (api: Api, known: Known): Promise<void> => {
  known.advancing = true;
  const { to } = await api.advance({ by: '45s' });
  known.clock = Date.parse(to);
  known.advancing = false;
};

const look = async (api: Api, known: Known): Promise<void> => {
  const { data } = await api.get<{ id: string }[]>('/_sandbox/deliveries?limit=100');
  const id = data[Math.floor(random() * data.length)]?.id;
  if (id === undefined) return;
  const { attempts } = await api.delivery(id);
  known.attempts.set(id, attempts);
};

const check = async (api: Api, known: Known): Promise<void> => {
  const now = Date.parse((await api.get('/_sandbox/clock')).data.now);
  if (known.advancing) expect(now).toBeGreaterThanOrEqual(known.clock);
  else if (known.clock > 0) expect(now).toBe(known.clock);
  known.clock = now;
  for (const [id, before] of known.attempts) {
    const { attempts } = await api.delivery(id);
    expect(attempts.slice(0, before.length)).toEqual(before);
  }
  known.attempts.clear();
};

/** The moment of the crash is random by design, so there is no state to await. */
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

test(`${ROUNDS} kills lose nothing`, { timeout: 240_000 }, async () => {
  const accepted = new Set<string>();
  await using receiver = await startReceiver(({ body }, response) => {
    const good = random() < 0.5;
    if (good) response.on('finish', () => accepted.add(JSON.parse(body).id));
    response.writeHead(good ? 200 : 500).end();
  });
  const known: Known = { accepted: new Map(), attempts: new Map(), clock: 0, advancing: false };
  const port = await freePort();
  const args = ['--db', join(folder, 'state.db'), '--clock', 'frozen'];
  const api = apiOf(`http://127.0.0.1:${port}`);

  for (let round = 0; round < ROUNDS; round += 1) {
    await using child = await startServe(port, ...args);
    if (round === 0) await api.register(receiver.url);
    await check(api, known);
    const work = Promise.all([
      untilKilled(child, () => post(api, known)),
      untilKilled(child, () => advance(api, known)),
      untilKilled(child, () => look(api, known)),
    ]);
    // Every third kill is unconditional; the others wait until an event has been accepted.
    const before = known.accepted.size;
    while (round % 3 > 0 && known.accepted.size === before) await pause(5);
    await pause(20 + random() * 150);
    expect(await child.end('SIGKILL')).toBe('SIGKILL');
    await work;
  }

  await using child = await startServe(port, ...args);
  await check(api, known);
  await api.advance({ until: 'settled' });
  expect(known.accepted.size).toBeGreaterThan(ROUNDS);
  for (const [event, id] of known.accepted) {
    const { status, attempts } = await api.delivery(id);
    expect(attempts.map(({ number }) => number)).toEqual(attempts.map((_, index) => index + 1));
    if (status === 'delivered') expect(accepted.has(event)).toBe(true);
    else {
      expect(status).toBe('dead');
      expect(attempts).toHaveLength(4);
    }
  }
  expect(await child.end('SIGTERM')).toBe(0);
});
