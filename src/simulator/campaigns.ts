/**
 * The campaigns of one account: what is asked of them, one thing after the other, and what comes of them on the
 * account's clock. All that is kept is the list of commands and how many events have come out: the rest is worked out
 * anew from these when the account is opened.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';
import type { Account } from '../domain/account.ts';
import type { Millis } from '../domain/delivery.ts';
import type { EventToPublish } from '../engine/engine.ts';
import type { Feed } from '../engine/feed.ts';
import type { Store, StoredCommand } from '../storage/store.ts';
import { campaignOf, carryOut, type Bench, type Command, type Done } from './campaign/commands.ts';
import { typeOf, type SimulatedEvent } from './campaign/happening.ts';
import { createSimulation } from './campaign/simulation.ts';
import type { CampaignState } from './campaign/state.ts';
import { inWords } from './campaign/words.ts';
import { loadZones, type Zones } from './campaign/zone.ts';
import { createFaker } from './faker.ts';

/** Published together at the most: more would hold up what else the account does. */
const BATCH = 256;

export interface Campaigns extends Feed {
  /**
   * Carries a command out, as of now on the account's clock, and keeps it.
   *
   * @throws {Problem} when it cannot be; then nothing has changed
   */
  carryOut(command: Command, now: () => Millis): Promise<Done>;
  /** @throws {Problem} `CAMPAIGN_NOT_FOUND` */
  find(id: string): CampaignState;
  /** The oldest first. */
  list(): readonly CampaignState[];
}

/** One thing at a time. */
const createTurn = (): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
};

/** Runs a simulation up to the point where so many events have come out. */
const runUntil = ({ simulation }: Bench, emitted: number): void => {
  while (simulation.emitted() < emitted && simulation.next(Infinity) !== null);
};

const replay = (bench: Bench, commands: readonly StoredCommand[], emitted: number): void => {
  for (const { at, emitted: before, body } of commands) {
    runUntil(bench, before);
    carryOut(bench, JSON.parse(body) as Command, at);
  }
  runUntil(bench, emitted);
};

export const openCampaigns = async (account: Account, store: Store): Promise<Campaigns> => {
  const { key, seed } = account;
  const inTurn = createTurn();
  let zones: Zones | null = null;
  let faker: Faker | null = null;
  let simulation = createSimulation(seed);
  let changed = (): void => undefined;
  /** Come out, and not kept yet: the store did not answer. */
  let unsaved: { readonly events: readonly EventToPublish[]; readonly emitted: number } | null =
    null;

  const bench = async (): Promise<Bench> => {
    zones ??= await loadZones();
    return { seed, zones, simulation };
  };

  const load = async (): Promise<void> => {
    simulation = createSimulation(seed);
    unsaved = null;
    const commands = await store.commands(key);
    if (commands.length > 0) replay(await bench(), commands, await store.emitted(key));
  };
  await load();

  return {
    carryOut: (command, now) =>
      inTurn(async () => {
        const at = now();
        const emitted = simulation.emitted();
        const done = carryOut(await bench(), command, at);
        try {
          await store.appendCommand(key, { at, emitted, body: JSON.stringify(command) });
        } catch (error) {
          await load();
          throw error;
        }
        changed();
        return done;
      }),
    find: (id) => campaignOf({ simulation }, id),
    list: () => [...simulation.campaigns.values()],

    nextAt: () => (unsaved === null ? simulation.nextAt() : 0),
    happen: (now, outlet) =>
      inTurn(async () => {
        faker ??= await createFaker({ seed, opens: 0 });
        for (;;) {
          if (unsaved === null) {
            const events: EventToPublish[] = [];
            let next: SimulatedEvent | null = null;
            let out = 0;
            while (out < BATCH && (next = simulation.next(now)) !== null) {
              out += 1;
              if (outlet.hears(typeOf(next))) events.push(inWords(faker, seed, next));
            }
            if (out === 0) return;
            unsaved = { events, emitted: simulation.emitted() };
          }
          const { events, emitted } = unsaved;
          if (events.length > 0) await outlet.publish(events, emitted);
          else await store.saveEmitted(key, emitted);
          unsaved = null;
        }
      }),
    onChange: (listener) => {
      changed = listener;
    },
    reload: () => inTurn(load),
  };
};
