/**
 * The campaigns of one account: commands go in one after the other, events come out on the account's clock.
 *
 * Kept are the list of commands and how many events have come out; everything else is replayed from these when the
 * account is opened. Three rules keep that possible whatever fails:
 *
 * - No command is kept before the events that came out ahead of it are. A replay passes over those events, so they
 *   would be lost if the process ended in between.
 * - When a write fails, memory is ahead of the store. It is read again before it is used again.
 * - What cannot be replayed stops this account's campaigns, says so to whoever asks for them, and is left as it is. A
 *   reset or a snapshot replaces it. Nothing else of the account, and no other account, is affected.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';
import { getLogger } from '@logtape/logtape';
import type { Account } from '../domain/account.ts';
import type { Millis } from '../domain/delivery.ts';
import { campaignsUnreadable, Problem } from '../domain/problems.ts';
import type { EventToPublish } from '../engine/engine.ts';
import type { EventSource, EventPublisher } from '../engine/event-source.ts';
import type { Remember, Store } from '../storage/store.ts';
import { campaignOf, carryOut, type Bench, type Command, type Done } from './campaign/commands.ts';
import { typeOf, type SimulatedEvent } from './campaign/event.ts';
import { checkReplay, replay } from './campaign/replay.ts';
import { createSimulation, type Simulation } from './campaign/simulation.ts';
import type { CampaignState } from './campaign/state.ts';
import { eventId, inWords } from './campaign/words.ts';
import { loadZones, type Zones } from './campaign/zone.ts';
import { createFaker } from './faker.ts';

/** Published together: more would hold up what else the account does. */
const MAX_BATCH = 256;

const logger = getLogger(['sendemall-mock', 'simulator']);

export interface Campaigns extends EventSource {
  /**
   * Carries a command out, as of now on the account's clock, and keeps it.
   *
   * @param remember keeps the answer to the request with what it did
   * @throws {Problem} when it cannot be carried out; then nothing has changed
   */
  carryOut(command: Command, now: () => Millis, remember?: Remember<Done>): Promise<Done>;
  /** @throws {Problem} `CAMPAIGN_NOT_FOUND`, `CAMPAIGNS_UNREADABLE` */
  find(id: string): CampaignState;
  /**
   * The oldest first.
   *
   * @throws {Problem} `CAMPAIGNS_UNREADABLE`
   */
  list(): readonly CampaignState[];
}

/** Serial queue: one thing at a time, in order of arrival. */
const createTurn = (): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
};

/** Events that came out of the simulation and are not kept yet. */
interface Batch {
  readonly events: EventToPublish[];
  /** Of each event: its number in the account's stream, and which draw its id is. */
  readonly ids: { readonly number: number; draw: number }[];
  readonly emitted: number;
  readonly at: Millis;
}

/** Draws what is due at or before `now`, up to one batch; null when nothing is. */
const drawBatch = (
  simulation: Simulation,
  now: Millis,
  isSubscribed: EventPublisher['isSubscribed'],
  put: (event: SimulatedEvent) => EventToPublish,
): Batch | null => {
  const events: EventToPublish[] = [];
  const ids: Batch['ids'] = [];
  let out = 0;
  for (; out < MAX_BATCH; out += 1) {
    const next = simulation.next(now);
    if (next === null) break;
    if (!isSubscribed(typeOf(next))) continue;
    events.push(put(next));
    ids.push({ number: next.number, draw: 0 });
  }
  return out === 0 ? null : { events, ids, emitted: simulation.emitted(), at: now };
};

/** Gives the event of this id the next one that is drawn for it. */
const drawIdAgain = ({ events, ids }: Batch, duplicateId: string, seed: number): void => {
  const index = events.findIndex(({ id }) => id === duplicateId);
  const event = events[index];
  const id = ids[index];
  if (event === undefined || id === undefined) throw new Error(`no event is ${duplicateId}`);
  id.draw += 1;
  events[index] = { ...event, id: eventId(seed, id.number, event.at ?? 0, id.draw) };
};

/**
 * Publishes a batch. A trigger may have taken the id that a campaign event would have: another one is drawn then. It
 * need not be kept that it was, because the event's row holds the id and a replay passes over the event.
 */
const saveBatch = async (
  batch: Batch,
  { store, key, seed }: { readonly store: Store; readonly key: number; readonly seed: number },
  eventPublisher: EventPublisher,
): Promise<void> => {
  if (batch.events.length === 0) {
    await store.saveEmitted(key, batch.emitted);
    return;
  }
  for (;;) {
    const duplicateId = await eventPublisher.publish(batch.events, batch.emitted);
    if (duplicateId === null) return;
    drawIdAgain(batch, duplicateId, seed);
  }
};

