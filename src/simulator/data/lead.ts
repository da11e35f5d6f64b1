/**
 * Leads and campaigns: ids, names and addresses that belong together.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';

export interface Lead {
  readonly lead_id: string;
  readonly lead_email: string;
  readonly lead_name: string;
  readonly lead_company: string;
}

export interface Campaign {
  readonly campaign_id: string;
  readonly campaign_name: string;
}

const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();

const id = (faker: Faker, prefix: string): string =>
  `${prefix}_${faker.string.alphanumeric({ length: 12, casing: 'lower' })}`;

/** `sarah.chen` becomes `Sarah Chen`. */
const nameFrom = (email: string): string =>
  (email.split('@')[0] ?? '')
    .split(/[^a-zA-Z]+/)
    .filter((part) => part !== '')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
    .join(' ');

/** Addresses are of `.example`, which no one can receive mail under. */
export const makeLead = (faker: Faker, email?: string): Lead => {
  const first = faker.person.firstName();
  const last = faker.person.lastName();
  const company = faker.company.name();
  return {
    lead_id: id(faker, 'lead'),
    lead_email: email ?? `${slug(first)}.${slug(last)}@${slug(company)}.example`,
    lead_name: email === undefined ? `${first} ${last}` : nameFrom(email) || `${first} ${last}`,
    lead_company: company,
  };
};

const AUDIENCES = [
  'Series B founders',
  'SaaS CFOs',
  'logistics leads',
  'agency owners',
  'RevOps teams',
  'clinic managers',
];
const AIMS = ['outreach', 'follow-up', 'reactivation', 'webinar invites', 'product launch'];

export const makeCampaign = (faker: Faker, now: number): Campaign => ({
  campaign_id: id(faker, 'cmp'),
  campaign_name: `Q${Math.floor(new Date(now).getUTCMonth() / 3) + 1} ${faker.helpers.arrayElement(AUDIENCES)}: ${faker.helpers.arrayElement(AIMS)}`,
});

export const makeThreadId = (faker: Faker): string => id(faker, 'thrd');
