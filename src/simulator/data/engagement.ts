/**
 * Opens and clicks: counts and first times that fit each other.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';
import { toProviderTime } from '../../domain/time.ts';

const COUNTRIES = ['US', 'US', 'US', 'GB', 'DE', 'FR', 'CA', 'AU', 'NL', 'IN'];
/** Later repeats lie within three days of the first. */
const LONGEST_GAP_S = 3 * 86_400;

interface Engagement {
  /** 1 is the first time. */
  readonly count: number;
  readonly first: string;
  readonly user_agent: string;
  readonly ip_country: string;
}

/** @param given the count, if it is fixed: the first of one is now, that of more lies before */
export const makeEngagement = (faker: Faker, now: number, given?: unknown): Engagement => {
  const drawn = faker.helpers.weightedArrayElement([
    { value: 1, weight: 6 },
    { value: 2, weight: 3 },
    { value: 3, weight: 2 },
    { value: 5, weight: 1 },
  ]);
  const count = typeof given === 'number' && Number.isInteger(given) ? given : drawn;
  const seconds = faker.number.int({ min: 60, max: LONGEST_GAP_S });
  return {
    count,
    first: toProviderTime(count > 1 ? now - seconds * 1000 : now),
    user_agent: faker.internet.userAgent(),
    ip_country: faker.helpers.arrayElement(COUNTRIES),
  };
};
