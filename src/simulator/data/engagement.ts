/**
 * Generates opens and clicks with consistent counts and first times.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';
import { toProviderTime } from '../../domain/time.ts';

/** User agents of mail clients and of webmail image proxies. */
const USER_AGENTS = [
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
];
const COUNTRIES = ['US', 'US', 'US', 'GB', 'DE', 'FR', 'CA', 'AU', 'NL', 'IN'];
/** Maximum seconds between the first time and now. */
const MAX_GAP_S = 3 * 86_400;

interface Engagement {
  /** 1 for the first time. */
  readonly count: number;
  readonly first: string;
  readonly user_agent: string;
  readonly ip_country: string;
}

/** Fixed values; the others are made consistent with them. */
interface Given {
  readonly count?: unknown;
  readonly first?: unknown;
}

/** With a count of 1, the first time is now; with a higher count, it is earlier. A given earlier time implies a higher count. */
export const makeEngagement = (faker: Faker, now: number, given: Given = {}): Engagement => {
  const drawn = faker.helpers.weightedArrayElement([
    { value: 1, weight: 6 },
    { value: 2, weight: 3 },
    { value: 3, weight: 2 },
    { value: 5, weight: 1 },
  ]);
  const seconds = faker.number.int({ min: 60, max: MAX_GAP_S });
  const before = typeof given.first === 'string' && given.first !== toProviderTime(now);
  const likely = before ? Math.max(drawn, 2) : drawn;
  const count = typeof given.count === 'number' ? given.count : likely;
  return {
    count,
    first: toProviderTime(count > 1 ? now - seconds * 1000 : now),
    user_agent: faker.helpers.arrayElement(USER_AGENTS),
    ip_country: faker.helpers.arrayElement(COUNTRIES),
  };
};
