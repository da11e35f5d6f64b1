/**
 * Made-up values, the same for the same seed on any machine. Faker takes 130 ms to load, so it is loaded when the
 * first value is made up.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';

/** What a stream of made-up values is drawn from. */
export interface Source {
  readonly seed: number;
  /** How often this source was opened before: each opening draws other values. */
  readonly opens: number;
}

/** @returns an own generator that shares no state with any other */
export const createFaker = async ({ seed, opens }: Source): Promise<Faker> => {
  const { Faker, base, en, generateMersenne53Randomizer } = await import('@faker-js/faker');
  const randomizer = generateMersenne53Randomizer();
  randomizer.seed([seed, opens]);
  return new Faker({ locale: [en, base], randomizer });
};