/** What is in memory of the campaigns, and how it stands to what is kept. */
interface Loaded {
  readonly seed: number;
  readonly simulation: Simulation;
  unsaved: Batch | null;
  /** Why it cannot go on; null when it can. */
  broken: string | null;
}

export const openCampaigns = async (account: Account, store: Store): Promise<Campaigns> => {
  const { key } = account;
  const inTurn = createTurn();
  let knownZones: Zones | null = null;
  let faker: Faker | null = null;
  let changed = (): void => undefined;
  let eventPublisher: EventPublisher | null = null;
  /** Set when memory is ahead of the store: since when on the account's clock, and the error that says why. */
  let stale: { readonly at: Millis; readonly error: unknown } | null = null;

  const zones = async (): Promise<Zones> => (knownZones ??= await loadZones());
  const bench = async ({ seed, simulation }: Loaded): Promise<Bench> => {
    return { seed, zones: await zones(), simulation };
  };

  const giveUp = (of: Loaded, error: unknown): void => {
    of.broken = error instanceof Error ? error.message : String(error);
    logger.error(
      'Account {account}: its campaigns cannot go on and stand still; its webhooks, events and deliveries work. Reset the account or load a snapshot. The cause: {error}',
      { account: account.keyHash.slice(0, 12), error },
    );
  };

  const read = async (): Promise<Loaded> => {
    const seed = await store.seed(key);
    const commands = await store.commands(key);
    const emitted = await store.emitted(key);
    const next: Loaded = { seed, simulation: createSimulation(seed), unsaved: null, broken: null };
    if (commands.length === 0) return next;
    try {
      await replay(await bench(next), commands, emitted);
    } catch (error) {
      giveUp(next, error);
    }
    return next;
  };
  let loaded = await read();

  /** What is in memory, read again first when it is ahead of the store. */
  const current = async (): Promise<Loaded> => {
    if (stale === null) return loaded;
    loaded = await read();
    stale = null;
    return loaded;
  };

  const usable = (of: Loaded): Loaded => {
    if (of.broken !== null) throw campaignsUnreadable(of.broken);
    return of;
  };
  const shown = (): Loaded => {
    if (stale !== null) throw stale.error;
    return usable(loaded);
  };

  const saveUnsaved = async (of: Loaded): Promise<void> => {
    if (of.unsaved === null || eventPublisher === null) return;
    try {
      await saveBatch(of.unsaved, { store, key, seed: of.seed }, eventPublisher);
      of.unsaved = null;
    } catch (error) {
      // A conflict heals by no retry; a failure of the store does.
      if (!(error instanceof Problem)) throw error;
      giveUp(of, error);
    }
  };

  return {
    carryOut: (command, now, remember) =>
      inTurn(async () => {
        const mine = usable(await current());
        await saveUnsaved(mine);
        const on = await bench(usable(mine));
        const at = now();
        const emitted = mine.simulation.emitted();
        const done = carryOut(on, command, at);
        try {
          await store.appendCommand(
            key,
            { at, emitted, body: JSON.stringify(command) },
            remember && (() => remember(done)),
          );
        } catch (error) {
          stale = { at, error };
          await current().catch(() => undefined);
          throw error;
        }
        changed();
        return done;
      }),
    find: (id) => campaignOf(shown(), id),
    list: () => [...shown().simulation.campaigns.values()],

    nextAt: () => {
      if (stale !== null) return stale.at;
      if (loaded.broken !== null) return null;
      return loaded.unsaved === null ? loaded.simulation.nextAt() : loaded.unsaved.at;
    },
    runDue: (now, given) =>
      inTurn(async () => {
        eventPublisher = given;
        const mine = await current();
        faker ??= await createFaker({ seed: mine.seed, opens: 0 });
        const words = faker;
        const put = (event: SimulatedEvent): EventToPublish => inWords(words, mine.seed, event);
        while (mine.broken === null) {
          try {
            mine.unsaved ??= drawBatch(mine.simulation, now, given.isSubscribed, put);
          } catch (error) {
            giveUp(mine, error);
            return;
          }
          if (mine.unsaved === null) return;
          await saveUnsaved(mine);
        }
      }),
    onChange: (listener) => {
      changed = listener;
    },
    check: async (dump) => checkReplay(dump, account.seed, zones),
    pause: inTurn,
    replace: (work) =>
      inTurn(async () => {
        await work();
        stale = { at: 0, error: new Error('the campaigns were replaced and not read yet') };
        await current().catch(() => undefined);
      }),
  };
};
