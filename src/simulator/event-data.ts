/**
 * Generates the data of one event, with the given fields merged over it.
 *
 * @module
 */
import type { EventType } from '../../schemas/contract.ts';
import { makeBounce } from './data/bounce.ts';
import { makeEngagement } from './data/engagement.ts';
import { makeLead, makeThreadId } from './data/lead.ts';
import { isSentiment, makeReply } from './data/reply.ts';
import { makeTotals } from './data/totals.ts';
import type { Generator } from './generator.ts';

export type Data = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Generate the fields of an event type, in the order of the provider's guide. */
const make = (generator: Generator, event: EventType, now: number, given: Data): Data => {
  const { faker } = generator;
  const { campaign_id, campaign_name } = generator.campaignOf(event, now);
  const { lead_id, lead_email, lead_name, lead_company } = makeLead(faker, given);
  const sequence_step = faker.number.int({ min: 1, max: 4 });
  const lead = { campaign_id, lead_id, lead_email };
  switch (event) {
    case 'email.sent':
    case 'email.delivered':
      return { ...lead, sequence_step };
    case 'email.opened': {
      const { count, first, ...rest } = makeEngagement(faker, now, {
        count: given['open_count'],
        first: given['first_opened_at'],
      });
      return { ...lead, sequence_step, open_count: count, first_opened_at: first, ...rest };
    }
    case 'email.clicked': {
      const { count, first, ...rest } = makeEngagement(faker, now, {
        count: given['click_count'],
        first: given['first_clicked_at'],
      });
      const url = `https://www.${faker.internet.domainWord()}.example/pricing`;
      return { ...lead, sequence_step, url, click_count: count, first_clicked_at: first, ...rest };
    }
    case 'email.replied': {
      const sentiment = isSentiment(given['reply_sentiment'])
        ? given['reply_sentiment']
        : undefined;
      const reply = makeReply(faker, sentiment);
      return {
        campaign_id,
        campaign_name,
        lead_id,
        lead_email,
        lead_name,
        lead_company,
        sequence_step,
        ...reply,
        thread_id: makeThreadId(faker),
      };
    }
    case 'email.bounced': {
      return { ...lead, ...makeBounce(faker, given), sequence_step };
    }
    case 'email.unsubscribed':
      return {
        ...lead,
        sequence_step,
        suppressed_globally: faker.datatype.boolean({ probability: 0.8 }),
      };
    case 'campaign.completed':
      return {
        campaign_id,
        campaign_name,
        totals: makeTotals(faker, isObject(given['totals']) ? given['totals'] : {}),
      };
  }
};

/** Merge objects field by field and replace other values; null removes a field. */
const merge = (base: Data, over: Data): Data => {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const before = merged.get(key);
    if (value === null) merged.delete(key);
    else merged.set(key, isObject(value) && isObject(before) ? merge(before, value) : value);
  }
  return Object.fromEntries(merged);
};

/**
 * @param now virtual time of the event, in milliseconds
 * @param given overrides; values derived from them are kept consistent
 * @returns data that is not validated yet: the overrides may violate the contract
 */
export const makeEventData = (
  generator: Generator,
  event: EventType,
  now: number,
  given: Data,
): Data => merge(make(generator, event, now, given), given);
