/**
 * The generator of event data of one account.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';
import type { EventType } from '../../schemas/contract.ts';
import { makeCampaign, type Campaign } from './data/lead.ts';
import { createFaker, type Source } from './faker.ts';

export interface Generator {
  readonly faker: Faker;
  /**
   * The campaign of an event at the time `now`. All triggered events of an account belong to one campaign, so that
   * receivers can count by campaign. `campaign.completed` ends it, and the next event starts another.
   */
  campaignOf(event: EventType, now: number): Campaign;
}

/** @returns a generator without shared state: the same source and the same calls give the same values */
export const createGenerator = async (source: Source): Promise<Generator> => {
  const faker = await createFaker(source);
  let running: Campaign | null = null;
  return {
    faker,
    campaignOf: (event, now) => {
      const campaign = running ?? makeCampaign(faker, now);
      running = event === 'campaign.completed' ? null : campaign;
      return campaign;
    },
  };
};
