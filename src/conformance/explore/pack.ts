/**
 * Packs input classes into as few events as possible: every field of an event has a class of its own, so that one
 * accepted event shows a dozen classes to be accepted. A refused one is taken apart afterwards.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import type { Level } from '../check.ts';
import type { Case, Change } from './case.ts';
import { fieldsOf, type Field } from './fields.ts';
import type { InputClass } from './input-class.ts';

export const changeTo = (field: Field, one: InputClass): Change => ({
  field,
  name: one.phrase,
  level: one.level,
  make: one.make,
});

/** The same numbers for the same seed. */
export const shuffle = <T>(items: readonly T[], random: () => number): readonly T[] => {
  const shuffled = [...items];
  for (let at = shuffled.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
  }
  return shuffled;
};

/** Fields whose classes are tried with every type: each handler reads them. The others are tried once in all. */
const IN_EVERY_TYPE: ReadonlySet<string> = new Set(['lead_email', 'timestamp', 'id']);

/** The types that share a field share its classes, each type its part. */
const partOf = (field: Field, type: EventType, classes: readonly InputClass[]) => {
  if (IN_EVERY_TYPE.has(field.name)) return classes;
  const types = EVENT_TYPES.filter((one) => fieldsOf(one).some(({ name }) => name === field.name));
  const place = types.indexOf(type);
  return classes.filter((_, at) => at % types.length === place);
};

/** Classes of one field that share a value; a value with more of them would hide how they act alone. */
const MAX_SHARED = 5;

type Cell = readonly InputClass[];

/** Each value has one class, or several that add to it. */
const cellsOf = (classes: readonly InputClass[], shared: boolean): readonly Cell[] => {
  const adding = shared ? classes.filter(({ adds }) => adds === true) : [];
  const groups = Array.from({ length: Math.ceil(adding.length / MAX_SHARED) }, (_, at) =>
    adding.slice(at * MAX_SHARED, (at + 1) * MAX_SHARED),
  );
  return [...groups, ...classes.filter((one) => !adding.includes(one)).map((one) => [one])];
};

const packsOf = (type: EventType, level: Level, random: () => number, shared: boolean) => {
  const columns = fieldsOf(type)
    .map((field) => {
      const classes = field.classes.filter((one) => one.level === level);
      const part = shuffle(partOf(field, type, classes), random);
      return { field, cells: shuffle(cellsOf(part, shared), random) };
    })
    .filter(({ cells }) => cells.length > 0);
  const rows = Math.max(0, ...columns.map(({ cells }) => cells.length));
  return Array.from({ length: rows }, (_, row): Case => ({
    type,
    // A shorter column comes round again: then its classes meet others.
    changes: columns.flatMap(({ field, cells }) =>
      cells[row % cells.length]!.map((one) => changeTo(field, one)),
    ),
  }));
};

/** Of each type the same share: a run that ends early has seen as much of each. */
const interleave = (lists: readonly (readonly Case[])[]): readonly Case[] =>
  lists
    .flatMap((cases) => cases.map((one, at) => ({ one, share: (at + 1) / cases.length })))
    .toSorted((one, other) => one.share - other.share)
    .map(({ one }) => one);

const casesOf = (level: Level, random: () => number, shared: boolean): readonly Case[] =>
  interleave(EVENT_TYPES.map((type) => packsOf(type, level, random, shared)));

/** Every class of a level, several in one value: the fewest events that have seen each of them. */
export const sharedCases = (level: Level, random: () => number): readonly Case[] =>
  casesOf(level, random, true);

/** Every class of a level in a value of its own. */
export const singleCases = (level: Level, random: () => number): readonly Case[] =>
  casesOf(level, random, false);
