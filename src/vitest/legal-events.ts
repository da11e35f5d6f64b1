/**
 * Events that the contract allows but that a schema based on the guide's examples often rejects.
 *
 * @module
 */
import * as z from 'zod';
import type { EventType } from '../../schemas/contract.ts';
import { EVENT_DATA_SCHEMAS } from '../../schemas/events.ts';
import { EVENT_EXAMPLES } from '../../schemas/examples.ts';

export interface LegalEvent {
  /** Description of the variation: "without data.lead_name". */
  readonly what: string;
  /** Path of the variation, `data.lead_name`; null for the examples. */
  readonly path: string | null;
  readonly event: unknown;
}

/** The subset of JSON Schema used by the contract's events. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly anyOf?: readonly JsonSchema[];
}

type Path = readonly string[];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Copy a value with one member changed; undefined removes the member. */
const withMember = (value: unknown, [key, ...rest]: Path, member: unknown): unknown => {
  if (key === undefined || !isObject(value)) return member;
  const { [key]: old, ...others } = value;
  if (rest.length > 0) return { ...value, [key]: withMember(old, rest, member) };
  return member === undefined ? others : { ...value, [key]: member };
};

const TEXTS: readonly (readonly [string, string])[] = [
  ['an empty text', ''],
  ['a text of 5,000 characters', 'word '.repeat(1000)],
  ['emoji and other scripts', 'Grüße 👋🏽 你好 \u2028'],
];

const isNullable = ({ type, anyOf }: JsonSchema): boolean =>
  type === 'null' ||
  (Array.isArray(type) && type.includes('null')) ||
  (anyOf ?? []).some((one) => isNullable(one));

/** Other legal values of a member, each with a description. */
const valuesFor = (key: string, schema: JsonSchema): (readonly [string, unknown])[] => {
  const values: (readonly [string, unknown])[] = [];
  if (isNullable(schema)) values.push(['null', null]);
  if (schema.enum !== undefined) {
    values.push(...schema.enum.map((one) => [JSON.stringify(one), one] as const));
    values.push(['a new value', 'a_value_of_tomorrow']);
  } else if (key === 'lead_email') {
    values.push(['an address with a tag', "o'hara+news@mail.receiver-test.example"]);
  } else if (schema.pattern !== undefined) {
    const prefix = /^\^([a-z]+_)/.exec(schema.pattern)?.[1];
    if (prefix !== undefined) values.push(['a long id', prefix + 'Ab0-_'.repeat(8)]);
  } else if (schema.type === 'string' && !/_at$|^url$|country/.test(key)) values.push(...TEXTS);
  else if (schema.type === 'number' || schema.type === 'integer') {
    values.push(['its minimum', schema.minimum ?? 0], ['a large number', 2_147_483_648]);
  }
  return values;
};

function* variants(schema: JsonSchema, event: unknown, path: Path): Generator<LegalEvent> {
  const unknown = [...path, 'a_field_of_tomorrow'];
  yield {
    what: `with a new field, ${unknown.join('.')}`,
    path: unknown.join('.'),
    event: withMember(event, unknown, { nested: [1, 'two', null] }),
  };
  for (const [key, member] of Object.entries(schema.properties ?? {})) {
    const at = [...path, key];
    const where = at.join('.');
    if (schema.required?.includes(key) !== true) {
      yield { what: `without ${where}`, path: where, event: withMember(event, at, undefined) };
    }
    for (const [what, value] of valuesFor(key, member)) {
      yield { what: `with ${what} as ${where}`, path: where, event: withMember(event, at, value) };
    }
    if (member.properties !== undefined) yield* variants(member, event, at);
  }
}

/** The examples of a type in the spec, and legal variations of the first one, one at a time. */
export const legalEvents = (type: EventType): readonly LegalEvent[] => {
  const examples: readonly { readonly event: string }[] = EVENT_EXAMPLES[type];
  const data = z.toJSONSchema(EVENT_DATA_SCHEMAS[type], { unrepresentable: 'any' }) as JsonSchema;
  const [first] = examples;
  return [
    ...examples.map((event, index) => ({
      what: `example ${index + 1} of the contract`,
      path: null,
      event,
    })),
    {
      what: 'with a new field, a_field_of_tomorrow',
      path: 'a_field_of_tomorrow',
      event: { ...first, a_field_of_tomorrow: true },
    },
    {
      what: 'with an id of 128 characters',
      path: 'id',
      event: { ...first, id: `evt_${'x'.repeat(124)}` },
    },
    ...variants(data, first, ['data']),
  ];
};
