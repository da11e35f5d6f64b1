/**
 * Generates leads and campaigns with consistent ids, names and addresses.
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
    .replace(/\p{M}/gu, '')
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();

const id = (faker: Faker, prefix: string): string =>
  `${prefix}_${faker.string.alphanumeric({ length: 12, casing: 'lower' })}`;

/** `sarah.chen` becomes `Sarah Chen`. */
export const nameFrom = (email: string): string =>
  (email.split('@')[0] ?? '')
    .split(/[^a-zA-Z]+/)
    .filter((part) => part !== '')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())
    .join(' ');

/** Fixed values; the others are made consistent with them. */
interface Given {
  readonly lead_email?: unknown;
  readonly lead_name?: unknown;
  readonly lead_company?: unknown;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && slug(value) !== '' ? value : undefined;

/** Addresses use `.example`, a reserved domain that cannot receive mail. */
export const makeLead = (faker: Faker, given: Given = {}): Lead => {
  const drawn = `${faker.person.firstName()} ${faker.person.lastName()}`;
  const lead_company = text(given.lead_company) ?? faker.company.name();
  const email = text(given.lead_email);
  const lead_name =
    text(given.lead_name) ?? ((email === undefined ? '' : nameFrom(email)) || drawn);
  return {
    lead_id: id(faker, 'lead'),
    lead_email:
      email ??
      `${lead_name.split(' ').map(slug).filter(Boolean).join('.')}@${slug(lead_company)}.example`,
    lead_name,
    lead_company,
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
