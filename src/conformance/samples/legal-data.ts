/**
 * Data that the contract allows, derived from the generated schemas, with one variation at a time.
 *
 * @module
 */
import * as z from 'zod';
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import { EVENT_DATA_SCHEMAS } from '../../../schemas/events.ts';
import { EVENT_EXAMPLES } from '../../../schemas/examples.ts';
import type { Data } from '../probe/event-maker.ts';

export interface Variation {
  readonly type: EventType;
  readonly field: string;
  /** "email.opened without ip_country". */
  readonly name: string;
  /** To be merged over a fresh event's data; undefined takes a member out. */
  readonly data: Data;
}

/** The parts of JSON Schema that the contract's data use. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
}

type DataSchema = Required<Pick<JsonSchema, 'properties' | 'required'>>;

/** Made once for each. */
const known = new Map<EventType, DataSchema>();

const schemaOf = (type: EventType): DataSchema => {
  const before = known.get(type);
  if (before !== undefined) return before;
  const schema = z.toJSONSchema(EVENT_DATA_SCHEMAS[type], { unrepresentable: 'any' }) as JsonSchema;
  const made = { properties: schema.properties ?? {}, required: schema.required ?? [] };
  known.set(type, made);
  return made;
};

const fieldsOf = (type: EventType): readonly (readonly [string, JsonSchema])[] =>
  Object.entries(schemaOf(type).properties);

const isOptional = (type: EventType, field: string): boolean =>
  !schemaOf(type).required.includes(field);

const allowsNull = (type: EventType, field: string): boolean =>
  (EVENT_DATA_SCHEMAS[type].shape as Record<string, z.ZodType>)[field]?.safeParse(null).success ===
  true;

/** Every optional member, as some example of the contract has it. */
export const completeData = (type: EventType): Data => {
  const examples: readonly { readonly data: object }[] = EVENT_EXAMPLES[type];
  const shown = Object.assign({}, ...examples.toReversed().map(({ data }) => data)) as Data;
  const optional = Object.entries(shown).filter(([field]) => isOptional(type, field));
  return Object.fromEntries(optional);
};

/** Optional members: all there, none there, each left out, each null where that is allowed. */
export const optionalVariations = (): readonly Variation[] =>
  EVENT_TYPES.flatMap((type) => {
    const complete = completeData(type);
    const fields = Object.keys(complete);
    if (fields.length === 0) return [];
    const none = Object.fromEntries(fields.map((field) => [field, undefined]));
    const all = fields.join(', ');
    return [
      { type, field: '', name: `${type} with ${all}`, data: complete },
      { type, field: '', name: `${type} without ${all}`, data: none },
      ...fields.map((field) => ({
        type,
        field,
        name: `${type} without ${field}`,
        data: { ...complete, [field]: undefined },
      })),
      ...fields
        .filter((field) => allowsNull(type, field))
        .map((field) => ({
          type,
          field,
          name: `${type} with ${field} null`,
          data: { ...complete, [field]: null },
        })),
    ];
  });

/** More than a small integer of a database holds. */
const LARGE = 100_000;

/** Steps are written by people. */
const greatest = (field: string): number => (field === 'sequence_step' ? 20 : LARGE);

const valuesOf = (field: string, schema: JsonSchema): readonly unknown[] => {
  if (schema.enum !== undefined) return schema.enum;
  if (schema.type === 'boolean') return [true, false];
  if (schema.type === 'number' || schema.type === 'integer') {
    return [schema.minimum ?? 0, greatest(field)];
  }
  if (schema.properties === undefined) return [];
  const members = Object.keys(schema.properties);
  return [0, LARGE].map((value) => Object.fromEntries(members.map((member) => [member, value])));
};

/** Members of closed kinds, with every value or the least and a large one. */
export const valueVariations = (): readonly Variation[] =>
  EVENT_TYPES.flatMap((type) =>
    fieldsOf(type).flatMap(([field, schema]) =>
      valuesOf(field, schema).map((value) => ({
        type,
        field,
        name: `${type} with ${field} ${JSON.stringify(value)}`,
        data: { [field]: value },
      })),
    ),
  );

/** Members that are one of a list today, with a value that is new. */
export const newEnumValues = (value: string): readonly Variation[] =>
  EVENT_TYPES.flatMap((type) =>
    fieldsOf(type)
      .filter(([, schema]) => schema.enum !== undefined)
      .map(([field]) => ({
        type,
        field,
        name: `${type} with ${field} ${JSON.stringify(value)}`,
        data: { [field]: value },
      })),
  );
