/**
 * What an object schema says about its members, `allOf` folded in.
 *
 * @module
 */
import {
  type Documents,
  type Found,
  type Members,
  follow,
  isMembers,
  membersAt,
} from './documents.ts';
import { type Place, SpecProblem, inside } from './spec-problem.ts';
import { checkKeywords, typesOf } from './vocabulary.ts';

/** The members of an object. */
export interface ObjectShape {
  readonly properties: ReadonlyMap<string, Found>;
  readonly required: ReadonlySet<string>;
  /** What fields beyond `properties` must be: anything, nothing, or a schema. */
  readonly additional: 'open' | 'closed' | Found;
  readonly minProperties: number | null;
  readonly maxProperties: number | null;
  /** Sets of fields of which exactly one, or at least one, must be there in full. */
  readonly alternatives: readonly {
    readonly keyword: 'oneOf' | 'anyOf';
    readonly sets: string[][];
  }[];
}

/** Collects an object's members. The schema's own words are checked by who prints it. */
export function objectShape(documents: Documents, { value, place }: Found): ObjectShape {
  const schema = membersAt(value, place);
  const properties = new Map<string, Found>();
  for (const [name, member] of Object.entries(
    listed(schema['properties'], inside(place, 'properties')),
  )) {
    properties.set(name, { value: member, place: inside(place, 'properties', name) });
  }
  const own: ObjectShape = {
    properties,
    required: new Set(texts(schema['required'], inside(place, 'required'))),
    additional: additionalOf(schema, place),
    minProperties: countOf(schema, 'minProperties', place),
    maxProperties: countOf(schema, 'maxProperties', place),
    alternatives: (['oneOf', 'anyOf'] as const).flatMap((keyword) => {
      const sets = fieldSets(schema[keyword], inside(place, keyword));
      return sets ? [{ keyword, sets }] : [];
    }),
  };
  const branches = Array.isArray(schema['allOf']) ? schema['allOf'] : [];
  return branches.reduce<ObjectShape>((shape, branch: unknown, at) => {
    const from = inside(place, 'allOf', at);
    return merge(shape, branchShape(documents, { value: branch, place: from }), from);
  }, own);
}

/** Whether `oneOf` or `anyOf` only tells which fields must be there. */
export function fieldSets(branches: unknown, place: Place): string[][] | null {
  if (!Array.isArray(branches) || branches.length === 0) return null;
  const isSet = (one: unknown): one is Members =>
    isMembers(one) && one['required'] !== undefined && Object.keys(one).length === 1;
  if (!branches.every(isSet)) return null;
  return branches.map((one, at) => texts(one['required'], inside(place, at, 'required')));
}

function branchShape(documents: Documents, start: Found): ObjectShape {
  const found = follow(documents, start);
  const schema = membersAt(found.value, found.place);
  checkKeywords(schema, found.place);
  if (typesOf(schema, found.place).join() === 'object') return objectShape(documents, found);
  throw new SpecProblem(found.place, '"allOf" can only join schemas of type object.');
}

function merge(one: ObjectShape, other: ObjectShape, place: Place): ObjectShape {
  if (one.additional !== 'open' || other.additional !== 'open') {
    throw new SpecProblem(
      place,
      '"allOf" cannot join an object that restricts "additionalProperties": no branch sees the fields of the others. Write the members out.',
    );
  }
  for (const name of other.properties.keys()) {
    if (!one.properties.has(name)) continue;
    throw new SpecProblem(place, `"allOf" says twice what "${name}" is. Say it in one place.`);
  }
  return {
    properties: new Map([...one.properties, ...other.properties]),
    required: new Set([...one.required, ...other.required]),
    additional: 'open',
    minProperties: most(one.minProperties, other.minProperties, Math.max),
    maxProperties: most(one.maxProperties, other.maxProperties, Math.min),
    alternatives: [...one.alternatives, ...other.alternatives],
  };
}

const most = (
  one: number | null,
  other: number | null,
  pick: (...numbers: number[]) => number,
): number | null => (one === null ? other : other === null ? one : pick(one, other));

function additionalOf(schema: Members, place: Place): ObjectShape['additional'] {
  const value = schema['additionalProperties'];
  if (value === undefined || value === true) return 'open';
  if (value === false) return 'closed';
  return { value, place: inside(place, 'additionalProperties') };
}

function listed(value: unknown, place: Place): Members {
  return value === undefined ? {} : membersAt(value, place);
}

function countOf(schema: Members, keyword: string, place: Place): number | null {
  const value = schema[keyword];
  if (value === undefined) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new SpecProblem(inside(place, keyword), 'expected a whole number from 0.');
}

function texts(value: unknown, place: Place): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw new SpecProblem(place, 'expected a list of names.');
}
