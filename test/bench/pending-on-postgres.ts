/**
 * An account with `PENDING` deliveries in the database `DATABASE`: measures how long the store needs to open it, to claim and
 * to list. Runs in its own process and sends its figures to the parent.
 *
 * @module
 */
import { openPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { fill } from './fill.ts';
import { median } from './support.ts';

const CLAIM = 16;
/** Measured rounds, after as many rounds to warm up. */
const ROUNDS = 200;
const PAGE = 100;
const clock = { mode: 'frozen', rate: 0, anchorVirtual: 0, anchorWall: 0 } as const;

const { DATABASE: url = '', PENDING: pending = '' } = process.env;

/** Measures the milliseconds to claim 16 deliveries, and releases them. */
const claimTime = async (store: Store, webhook: number): Promise<number> => {
  const start = performance.now();
  const claims = await store.claimDue(webhook, 1e12, CLAIM);
  const time = performance.now() - start;
  if (claims.length !== CLAIM) throw new Error(`claimed ${claims.length} of ${CLAIM}`);
  await store.release(claims.map(({ delivery }) => delivery));
  return time;
};

const open = async (store: Store, name: string): Promise<number> =>
  (await store.openAccount(name, { seed: 1, clock })).key;

const filling = await openPostgresStore({ url });
const few = await fill(filling, await open(filling, 'few'), 1000);
const many = await fill(filling, await open(filling, 'many'), Number(pending));
await filling.close();

const startedAt = performance.now();
const store = await openPostgresStore({ url });
const account = await open(store, 'many');
await store.nextDueAt(account);
const openMs = performance.now() - startedAt;

const times: { readonly few: number; readonly many: number }[] = [];
const listMs: number[] = [];
for (let round = 0; round < 2 * ROUNDS; round += 1) {
  times.push({ few: await claimTime(store, few), many: await claimTime(store, many) });
  const listedAt = performance.now();
  await store.listDeliveries(account, {}, { limit: PAGE });
  listMs.push(performance.now() - listedAt);
}
const measured = times.slice(ROUNDS);
await store.close();
process.send?.({
  claimFewMs: median(measured.map((time) => time.few)),
  claimManyMs: median(measured.map((time) => time.many)),
  openMs,
  listMs: listMs.slice(ROUNDS),
});
