/**
 * One node of a sandbox in PostgreSQL, in its own process, that publishes events to accounts of its own and delivers them.
 * `DATABASE` is the URL of the database. The first message names the node's URL.
 *
 * @module
 */
import { systemClock } from '../../src/clock/system.ts';
import { startSandbox } from '../../src/create-mock.ts';
import type { AccountEngine } from '../../src/engine/engine.ts';
import type { EventToPublish } from '../../src/engine/event-source.ts';
import { sample, SECRET } from './sample.ts';
import { measure, type Measured } from './support.ts';

/** Events per `publish`. */
const BATCH = 16;
/** Maximum number of events of an account that are published but not delivered yet. */
const OUTSTANDING = 32;

const sandbox = await startSandbox({ db: process.env['DATABASE'] ?? '', rateLimit: false });
const { engine, cluster } = sandbox;

/** Opens an account here, and registers a webhook. */
const openHere = async (apiKey: string, url: string): Promise<AccountEngine> => {
  const owner = await cluster!.directory.locate(engine.identify(apiKey));
  if (owner.node !== 'self') throw new Error(`account ${apiKey} is served by another node`);
  const account = await engine.open(apiKey);
  if ((await account.webhooks()).length === 0)
    await account.register({ url, events: ['*'], secret: SECRET });
  return account;
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
  for (let published = 0; published < count; published += BATCH) {
    const size = Math.min(BATCH, count - published);
    await reached(published + size - OUTSTANDING);
    await account.publish(Array<EventToPublish>(size).fill(sample));
  }
  await reached(count);
  stop();
};

/** What the parent asks for. */
export interface ClusterRound {
  readonly receiver: string;
  /** API keys of this node's accounts. */
  readonly keys: readonly string[];
  /** Deliveries per account. */
  readonly count: number;
}

const round = async ({ receiver, keys, count }: ClusterRound): Promise<Measured> => {
  const accounts = await Promise.all(keys.map((key) => openHere(key, receiver)));
  return measure(count * keys.length, async () => {
    await Promise.all(accounts.map((account) => stream(account, count)));
  });
};

process.on('message', (request) => {
  void round(request as ClusterRound).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());
process.send?.({ url: sandbox.url, startedAt: systemClock.now() });
