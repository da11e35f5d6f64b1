/**
 * Time to claim due work with 1,000,000 pending against 1,000 pending, and the memory that a million takes.
 * Runs in a process of its own; sends its figures to the parent.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/storage/sqlite.ts';
import type { NewEvent, Store } from '../../src/storage/store.ts';
import { median } from './support.ts';

const CLAIM = 16;
const ROUNDS = 200;
const clock = { mode: 'frozen', rate: 0, anchorVirtual: 0, anchorWall: 0 } as const;
const data = { lead_email: 'sarah@example.com', reply_preview: 'x'.repeat(420) };

const fill = async (store: Store, account: number, pending: number): Promise<number> => {
  const webhook = await store.createWebhook(
    account,
    {
      id: 'whk_bench',
      url: 'http://127.0.0.1:9/',
      events: ['*'],
      secret: 'whsec_bench',
      status: 'active',
      createdAt: 0,
    },
    100,
  );
  if (webhook === null) throw new Error('the account is full');
  for (let from = 0; from < pending; from += 1000) {
    const events = Array.from({ length: Math.min(1000, pending - from) }, (_, index): NewEvent => {
      const id = `evt_${from + index}`;
      const body = JSON.stringify({
        event: 'email.replied',
        id,
        timestamp: '2026-04-06T14:23:17Z',
        data,
      });
      return {
        event: { id, type: 'email.replied', createdAt: from + index, body },
        deliveries: [{ webhook: webhook.key, dueAt: from + index, taken: false }],
      };
    });
    await store.publish(account, events);
  }
  return webhook.key;
};

/** Median milliseconds to claim 16 deliveries; they are given back at once. */
const claimTime = async (store: Store, webhook: number): Promise<number> => {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    const claims = await store.claimDue(webhook, 1e12, CLAIM);
    times.push(performance.now() - start);
    if (claims.length !== CLAIM) throw new Error(`claimed ${claims.length} of ${CLAIM}`);
    await store.release(claims.map(({ delivery }) => delivery));
  }
  return median(times);
};

const folder = await mkdtemp(join(tmpdir(), 'sendemall-bench-'));
try {
  const small = await openSqliteStore({ file: join(folder, 'small.db') });
  const smallAccount = await small.openAccount('a', { seed: 1, clock });
  const few = await claimTime(small, await fill(small, smallAccount.key, 1000));
  await small.close();

  const large = await openSqliteStore({ file: join(folder, 'large.db') });
  const largeAccount = await large.openAccount('a', { seed: 1, clock });
  const webhook = await fill(large, largeAccount.key, 1_000_000);
  const many = await claimTime(large, webhook);
  globalThis.gc?.();
  const rss = process.memoryUsage().rss / 1_048_576;
  await large.close();
  const figures = { claim_ms_1k: few, claim_ms_1m: many, ratio: many / few, rss_mb: rss };
  if (process.send === undefined) console.log(figures);
  else process.send(figures);
} finally {
  await rm(folder, { recursive: true });
}
