/**
 * What one account draws its made-up values from.
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
   * The campaign that an event at the time `now` belongs to. All events of an account belong to one running campaign,
   * so that receivers who count by campaign have something to count; `campaign.completed` ends it, and the next begins.
   */
  campaignOf(event: EventType, now: number): Campaign;
}

/** @returns a generator that shares no state with any other: the same source and the same calls give the same values */
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
