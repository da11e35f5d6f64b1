/**
 * The campaigns of one account: executes commands one after the other, and publishes events on the account's clock.
 *
 * Only the list of commands and the number of emitted events are stored. Everything else is replayed from them when the
 * account is opened. States of the campaigns in memory:
 *
 * - *usable*: memory matches the store, except for at most one batch of drawn events that is not stored yet.
 * - *stale*: a write failed, so memory is ahead of the store. It is reloaded before the next use; until then, reads fail
 *   with the error of the write.
 * - *broken*: the stored rows cannot be replayed. The campaigns of this account stop, reads and commands fail with
 *   `CAMPAIGNS_UNREADABLE`, and the rows are left as they are until a reset or snapshot replaces them. The rest of the
 *   account, and other accounts, are not affected.
 *
 * A command is stored only after the events emitted before it. A replay skips those events, so they would be lost if the
 * process ended in between.
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
import {
  campaignOf,
  execute,
  type CommandContext,
  type Command,
  type CommandResult,
} from './campaign/commands.ts';
import { typeOf, type SimulatedEvent } from './campaign/event.ts';
import { checkReplay, replay } from './campaign/replay.ts';
import { createSimulation, type Simulation } from './campaign/simulation.ts';
import type { CampaignState } from './campaign/state.ts';
import { eventId, toEvent } from './campaign/words.ts';
import { loadZones, type Zones } from './campaign/zone.ts';
import { createFaker } from './faker.ts';

/** Events per transaction: larger batches would delay the account's other work. */
const MAX_BATCH = 256;

const logger = getLogger(['sendemall-mock', 'simulator']);

export interface Campaigns extends EventSource {
  /**
   * Execute a command at the current time of the account's clock, and store it.
   *
   * @param remember stores the response for its idempotency key, in the same transaction
   * @throws {Problem} if it cannot be executed; then nothing has changed
   */
  execute(
    command: Command,
    now: () => Millis,
    remember?: Remember<CommandResult>,
  ): Promise<CommandResult>;
  /** @throws {Problem} `CAMPAIGN_NOT_FOUND`, `CAMPAIGNS_UNREADABLE` */
  find(id: string): CampaignState;
  /**
   * All campaigns, oldest first.
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

/** Events drawn from the simulation but not stored yet. */
interface Batch {
  readonly events: EventToPublish[];
  /** For each event: its sequence number, and how often its id was redrawn. */
  readonly ids: { readonly number: number; draw: number }[];
  readonly emitted: number;
  readonly at: Millis;
}

/** Draw the events due at or before `now`, up to one batch; null if nothing is due. */
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

/** Redraw the id of the event with this id. */
const drawIdAgain = ({ events, ids }: Batch, duplicateId: string, seed: number): void => {
  const index = events.findIndex(({ id }) => id === duplicateId);
  const event = events[index];
  const id = ids[index];
  if (event === undefined || id === undefined)
    throw new Error(`no event of the batch has the id ${duplicateId}`);
  id.draw += 1;
  events[index] = { ...event, id: eventId(seed, id.number, event.at ?? 0, id.draw) };
};

/**
 * Publish a batch. If a trigger has used the id of a campaign event, another one is drawn. That need not be stored: the
 * event's row contains the id, and a replay skips the event.
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

/** The campaigns in memory, and their state relative to the store. */
interface Loaded {
  readonly seed: number;
  readonly simulation: Simulation;
  unsaved: Batch | null;
  /** Why they cannot be replayed; null if they can. */
  broken: string | null;
}

export const openCampaigns = async (account: Account, store: Store): Promise<Campaigns> => {
  const { key } = account;
  const inTurn = createTurn();
  let knownZones: Zones | null = null;
  let faker: Faker | null = null;
  let changed = (): void => undefined;
  let eventPublisher: EventPublisher | null = null;
  /** Set if memory is ahead of the store: since when on the account's clock, and the error that caused it. */
  let stale: { readonly at: Millis; readonly error: unknown } | null = null;

  const zones = async (): Promise<Zones> => (knownZones ??= await loadZones());
  const context = async ({ seed, simulation }: Loaded): Promise<CommandContext> => {
    return { seed, zones: await zones(), simulation };
  };

  const giveUp = (of: Loaded, error: unknown): void => {
    of.broken = error instanceof Error ? error.message : String(error);
    logger.error(
      'Account {account}: its campaigns cannot be replayed and are stopped. Its webhooks, events and deliveries are not affected. Reset the account or load a snapshot. Cause: {error}',
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
      await replay(await context(next), commands, emitted);
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
      // A conflict cannot be retried; a store failure can.
      if (!(error instanceof Problem)) throw error;
      giveUp(of, error);
    }
  };

  return {
    execute: (command, now, remember) =>
      inTurn(async () => {
        const mine = usable(await current());
        await saveUnsaved(mine);
        const on = await context(usable(mine));
        const at = now();
        const emitted = mine.simulation.emitted();
        const done = execute(on, command, at);
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
        const put = (event: SimulatedEvent): EventToPublish => toEvent(words, mine.seed, event);
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
        stale = { at: 0, error: new Error('the campaigns were replaced but not reloaded') };
        await current().catch(() => undefined);
      }),
  };
};
