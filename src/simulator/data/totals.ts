/**
 * Generates consistent campaign totals at the provider's published rates.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';
import type { CampaignTotals } from '../../../schemas/events.ts';

type Given = Readonly<Record<string, unknown>>;

/** @param given fixed totals; dependent ones are derived from them */
export const makeTotals = (faker: Faker, given: Given = {}): CampaignTotals => {
  const share = (of: number, min: number, max: number): number =>
    Math.round(of * faker.number.float({ min, max }));
  const fixed = (name: keyof CampaignTotals, made: number): number => {
    const value = given[name];
    return typeof value === 'number' ? value : made;
  };
  const leads = fixed('leads', faker.number.int({ min: 80, max: 900 }));
  const sent = fixed('sent', leads + share(leads, 0.6, 0.9));
  const bounced = fixed('bounced', share(sent, 0.01, 0.02));
  const delivered = fixed('delivered', Math.max(0, sent - bounced));
  const reached = Math.min(leads, delivered);
  const opened = fixed('opened', share(reached, 0.45, 0.55));
  const clicked = fixed('clicked', share(opened, 0.05, 0.12));
  const replied = fixed('replied', share(reached, 0.03, 0.05));
  const unsubscribed = fixed('unsubscribed', share(replied, 0.05, 0.2));
  return { leads, sent, delivered, opened, clicked, replied, bounced, unsubscribed };
};
