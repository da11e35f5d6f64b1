/**
 * Totals of a campaign that add up, at the provider's published rates.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';
import type { CampaignTotals } from '../../../schemas/events.ts';

export const makeTotals = (faker: Faker): CampaignTotals => {
  const share = (of: number, min: number, max: number): number =>
    Math.round(of * faker.number.float({ min, max }));
  const leads = faker.number.int({ min: 80, max: 900 });
  const sent = leads + share(leads, 0.6, 0.9);
  const bounced = share(sent, 0.01, 0.02);
  const opened = share(leads, 0.45, 0.55);
  const replied = share(leads, 0.03, 0.05);
  return {
    leads,
    sent,
    delivered: sent - bounced,
    opened,
    clicked: share(opened, 0.05, 0.12),
    replied,
    bounced,
    unsubscribed: share(replied, 0.05, 0.2),
  };
};
