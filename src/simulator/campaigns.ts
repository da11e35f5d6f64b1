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
import pLimit from 'p-limit';
import type { Account } from '../domain/account.ts';
import type { Millis } from '../domain/delivery.ts';
import type { EventPublisher, EventSource, EventToPublish } from '../engine/event-source.ts';
import type { Remember, Store } from '../storage/store.ts';
import { drawBatch } from './campaign/batch.ts';
import { campaignOf, execute, type Command, type CommandResult } from './campaign/commands.ts';
import type { SimulatedEvent } from './campaign/event.ts';
import {
  createCampaignMemory,
  loadCampaigns,
  noCampaigns,
  usable,
  type Loaded,
} from './campaign/memory.ts';
import { checkReplay } from './campaign/replay.ts';
import type { CampaignState } from './campaign/state.ts';
import { toEvent } from './campaign/words.ts';
import { loadZones, type Zones } from './campaign/zone.ts';
import { createFaker } from './faker.ts';

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

/** @param initial the campaigns as the store has them */
const createCampaigns = (
  account: Account,
  store: Store,
  zones: () => Promise<Zones>,
  initial: Loaded,
): Campaigns => {
  const serial = pLimit(1);
  let faker: Faker | null = null;
  let onChange = (): void => undefined;
  let publisher: EventPublisher | null = null;
  const memory = createCampaignMemory(account, store, zones, initial);

  const executeNow = async (
    command: Command,
    now: () => Millis,
    remember?: Remember<CommandResult>,
  ): Promise<CommandResult> => {
    const loaded = usable(await memory.current());
    if (publisher !== null) await memory.save(loaded, publisher);
    const { seed, simulation } = usable(loaded);
    const context = { seed, zones: await zones(), simulation };
    const at = now();
    const emitted = simulation.emitted();
    const result = execute(context, command, at);
    const row = { at, emitted, body: JSON.stringify(command) };
    try {
      await store.appendCommand(account.key, row, remember && (() => remember(result)));
    } catch (error) {
      await memory.markStale(at, error);
      throw error;
    }
    onChange();
    return result;
  };

  const runDue = async (now: Millis, via: EventPublisher): Promise<void> => {
    publisher = via;
    const loaded = await memory.current();
    const { seed, simulation } = loaded;
    const words = (faker ??= await createFaker({ seed, opens: 0 }));
    const toPublish = (event: SimulatedEvent): EventToPublish => toEvent(words, seed, event);
    while (loaded.broken === null) {
      try {
        loaded.unsaved ??= drawBatch(simulation, now, via.isSubscribed, toPublish);
      } catch (error) {
        memory.breakOff(loaded, error);
        return;
      }
      if (loaded.unsaved === null) return;
      await memory.save(loaded, via);
    }
  };

  return {
    execute: (command, now, remember) => serial(() => executeNow(command, now, remember)),
    find: (id) => campaignOf(memory.readable(), id),
    list: () => [...memory.readable().simulation.campaigns.values()],
    nextAt: memory.nextAt,
    runDue: (now, via) => serial(() => runDue(now, via)),
    onChange: (listener) => {
      onChange = listener;
    },
    check: (dump) => checkReplay(dump, account.seed, zones),
    pause: (work) => serial(work),
    replace: (work) =>
      serial(async () => {
        await work();
        await memory.markStale(0, new Error('the campaigns were replaced but not reloaded'));
      }),
  };
};

/** The campaigns of an account without commands, created on first use: most accounts have none, and they take 4 kB. */
const createOnFirstUse = (create: () => Campaigns): Campaigns => {
  let campaigns: Campaigns | null = null;
  let onChange = (): void => undefined;
  const get = (): Campaigns => {
    if (campaigns !== null) return campaigns;
    campaigns = create();
    campaigns.onChange(() => onChange());
    return campaigns;
  };
  return {
    execute: (...command) => get().execute(...command),
    find: (id) => get().find(id),
    list: () => get().list(),
    nextAt: () => campaigns?.nextAt() ?? null,
    runDue: (now, via) => get().runDue(now, via),
    onChange: (listener) => {
      onChange = listener;
    },
    check: (dump) => get().check(dump),
    pause: (work) => get().pause(work),
    replace: (work) => get().replace(work),
  };
};

/** @throws if the store fails */
export const openCampaigns = async (account: Account, store: Store): Promise<Campaigns> => {
  let loadedZones: Zones | null = null;
  const zones = async (): Promise<Zones> => (loadedZones ??= await loadZones());
  const loaded = await loadCampaigns(account, store, zones);
  const create = (initial: Loaded): Campaigns => createCampaigns(account, store, zones, initial);
  return loaded === null
    ? createOnFirstUse(() => create(noCampaigns(account.seed)))
    : create(loaded);
};
