/**
 * Fills a database file with settled deliveries of one account, through the store. `scale-seed.ts FILE DELIVERIES [pending]`.
 *
 * Most deliveries are delivered, one in 100 is a dead letter, and the last few of each 100,000 are acknowledged. None is
 * pending, and no event is an `email.bounced`. One in 100 belongs to a second webhook.
 *
 * @module
 */
import { hash } from 'node:crypto';
import { copyFile, rm } from 'node:fs/promises';
import type { Attempt } from '../../src/domain/delivery.ts';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { AttemptRecord, NewEvent } from '../../src/storage/store.ts';
import { sample } from './sample.ts';

/** Events per call of the store. */
const BATCH = 200;
const START = Date.UTC(2026, 0, 1);
const TYPES = ['email.sent', 'email.opened', 'email.clicked', 'email.replied'] as const;

/** API key of the account. */
export const SCALE_KEY = 'scale';
export const MAIN_WEBHOOK = 'whk_main';
export const RARE_WEBHOOK = 'whk_rare';

const attempt = (at: number, isDead: boolean): Attempt => ({
  number: 1,
  startedAt: at,
  endedAt: at,
  durationMs: 1,
  outcome: isDead ? 'non_2xx' : 'delivered',
  error: isDead ? 'answered 500' : null,
  url: 'http://127.0.0.1:9/',
  signature: '0'.repeat(64),
  response: {
    status: isDead ? 500 : 200,
    headers: [['content-type', 'application/json']],
    body: '{"ok":true}',
    truncated: false,
  },
  nextAttemptAt: null,
  fault: null,
});

const eventAt = (index: number, webhook: number, claimed: boolean): NewEvent => {
  const id = `evt_${String(index).padStart(26, '0')}`;
  const type = TYPES[index % TYPES.length]!;
  const createdAt = START + index;
  const body = JSON.stringify({
    event: type,
    id,
    timestamp: '2026-04-06T14:23:17Z',
    data: sample.data,
  });
  return {
    event: { id, type, createdAt, body },
    deliveries: [{ webhook, dueAt: createdAt, claimed }],
  };
};

/** Writes the file. It must not exist. */
export const seedFile = async (
  file: string,
  deliveries: number,
  { arePending = false } = {},
): Promise<void> => {
  const store = await openSqliteStore({ file });
  const clock = { mode: 'frozen', rate: 0, anchorVirtual: START, anchorWall: START } as const;
  const { key } = await store.openAccount(hash('sha256', SCALE_KEY), { seed: 1, clock });
  const fields = { url: 'http://127.0.0.1:9/', events: ['*'], secret: 'whsec_bench' } as const;
  const create = async (id: string): Promise<number> => {
    const webhook = { ...fields, id, status: 'active', createdAt: START } as const;
    return (await store.createWebhook(key, webhook, 100))!.key;
  };
  const [main, rare] = [await create(MAIN_WEBHOOK), await create(RARE_WEBHOOK)];
  for (let from = 0; from < deliveries; from += BATCH) {
    const events = Array.from({ length: Math.min(BATCH, deliveries - from) }, (_, offset) =>
      eventAt(from + offset, (from + offset) % 100 === 99 ? rare : main, !arePending),
    );
    const published = await store.publish(key, events);
    if (published.duplicateId !== null) throw new Error('an event exists already');
    if (arePending) continue;
    const records = published.deliveries.map((delivery, offset): AttemptRecord => {
      const isDead = (from + offset) % 100 === 50;
      const status = isDead ? 'dead' : 'delivered';
      return { delivery, attempt: attempt(START + from + offset, isDead), status };
    });
    await store.recordAttempts(records);
  }
  for (const index of arePending ? [] : [50, 150, 250]) {
    const event = `evt_${String(index).padStart(26, '0')}`;
    await store.acknowledge(key, main, event, START);
  }
  await store.close();
};

/** Copies a seeded file, without the log that a killed process may have left beside an earlier copy. @returns its path */
export const copySeeded = async (seeded: string): Promise<string> => {
  const copy = `${seeded}.copy`;
  for (const end of ['', '-wal', '-shm']) await rm(copy + end, { force: true });
  await copyFile(seeded, copy);
  return copy;
};

const [file, deliveries, state] = process.argv.slice(2);
if (process.argv[1] === import.meta.filename && file !== undefined) {
  await seedFile(file, Number(deliveries), { arePending: state === 'pending' });
  process.send?.({});
}
