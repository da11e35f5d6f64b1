/**
 * Generates the data of a simulated event. A lead keeps its name, company, mail client and country; a reply's text is drawn
 * per e-mail.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';
import { encodeTime } from 'ulid';
import type { EventToPublish } from '../../engine/event-source.ts';
import { toProviderTime } from '../../domain/time.ts';
import { makeBounce } from '../data/bounce.ts';
import { readerFor } from '../data/reader.ts';
import { nameFrom } from '../data/lead.ts';
import { makeReply } from '../data/reply.ts';
import { drawsFor, hash, idText } from './draw.ts';
import { typeOf, type LeadEvent, type SimulatedEvent } from './event.ts';
import type { LeadState } from './state.ts';
import { totalsOf } from './view.ts';

/** Draw keys of a lead, besides its e-mails, which are numbered from 1. */
const PERSON = -1;
const THREAD = -2;

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * An event id in ULID form: the time, and 80 bits that are unique to this event of this account.
 *
 * @param draw 0 at first; incremented if the account already has the id, because a trigger reused it
 */
export const eventId = (seed: number, number: number, at: number, draw = 0): string => {
  let text = '';
  for (let salt = 1; salt <= 4; salt += 1) {
    let bits = hash(salt + 4 * draw, [seed, number]);
    for (let place = 0; place < 4; place += 1) {
      text += CROCKFORD[bits & 31];
      bits >>>= 5;
    }
  }
  return `evt_${encodeTime(at)}${text}`;
};

interface Person {
  readonly name: string;
  readonly company: string;
}

const personOf = (
  faker: Faker,
  seed: number,
  { campaign, number, given, fate }: LeadState,
): Person => {
  const { first_name, last_name, email } = given;
  // A local part that fixes an outcome is not a name.
  const givenName =
    [first_name, last_name].filter(Boolean).join(' ') || (fate === null ? nameFrom(email) : '');
  if (givenName !== '' && given.company !== undefined)
    return { name: givenName, company: given.company };
  faker.seed([seed, campaign.number, number]);
  const drawn = `${faker.person.firstName()} ${faker.person.lastName()}`;
  return { name: givenName || drawn, company: given.company ?? faker.company.name() };
};

const dataOf = (faker: Faker, seed: number, event: LeadEvent): Record<string, unknown> => {
  const { lead, campaign, step, what, count, firstAt } = event;
  const lead_fields = { campaign_id: campaign.id, lead_id: lead.id, lead_email: lead.given.email };
  const key = [seed, campaign.number, lead.number] as const;
  switch (what.kind) {
    case 'sent':
    case 'delivered':
      return { ...lead_fields, sequence_step: step };
    case 'bounced': {
      faker.seed([...key, step]);
      const { bounce_type, bounce_code, bounce_message } = makeBounce(faker, {
        bounce_type: what.type,
      });
      return { ...lead_fields, bounce_type, bounce_code, bounce_message, sequence_step: step };
    }
    case 'opened':
      return {
        ...lead_fields,
        sequence_step: step,
        open_count: count,
        first_opened_at: toProviderTime(firstAt),
        ...readerFor(drawsFor(...key, PERSON).next(), lead.given.email).opens,
      };
    case 'clicked':
      return {
        ...lead_fields,
        sequence_step: step,
        url: `https://www.${campaign.id.slice(4)}.example/step-${step}`,
        click_count: count,
        first_clicked_at: toProviderTime(firstAt),
        ...readerFor(drawsFor(...key, PERSON).next(), lead.given.email).clicks,
      };
    case 'replied': {
      const { name, company } = personOf(faker, seed, lead);
      faker.seed([...key, step]);
      return {
        campaign_id: campaign.id,
        campaign_name: campaign.settings.name,
        lead_id: lead.id,
        lead_email: lead.given.email,
        lead_name: name,
        lead_company: company,
        sequence_step: step,
        ...makeReply(faker, what.sentiment),
        thread_id: `thrd_${idText(...key, THREAD)}`,
      };
    }
    case 'unsubscribed':
      return { ...lead_fields, sequence_step: step, suppressed_globally: what.globally };
  }
};

/** Build the event to publish. Deterministic: the same event always gets the same id, time and data. */
export const toEvent = (faker: Faker, seed: number, event: SimulatedEvent): EventToPublish => ({
  event: typeOf(event),
  id: eventId(seed, event.number, event.at),
  timestamp: toProviderTime(event.at),
  at: event.at,
  data:
    event.lead === null
      ? {
          campaign_id: event.campaign.id,
          campaign_name: event.campaign.settings.name,
          totals: totalsOf(event.campaign),
        }
      : dataOf(faker, seed, event),
});
