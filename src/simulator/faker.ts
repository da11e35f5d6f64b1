/**
 * Made-up values, the same for the same seed on any machine. Faker is loaded when the first value is made up, and only
 * its English locale: all locales together hold the event loop for 300 ms of processor time, this one for 40.
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
  const { faker: shared } = await import('@faker-js/faker/locale/en');
  // What follows is done in a turn of the event loop of its own: loading has taken this one.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  // The locale's module exports no class, and the one of the main entry comes with all locales.
  const own = new (shared.constructor as typeof Faker)({ locale: shared.rawDefinitions });
  own.seed([seed, opens]);
  return own;
};
