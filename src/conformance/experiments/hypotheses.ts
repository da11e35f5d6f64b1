/**
 * Induction: which property of a field's value decides whether the event is refused. Every value that was tried is an
 * observation; a hypothesis must hold for the refused ones and for none of the accepted ones.
 *
 * @module
 */
import type { Level } from '../check.ts';
import { topLevelOf, withLocal, withTopLevel } from '../explore/classes/addresses.ts';
import { text } from '../explore/input-class.ts';
import type { Field } from '../explore/fields.ts';
import { measuresOf, type Measure } from './measures.ts';

export interface Observation {
  readonly value: unknown;
  readonly isBad: boolean;
  /** Level of the class that the value was made for. */
  readonly level: Level;
}

export interface Hypothesis {
  readonly name: string;
  /** Completes "whose `lead_email` …". */
  readonly phrase: string;
  readonly holds: (value: unknown) => boolean;
  /** Build a value for which it holds; null where only what was seen is known. */
  readonly make: ((plain: unknown) => unknown) | null;
  /** For a threshold: between which accepted and refused number it lies. */
  readonly threshold?: Threshold;
}

export interface Threshold {
  readonly measure: Measure;
  readonly side: 'above' | 'below';
  readonly good: number;
  readonly bad: number;
}

export interface Ranked {
  readonly hypothesis: Hypothesis;
  /** Accepted values for which it holds. */
  readonly exceptions: number;
  /** Refused values for which it does not hold. */
  readonly misses: number;
}

export const atThreshold = (threshold: Threshold): Hypothesis => {
  const { measure, side, good } = threshold;
  const isBeyond = (count: number): boolean => (side === 'above' ? count > good : count < good);
  return {
    name: side === 'above' ? measure.name : `few-${measure.name}`,
    phrase: measure[side](good),
    holds: (value) => {
      const count = measure.of(value);
      return count !== null && isBeyond(count);
    },
    make: null,
    threshold,
  };
};

const unlike = (measure: Measure, only: number): Hypothesis => ({
  name: `other-${measure.name}`,
  phrase: measure.other!(only),
  holds: (value) => measure.of(value) !== only,
  make: null,
});

/** What a measure may have to do with it, for the value that is to be explained. */
const fromMeasure = (
  measure: Measure,
  seen: readonly Observation[],
  target: unknown,
): readonly Hypothesis[] => {
  const of = (isBad: boolean): readonly number[] =>
    seen.filter((one) => one.isBad === isBad).flatMap(({ value }) => measure.of(value) ?? []);
  const here = measure.of(target);
  const good = of(false);
  if (here === null || good.length === 0) return [];
  const [least, most] = [Math.min(...good), Math.max(...good)];
  const bad = of(true);
  if (here > most) {
    const above = atThreshold({ measure, side: 'above', good: most, bad: here });
    const onBothSides = measure.other !== undefined && least === most && bad.some((c) => c < least);
    return onBothSides ? [unlike(measure, most), above] : [above];
  }
  if (here < least) {
    const below = atThreshold({ measure, side: 'below', good: least, bad: here });
    const onBothSides = measure.other !== undefined && least === most && bad.some((c) => c > most);
    return onBothSides ? [unlike(measure, most), below] : [below];
  }
  return [];
};

const CHARACTER_NAMES = (character: string): string => {
  const code = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(character) ? `"${character}"` : code;
};

const MAX_CHARACTERS = 12;

/** Characters that the refused value has, and no accepted one. */
const fromCharacters = (
  { meaning }: Field,
  seen: readonly Observation[],
  target: unknown,
): readonly Hypothesis[] => {
  const isWritten = meaning === 'text' || meaning === 'name' || meaning === 'address';
  if (typeof target !== 'string' || !isWritten) return [];
  const accepted = new Set(
    seen.flatMap(({ value, isBad }) => (isBad || typeof value !== 'string' ? [] : [...value])),
  );
  return [...new Set(target)]
    .filter((character) => !accepted.has(character))
    .slice(0, MAX_CHARACTERS)
    .map((character) => ({
      name: `character-${character.codePointAt(0)!.toString(16)}`,
      phrase: `contains ${CHARACTER_NAMES(character)}`,
      holds: (value: unknown) => typeof value === 'string' && value.includes(character),
      make: (plain: unknown) =>
        meaning === 'address'
          ? withLocal(text(plain), (local) => `${local}${character}`)
          : `${text(plain)}${character}`,
    }));
};

const MIN_ACCEPTED = 3;

/** What code looks for in a text: a punctuation mark, or a whole word. */
const piecesOf = (value: string): readonly string[] => [
  ...new Set([...(value.match(/[^\w\s]| /g) ?? []), ...(value.match(/\w{2,}/g) ?? [])]),
];

