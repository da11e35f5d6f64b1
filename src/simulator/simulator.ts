/**
 * The simulator of one account: its campaigns, and the generator of the data of triggered events.
 *
 * @module
 */
import type { TriggerRequest } from '../../schemas/sandbox.ts';
import type { Account } from '../domain/account.ts';
import type { Store } from '../storage/store.ts';
import { openCampaigns, type Campaigns } from './campaigns.ts';
import { createGenerator, type Generator } from './generator.ts';
import { completeEvents, type PreparedEvents } from './trigger.ts';

export interface Simulator extends Campaigns {
  /**
   * Complete a trigger request at the virtual time `now`. Each account draws from its own stream, so that other accounts
   * do not change what its seed generates.
   *
   * @throws {Problem} `VALIDATION_FAILED` if the given data does not fit the event
   */
  completeTrigger(request: TriggerRequest, now: number): Promise<PreparedEvents>;
}

/** @throws if the store fails */
export const openSimulator = async (account: Account, store: Store): Promise<Simulator> => {
  const campaigns = await openCampaigns(account, store);
  /** Created on first use, because loading Faker takes time, and each takes 20 kB. */
  let generator: Promise<Generator> | null = null;

  const generatorOf = (): Promise<Generator> => {
    const pending = (generator ??= createGenerator(account));
    // Forget a failed load, so that the next request tries again.
    pending.catch(() => {
      generator = null;
    });
    return pending;
  };

  return {
    ...campaigns,
    completeTrigger: (request, now) => completeEvents(generatorOf, request, now),
  };
};
