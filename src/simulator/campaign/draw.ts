/**
 * Stateless random draws. Each draw is keyed by its purpose, so that the same seed, campaign, lead and e-mail give the
 * same result whatever else happens, before and after a restart.
 *
 * @module
 */
import { seededRandom } from '../../domain/random.ts';

/** Integers that identify a draw, starting with the account's seed. */
export type DrawKey = readonly number[];

/** Hash integers to 32 bits, with MurmurHash3's finaliser. */
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
  /** An integer, both bounds included. */
  between(from: number, to: number): number;
  pick<T>(of: readonly [T, ...T[]]): T;
  /** One of the names, with a probability proportional to its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
  /** A log-normally distributed span of whole seconds, at least one. @returns milliseconds */
  span(of: { readonly medianS: number; readonly sigma: number; readonly maxS: number }): number;
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
      // Reached only through rounding errors.
      return (entries.findLast(([, weight]) => weight > 0) ?? entries[0])![0];
    },
    span: ({ medianS, sigma, maxS }) => {
      // Box–Muller transform; 1 - x is never 0.
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      const seconds = Math.round(medianS * Math.exp(sigma * normal));
      return Math.min(Math.max(seconds, 1), maxS) * 1000;
    },
  };
};

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Twelve letters and digits (62 bits), unique for the keys of an account in practice. */
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
