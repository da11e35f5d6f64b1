/**
 * Generates bounces with consistent type, code and message.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';
import type { BounceType } from '../../../schemas/events.ts';

interface Bounce {
  readonly bounce_code: string;
  readonly bounce_message: string;
}

const BOUNCES: Readonly<Record<BounceType, readonly Bounce[]>> = {
  hard: [
    { bounce_code: '550', bounce_message: 'Mailbox not found' },
    { bounce_code: '551', bounce_message: 'User not local' },
    { bounce_code: '553', bounce_message: 'Mailbox name not allowed' },
    {
      bounce_code: '554',
      bounce_message: 'Recipient address rejected: domain does not accept mail',
    },
  ],
  soft: [
    { bounce_code: '421', bounce_message: 'Service not available, try again later' },
    { bounce_code: '450', bounce_message: 'Mailbox busy' },
    { bounce_code: '451', bounce_message: 'Greylisted, try again in a few minutes' },
    { bounce_code: '452', bounce_message: 'Mailbox full' },
  ],
};

const isBounceType = (value: unknown): value is BounceType => value === 'hard' || value === 'soft';

/** RFC 5321: 4xx codes are temporary, 5xx codes permanent. */
const typeOfCode = (code: unknown): BounceType | undefined => {
  const [, first] = /^([45])\d\d$/.exec(String(code)) ?? [];
  if (first === undefined) return undefined;
  return first === '4' ? 'soft' : 'hard';
};

/** @param given fixed type or code; the other fields are made consistent with it */
export const makeBounce = (
  faker: Faker,
  given: { readonly bounce_type?: unknown; readonly bounce_code?: unknown } = {},
): Bounce & { readonly bounce_type: BounceType } => {
  const drawn = faker.datatype.boolean({ probability: 0.7 }) ? 'hard' : 'soft';
  const type = isBounceType(given.bounce_type)
    ? given.bounce_type
    : (typeOfCode(given.bounce_code) ?? drawn);
  const bounce = faker.helpers.arrayElement(BOUNCES[type]);
  const known = BOUNCES[type].find(({ bounce_code }) => bounce_code === given.bounce_code);
  return { bounce_type: type, ...(known ?? bounce) };
};