/** Marks and words that every accepted text has, and the refused one lacks. */
const fromAbsence = (
  { meaning }: Field,
  seen: readonly Observation[],
  target: unknown,
): readonly Hypothesis[] => {
  const accepted = seen.flatMap(({ value, isBad }) =>
    isBad || typeof value !== 'string' ? [] : [value],
  );
  const isWritten = meaning === 'text' || meaning === 'name' || meaning === 'link';
  if (typeof target !== 'string' || !isWritten || accepted.length < MIN_ACCEPTED) return [];
  const [first = '', ...others] = accepted;
  return piecesOf(first)
    .filter((one) => others.every((value) => value.includes(one)) && !target.includes(one))
    .slice(0, MAX_CHARACTERS)
    .map((piece) => ({
      name: `without-${piece}`,
      phrase: `does not contain ${JSON.stringify(piece)}`,
      holds: (value: unknown) => typeof value === 'string' && !value.includes(piece),
      make: (plain: unknown) => text(plain).replaceAll(piece, ''),
    }));
};

const MAX_TOP_LEVELS = 4;

/** A list of allowed top-level domains, on which the refused one is not. */
const fromTopLevel = (
  { meaning }: Field,
  seen: readonly Observation[],
  target: unknown,
): readonly Hypothesis[] => {
  if (meaning !== 'address') return [];
  const of = (value: unknown): string => topLevelOf(text(value)).toLowerCase();
  const accepted = [...new Set(seen.flatMap(({ value, isBad }) => (isBad ? [] : [of(value)])))];
  if (accepted.length > MAX_TOP_LEVELS || accepted.includes(of(target))) return [];
  const list = accepted.map((one) => `.${one}`).join(', ');
  return [
    {
      name: 'other-top-level-domain',
      phrase: `has another top-level domain than ${list}`,
      holds: (value) => !accepted.includes(of(value)),
      make: (plain) => withTopLevel(text(plain), of(target)),
    },
  ];
};

const MAX_VALUES = 4;

/** Several values of a list: what is refused has nothing else in common. */
const fromValues = ({ meaning }: Field, seen: readonly Observation[]): readonly Hypothesis[] => {
  const isListed = meaning === 'choice' || meaning === 'country' || meaning === 'reply-code';
  const bad = [
    ...new Set(seen.flatMap(({ value, isBad }) => (isBad ? [JSON.stringify(value)] : []))),
  ];
  if (!isListed || bad.length < 2) return [];
  const more = bad.length > MAX_VALUES ? ' and others' : '';
  return [
    {
      name: 'values',
      phrase: `is one of ${bad.slice(0, MAX_VALUES).join(', ')}${more}`,
      holds: (value) => bad.includes(JSON.stringify(value)),
      make: null,
    },
  ];
};

/** What is known of this very value and of no other. */
const exactly = (target: unknown): Hypothesis => {
  const written = JSON.stringify(target) ?? 'absent';
  const shown = written.length > 80 ? `${written.slice(0, 79)}…` : written;
  return {
    name: 'value',
    phrase: target === undefined ? 'is absent' : `is ${shown}`,
    holds: (value) => JSON.stringify(value) === JSON.stringify(target),
    make: () => target,
  };
};

/** One accepted value may be an escape, such as `{{`; two contradict. */
const doubtOf = ({ exceptions, misses }: Ranked): number =>
  (exceptions > 1 ? 1000 * exceptions : 3 * exceptions) + misses;

/**
 * Everything that may decide, the simplest of the most consistent first.
 *
 * @param target the refused value that is to be explained
 */
export const rankHypotheses = (
  field: Field,
  seen: readonly Observation[],
  target: unknown,
  now: number,
): readonly Ranked[] => {
  const classes = field.classes
    .filter((one) => one.holds(target))
    .map(({ name, phrase, holds, make }): Hypothesis => ({ name, phrase, holds, make }));
  const hypotheses = [
    ...classes,
    ...measuresOf(field, now).flatMap((measure) => fromMeasure(measure, seen, target)),
    ...fromCharacters(field, seen, target),
    ...fromAbsence(field, seen, target),
    ...fromTopLevel(field, seen, target),
    ...fromValues(field, seen),
    exactly(target),
  ];
  return hypotheses
    .map((hypothesis) => ({
      hypothesis,
      exceptions: seen.filter(({ value, isBad }) => !isBad && hypothesis.holds(value)).length,
      misses: seen.filter(({ value, isBad }) => isBad && !hypothesis.holds(value)).length,
    }))
    .toSorted((one, other) => doubtOf(one) - doubtOf(other));
};
