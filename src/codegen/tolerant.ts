/**
 * The tolerant form of what the provider sends: the shape is checked, and what may come one day is let through.
 *
 * A receiver that parses with the strict form refuses an event as soon as the provider adds a value to a list, a
 * member or a type of event, and the event ends as a dead letter. The tolerant form requires the same members with
 * the same JSON types. It lets pass:
 *
 * - members that are not described, also where the strict form is closed;
 * - texts that a list does not have;
 * - values beyond a pattern, a format, a length or a bound: most of these are assumed;
 * - types of events that are not described, as the branch `UnknownEvent`.
 *
 * @module
 */
import { type Documents, type Found, type Members, follow, isMembers } from './documents.ts';
import { objectShape } from './object-shape.ts';
import { type NamedSchema, type Registry, references } from './registry.ts';
import { inside, showPlace } from './spec-problem.ts';
import { tagOf, tagsOf } from './tagged-union.ts';

/** Keywords that restrict values without saying what JSON type they are. */
const BOUNDS: ReadonlySet<string> = new Set([
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
]);

/** The schemas of the tolerant form, in dependency order. */
export interface TolerantForm {
  /** Includes one for each union's unknown members, such as `UnknownEvent`. */
  readonly schemas: readonly NamedSchema[];
  /** The schema of a union's members that are not known; null for what is no such union. */
  unknownOf(union: NamedSchema): NamedSchema | null;
}

/** A schema without what restricts its values, and with its lists open. */
export function relax({ value, place }: Found): Found {
  if (!isMembers(value)) return { value, place };
  const kept = Object.entries(value).filter(
    ([keyword, member]) =>
      !BOUNDS.has(keyword) &&
      !(keyword === 'additionalProperties' && member === false) &&
      !(keyword === 'not' && value['type'] === 'array'),
  );
  const { enum: listed, type: _type, ...rest }: Record<string, unknown> = Object.fromEntries(kept);
  if (!isOpenable(listed)) return { value: Object.fromEntries(kept), place };
  const anyOf = [{ type: 'string', enum: listed }, { type: 'string' }];
  return { value: { ...rest, anyOf }, place };
}

/** A list of one is a fixed value, which nothing else can stand for. */
const isOpenable = (listed: unknown): listed is readonly string[] =>
  Array.isArray(listed) && listed.length > 1 && listed.every((one) => typeof one === 'string');

/** The texts of an open list; null for another schema. */
export function openList({ anyOf }: Members): readonly string[] | null {
  const [known, any, ...more] = Array.isArray(anyOf) ? anyOf : [];
  if (!isMembers(known) || !isMembers(any) || more.length > 0) return null;
  const isAny = any['type'] === 'string' && Object.keys(any).length === 1;
  return isAny && isOpenable(known['enum']) ? known['enum'] : null;
}

/** The texts that a schema excludes; null for another schema. */
export function excluded({ not }: Members): readonly string[] | null {
  return isMembers(not) && Array.isArray(not['enum']) ? not['enum'] : null;
}

/** What of a registry has a tolerant form: the events, and what the provider's API answers. */
export function tolerantForm(
  documents: Documents,
  registry: Registry,
  roots: Found[],
): TolerantForm {
  const reached = reach(documents, registry, roots);
  const unknown = new Map<NamedSchema, NamedSchema>();
  const schemas = registry.schemas.flatMap((schema) => {
    if (!reached.has(schema)) return [];
    const other = unknownMember(documents, schema);
    if (other === null) return [schema];
    unknown.set(schema, other);
    return [other, schema];
  });
  return { schemas, unknownOf: (union) => unknown.get(union) ?? null };
}

/** The named schemas that these places refer to, directly or through others. */
function reach(
  documents: Documents,
  registry: Registry,
  roots: readonly Found[],
): Set<NamedSchema> {
  const seen = new Set<string>();
  const found = new Set<NamedSchema>();
  const todo = [...roots];
  for (let from = todo.pop(); from !== undefined; from = todo.pop()) {
    for (const ref of references(from)) {
      const target = follow(documents, ref);
      const place = showPlace(target.place);
      if (seen.has(place)) continue;
      seen.add(place);
      todo.push(target);
      const schema = registry.schemas.find((one) => showPlace(one.found.place) === place);
      if (schema !== undefined) found.add(schema);
    }
  }
  return found;
}

/** What the members of a union have in common, with a tag that none of them has. */
function unknownMember(documents: Documents, union: NamedSchema): NamedSchema | null {
  const { value, place } = union.found;
  if (!isMembers(value) || !Array.isArray(value['oneOf'])) return null;
  const options = value['oneOf'].map((option: unknown, at): Found => ({
    value: option,
    place: inside(place, 'oneOf', at),
  }));
  const tag = tagOf(documents, options, undefined, place);
  if (tag === null) return null;
  const known = options.flatMap((option) => tagsOf(documents, option).get(tag) ?? []);
  const shapes = options.map((option) => objectShape(documents, follow(documents, option)));
  const [first, ...others] = shapes;
  const common = [...(first?.required ?? [])].filter((name) =>
    others.every((shape) => shape.required.has(name)),
  );
  const properties = common.map((name): [string, unknown] => {
    if (name === tag) return [name, { type: 'string', not: { enum: known } }];
    const targets = shapes.map((shape) => follow(documents, shape.properties.get(name) as Found));
    const places = new Set(targets.map((target) => showPlace(target.place)));
    const [target] = targets;
    return [name, places.size === 1 && target ? { $ref: refTo(target) } : { type: 'object' }];
  });
  const name = `Unknown${union.name.replace(/^Webhook/, '')}`;
  const schema = {
    description: `A ${words(union.name)} of a type that is not described, such as one that is new.`,
    type: 'object',
    required: common,
    properties: Object.fromEntries(properties),
  };
  return { ...union, name, found: { value: schema, place: { file: name, pointer: '' } } };
}

const refTo = ({ place }: Found): string => `${place.file}#${place.pointer}`;

const words = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
