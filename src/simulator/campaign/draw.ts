/**
 * Chance that needs no memory: a draw is named by what it is drawn for, so that the same seed, campaign, lead and
 * e-mail give the same whatever else happens, before and after a restart.
 *
 * @module
 */
import { seededRandom } from '../../domain/random.ts';

/** Whole numbers that name a draw, the account's seed first. */
export type DrawKey = readonly number[];

/** Mixes whole numbers into 32 bits (the finaliser of MurmurHash3 between them). */
export const hash = (salt: number, key: DrawKey): number => {
  let mixed = Math.imul(salt ^ 0x9e37_79b9, 0x85eb_ca6b);
  for (const number of key) {
    mixed = Math.imul(mixed ^ (number >>> 0), 0x85eb_ca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13) ^ Math.floor(number / 0x1_0000_0000), 0xc2b2_ae35);
    mixed ^= mixed >>> 16;
  }
  return mixed >>> 0;
};

export interface Draws {
  /** In [0, 1). */
  next(): number;
  chance(probability: number): boolean;
  /** A whole number, both ends included. */
  between(from: number, to: number): number;
  pick<T>(of: readonly [T, ...T[]]): T;
  /** One of the names, as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
  /** Whole seconds in milliseconds from a log-normal distribution, at least one second. */
  span(of: { readonly medianS: number; readonly sigma: number; readonly mostS: number }): number;
}

export const drawsFor = (...key: number[]): Draws => {
  const next = seededRandom(hash(0, key));
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    chance: (probability) => next() < probability,
    between,
    pick: (of) => of[between(0, of.length - 1)] ?? of[0],
    weighted: <Name extends string>(weights: Readonly<Record<Name, number>>): Name => {
      const entries = Object.entries(weights) as [Name, number][];
      const sum = entries.reduce((total, [, weight]) => total + weight, 0);
      let left = next() * sum;
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) return name;
      }
      // Rounding may leave a trifle.
      return (entries.findLast(([, weight]) => weight > 0) ?? entries[0])![0];
    },
    span: ({ medianS, sigma, mostS }) => {
      // Box and Muller; 1 - x is never 0.
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      const seconds = Math.round(medianS * Math.exp(sigma * normal));
      return Math.min(Math.max(seconds, 1), mostS) * 1000;
    },
  };
};

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Twelve letters and digits, 62 bits: two keys of an account that share them do not occur in practice. */
export const idText = (...key: number[]): string => {
  let text = '';
  for (let salt = 1; salt <= 3; salt += 1) {
    let bits = hash(salt, key);
    for (let place = 0; place < 4; place += 1) {
      text += LETTERS[bits % 36];
      bits = Math.floor(bits / 36);
    }
  }
  return text;
};
