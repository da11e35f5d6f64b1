/**
 * The campaigns of one account in memory, and their state relative to the store: usable, stale or broken, see
 * `../campaigns.ts`.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { Account } from '../../domain/account.ts';
import type { Millis } from '../../domain/delivery.ts';
import { campaignsUnreadable, Problem } from '../../domain/problems.ts';
import type { EventPublisher } from '../../engine/event-source.ts';
import type { Store } from '../../storage/store.ts';
import { saveBatch, type Batch } from './batch.ts';
import { replay } from './replay.ts';
import { createSimulation, type Simulation } from './simulation.ts';
import type { Zones } from './zone.ts';

const logger = getLogger(['sendemall-mock', 'simulator']);

/** The campaigns as loaded from the store. */
export interface Loaded {
  readonly seed: number;
  readonly simulation: Simulation;
  /** The batch that is drawn but not stored yet. */
  unsaved: Batch | null;
  /** Why they cannot be replayed; null if they can. */
  broken: string | null;
}

export interface CampaignMemory {
  /** The loaded campaigns, reloaded first if stale. @throws if the store fails */
  current(): Promise<Loaded>;
  /** The loaded campaigns, for reading. @throws the error that made them stale, or `CAMPAIGNS_UNREADABLE` */
  readable(): Loaded;
  /** Time of the next event, or since when events must be stored; null without any. */
  nextAt(): Millis | null;
  /** Memory is ahead of the store since `at`, because of `error`. Reload now if the store works, else before next use. */
  markStale(at: Millis, error: unknown): Promise<void>;
  /** Store the unsaved batch, if any. A conflict breaks the campaigns. @throws if the store fails */
  save(loaded: Loaded, publisher: EventPublisher): Promise<void>;
  /** Mark the campaigns as broken. */
  breakOff(loaded: Loaded, error: unknown): void;
}

/** @throws {Problem} `CAMPAIGNS_UNREADABLE` if they are broken */
export const usable = (loaded: Loaded): Loaded => {
  if (loaded.broken !== null) throw campaignsUnreadable(loaded.broken);
  return loaded;
};

/** Campaigns of an account without commands. */
export const noCampaigns = (seed: number): Loaded => ({
  seed,
  simulation: createSimulation(seed),
  unsaved: null,
  broken: null,
});

const breakOff = (loaded: Loaded, keyHash: string, error: unknown): void => {
  loaded.broken = error instanceof Error ? error.message : String(error);
  logger.error(
    'Account {account}: its campaigns cannot be replayed and are stopped. Its webhooks, events and deliveries are not affected. Reset the account or load a snapshot. Cause: {error}',
    { account: keyHash.slice(0, 12), error },
  );
};

/**
 * Load and replay the campaigns; those that cannot be replayed are broken.
 *
 * @returns null if there are no commands
 * @throws if the store fails
 */
export const loadCampaigns = async (
  { key, keyHash }: Account,
  store: Store,
  zones: () => Promise<Zones>,
): Promise<Loaded | null> => {
  const commands = await store.commands(key);
  if (commands.length === 0) return null;
  const loaded = noCampaigns(await store.seed(key));
  const { seed, simulation } = loaded;
  const emitted = await store.emitted(key);
  try {
    await replay({ seed, zones: await zones(), simulation }, commands, emitted);
  } catch (error) {
    breakOff(loaded, keyHash, error);
  }
  return loaded;
};

/** @param initial the campaigns as the store has them */
export const createCampaignMemory = (
  account: Account,
  store: Store,
  zones: () => Promise<Zones>,
  initial: Loaded,
): CampaignMemory => {
  const { key, keyHash } = account;
  /** Set if memory is ahead of the store: since when on the account's clock, and the error that caused it. */
  let stale: { readonly at: Millis; readonly error: unknown } | null = null;
  let loaded = initial;

  const current = async (): Promise<Loaded> => {
    if (stale === null) return loaded;
    loaded = (await loadCampaigns(account, store, zones)) ?? noCampaigns(await store.seed(key));
    stale = null;
    return loaded;
  };

  return {
    current,
    readable: () => {
      if (stale !== null) throw stale.error;
      return usable(loaded);
    },
    nextAt: () => {
      if (stale !== null) return stale.at;
      if (loaded.broken !== null) return null;
      return loaded.unsaved === null ? loaded.simulation.nextAt() : loaded.unsaved.at;
    },
    markStale: async (at, error) => {
      stale = { at, error };
      // If this fails, too, the next use loads them.
      await current().catch(() => undefined);
    },
    save: async (mine, publisher) => {
      if (mine.unsaved === null) return;
      try {
        await saveBatch(mine.unsaved, { store, key, seed: mine.seed }, publisher);
        mine.unsaved = null;
      } catch (error) {
        // A conflict cannot be retried; a store failure can.
        if (!(error instanceof Problem)) throw error;
        breakOff(mine, keyHash, error);
      }
    },
    breakOff: (mine, error) => breakOff(mine, keyHash, error),
  };
};
