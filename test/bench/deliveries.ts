/**
 * Deliveries per second and CPU per delivery through the whole engine, against the bare loop in the same process,
 * same receiver, same bodies, same number in flight. Runs in a process of its own; sends its figures to the parent.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock/system.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { AccountEngine, EventToPublish } from '../../src/engine/engine.ts';
import { createTransport } from '../../src/engine/transport.ts';
import { openSqliteStore } from '../../src/storage/sqlite.ts';
import { bareLoop } from './bare-loop.ts';
import { measure, median, startReceiver, type Measured } from './support.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const ITEMS = Number(process.env['ITEMS'] ?? 20_000);
const CONCURRENCY = 64;
/** Events per `publish`. */
const BATCH = 16;
/** A live source: it waits while so many of its events are not delivered yet. */
const OUTSTANDING = 96;

/** About 600 bytes once in its envelope. */
const sample: EventToPublish = {
  event: 'email.replied',
  data: {
    campaign_id: 'cmp_abc123',
    campaign_name: 'Q2 Series B Outreach',
    lead_id: 'lead_xyz789',
    lead_email: 'sarah@example.com',
    lead_name: 'Sarah Chen',
    lead_company: 'Acme Corp',
    sequence_step: 1,
    reply_sentiment: 'positive',
    reply_preview:
      "Thanks for reaching out. We're actually looking at this right now. Can you do Thursday at 2pm? ".repeat(
        2,
      ),
    thread_id: 'thrd_def456',
  },
};

const batches = (count: number): EventToPublish[][] =>
  Array.from({ length: Math.ceil(count / BATCH) }, (_, index) =>
    Array.from({ length: Math.min(BATCH, count - index * BATCH) }, () => sample),
  );

/** Publishes `count` events as fast as they are delivered, and resolves when the last one has been. */
const stream = async (account: AccountEngine, count: number): Promise<void> => {
  let attempted = 0;
  let wake = (): void => undefined;
  const stop = account.subscribe((happening) => {
    if (happening.type !== 'delivery.attempted') return;
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
  let published = 0;
  for (const batch of batches(count)) {
    await reached(published + batch.length - OUTSTANDING);
    await account.publish(batch);
    published += batch.length;
  }
  await reached(count);
  stop();
};

interface Bench {
  readonly engine: Measured;
  readonly bare: Measured;
}

const withEngine = async (
  file: string | null,
  mode: 'realtime' | 'frozen',
  work: (account: AccountEngine) => Promise<void>,
): Promise<void> => {
  const store = await openSqliteStore({ file });
  const transport = createTransport({
    wall: systemClock,
    timeoutMs: 10_000,
    allowPublicTargets: false,
  });
  const engine = createEngine({
    store,
    wall: systemClock,
    transport,
    attemptTimeoutMs: 10_000,
    concurrency: CONCURRENCY,
    apiKeys: null,
    initial: () => {
      const now = systemClock.now();
      const rate = mode === 'realtime' ? 1 : 0;
      return { seed: 1, clock: { mode, rate, anchorVirtual: now, anchorWall: now } };
    },
  });
  try {
    await work(await engine.open('bench'));
  } finally {
    await engine.stop(10_000);
    await store.close();
  }
};

const rounds = async (work: () => Promise<Bench>): Promise<Record<string, number>> => {
  const results: Bench[] = [];
  await work(); // warm-up
  for (let round = 0; round < ROUNDS; round += 1) results.push(await work());
  return {
    engine_per_s: Math.round(median(results.map(({ engine }) => engine.perSecond))),
    bare_per_s: Math.round(median(results.map(({ bare }) => bare.perSecond))),
    ratio: median(results.map(({ engine, bare }) => engine.perSecond / bare.perSecond)),
    cpu_ratio: median(results.map(({ engine, bare }) => engine.cpuPerItem / bare.cpuPerItem)),
    engine_cpu_us: median(results.map(({ engine }) => engine.cpuPerItem * 1e6)),
    bare_cpu_us: median(results.map(({ bare }) => bare.cpuPerItem * 1e6)),
  };
};

const body = JSON.stringify({
  event: 'email.replied',
  id: 'evt_01J00000000000000000000000',
  timestamp: '2026-04-06T14:23:17Z',
  data: sample.data,
});

const throughput = async (file: string | null): Promise<Record<string, number>> => {
  await using receiver = await startReceiver();
  let figures: Record<string, number> = {};
  await withEngine(file, 'realtime', async (account) => {
    await account.register({
      url: receiver.url,
      events: ['*'],
      secret: 'whsec_your-signing-secret',
    });
    figures = await rounds(async () => {
      const bare = await measure(ITEMS, () =>
        bareLoop(receiver.url, Array<string>(ITEMS).fill(body), CONCURRENCY),
      );
      const engine = await measure(ITEMS, () => stream(account, ITEMS));
      return { engine, bare };
    });
  });
  return figures;
};

/** Every event fails all its attempts; one `advance` walks the whole ladder. */
const ladder = async (events: number): Promise<Record<string, number>> => {
  await using receiver = await startReceiver(500);
  const attempts = events * 4;
  return await rounds(async () => {
    const bodies = Array<string>(attempts).fill(body);
    const bare = await measure(attempts, () => bareLoop(receiver.url, bodies, CONCURRENCY));
    let engine: Measured | undefined;
    await withEngine(null, 'frozen', async (account) => {
      await account.register({
        url: receiver.url,
        events: ['*'],
        secret: 'whsec_your-signing-secret',
      });
      engine = await measure(attempts, async () => {
        for (const batch of batches(events)) await account.publish(batch);
        const advanced = await account.advance({ by: 2_130_000 });
        const { deliveries } = await account.counts();
        if (deliveries.dead !== events) {
          throw new Error(
            `${deliveries.dead} of ${events} are dead after ${advanced.attempts} attempts`,
          );
        }
      });
    });
    return { engine: engine!, bare };
  });
};

const folder = await mkdtemp(join(tmpdir(), 'sendemall-bench-'));
try {
  const what = process.argv[2];
  const figures =
    what === 'ladder'
      ? await ladder(10_000)
      : await throughput(what === 'file' ? join(folder, 'bench.db') : null);
  if (process.send === undefined) console.log(figures);
  else process.send(figures);
} finally {
  await rm(folder, { recursive: true });
}
