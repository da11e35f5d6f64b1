/**
 * The whole engine in its own process: publish, sign, send, record. `FILE` is the path of a database, `DATABASE` the URL of
 * one in PostgreSQL; without either, state is in memory.
 *
 * @module
 */
import { systemClock } from '../../src/clock/system.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { AccountEngine } from '../../src/engine/engine.ts';
import type { EventToPublish } from '../../src/engine/event-source.ts';
import { OPTION_REMEDIES } from '../../src/mock-options.ts';
import { createTransport } from '../../src/engine/delivery/transport.ts';
import { openMemoryStore } from '../../src/storage/memory/memory-store.ts';
import { openPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { CONCURRENCY, sample, SECRET } from './sample.ts';
import { answerRounds, measure, type Measured } from './support.ts';

/** Events per `publish`. */
const BATCH = 32;
/** Maximum number of events that are published but not delivered yet. */
const OUTSTANDING = 96;

const { FILE: file, DATABASE: url } = process.env;
const openStore = async (): Promise<Store> => {
  if (url !== undefined) return openPostgresStore({ url });
  return file === undefined ? openMemoryStore() : openSqliteStore({ file });
};
const store = await openStore();
const engine = createEngine({
  store,
  wall: systemClock,
  transport: createTransport({ wall: systemClock, timeoutMs: 10_000, allowPublicTargets: false }),
  attemptTimeoutMs: 10_000,
  concurrency: CONCURRENCY,
  apiKeys: null,
  chaos: [],
  remedies: OPTION_REMEDIES,
  openEventSource: async () => ({
    nextAt: () => null,
    runDue: async () => undefined,
    onChange: () => undefined,
    check: async () => undefined,
    pause: (work) => work(),
    replace: (work) => work(),
  }),
  initial: () => {
    const now = systemClock.now();
    return { seed: 1, clock: { mode: 'realtime', rate: 1, anchorVirtual: now, anchorWall: now } };
  },
});

const publishAll = async (
  account: AccountEngine,
  count: number,
  ready: (published: number) => Promise<void>,
): Promise<void> => {
  for (let published = 0; published < count; published += BATCH) {
    const size = Math.min(BATCH, count - published);
    await ready(published + size);
    await account.publish(Array<EventToPublish>(size).fill(sample));
  }
};

/** Publishes as fast as events are delivered, and resolves once the last one is delivered. */
const stream = async (account: AccountEngine, count: number): Promise<void> => {
  let attempted = 0;
  let wake = (): void => undefined;
  const stop = account.subscribe((event) => {
    if (event.type !== 'delivery.attempted') return;
    attempted += 1;
    wake();
  });
  const reached = async (least: number): Promise<void> => {
    while (attempted < least) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  await publishAll(account, count, (published) => reached(published - OUTSTANDING));
  await reached(count);
  stop();
};

/** All attempts of every event fail; one advance makes all of them. */
const ladder = async (account: AccountEngine, events: number): Promise<void> => {
  await account.setClock({ mode: 'frozen' });
  await publishAll(account, events, () => Promise.resolve());
  await account.advance({ until: 'settled' });
  const { deliveries } = await account.counts();
  if (deliveries.dead !== events) throw new Error(`${deliveries.dead} of ${events} are dead`);
};

interface Round {
  readonly url: string;
  /** Total number of attempts. */
  readonly count: number;
  readonly ladder: boolean;
}

let rounds = 0;
answerRounds(async ({ url, count, ladder: failing }: Round): Promise<Measured> => {
  // One account for each ladder, so that its dead letters are counted separately.
  const account = await engine.open(failing ? `ladder-${(rounds += 1)}` : 'stream');
  if ((await account.webhooks()).length === 0)
    await account.register({ url, events: ['*'], secret: SECRET });
  return measure(count, () => (failing ? ladder(account, count / 4) : stream(account, count)));
});
