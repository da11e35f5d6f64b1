/**
 * Time to claim due deliveries with 1,000,000 pending against 1,000 pending, and the memory with a million pending.
 * Runs in its own process and sends its figures to the parent.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { fill } from './fill.ts';
import { median } from './support.ts';

const CLAIM = 16;
/** Measured rounds, after as many rounds to warm up. */
const ROUNDS = 500;
const clock = { mode: 'frozen', rate: 0, anchorVirtual: 0, anchorWall: 0 } as const;

interface Filled {
  readonly store: Store;
  readonly webhook: number;
}

const filled = async (file: string, pending: number): Promise<Filled> => {
  const store = await openSqliteStore({ file });
  const account = await store.openAccount('a', { seed: 1, clock });
  return { store, webhook: await fill(store, account.key, pending) };
};

/** Measures the milliseconds to claim 16 deliveries, and releases them. */
const claimTime = async ({ store, webhook }: Filled): Promise<number> => {
  const start = performance.now();
  const claims = await store.claimDue(webhook, 1e12, CLAIM);
  const time = performance.now() - start;
  if (claims.length !== CLAIM) throw new Error(`claimed ${claims.length} of ${CLAIM}`);
  await store.release(claims.map(({ delivery }) => delivery));
  return time;
};

const folder = await mkdtemp(join(tmpdir(), 'sendemall-bench-'));
try {
  const small = await filled(join(folder, 'small.db'), 1000);
  const large = await filled(join(folder, 'large.db'), 1_000_000);
  // Collect garbage first: it would be collected before memory gets short.
  globalThis.gc?.();
  const rss = process.memoryUsage().rss / 1_048_576;
  const times: { few: number; many: number }[] = [];
  // Alternate, so that both are measured with the same compiled code; the first half compiles it.
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    times.push({ few: await claimTime(small), many: await claimTime(large) });
  }
  const measured = times.slice(ROUNDS);
  const few = median(measured.map((time) => time.few));
  const many = median(measured.map((time) => time.many));
  await small.store.close();
  await large.store.close();
  const figures = { claim_ms_1k: few, claim_ms_1m: many, ratio: many / few, rss_mb: rss };
  if (process.send === undefined) console.log(figures);
  else process.send(figures);
} finally {
  await rm(folder, { recursive: true });
}
