/**
 * The fields of each event type with the classes of their values, derived from the contract's schemas: which fields
 * there are, which are optional, and what their type, limits, list of values or format allow.
 *
 * @module
 */
import * as z from 'zod';
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import { EVENT_DATA_SCHEMAS, EventId, Timestamp } from '../../../schemas/events.ts';
import { ADDRESSES } from './classes/addresses.ts';
import { ABSENT, NEW_MEMBERS, NULL, ORDERS } from './classes/members.ts';
import { NAMES } from './classes/names.ts';
import { LINK_CHARACTERS, LINKS, USER_AGENTS } from './classes/links.ts';
import {
  choiceClasses,
  COUNTRIES,
  countClasses,
  idClasses,
  REPLY_CODES,
} from './classes/scalars.ts';
import { CUT_TEXTS, lengthsUpTo, TEXTS } from './classes/texts.ts';
import { TIMES } from './classes/times.ts';
import type { InputClass } from './input-class.ts';

/** What a value means: two fields of one meaning have the same classes. */
export type Meaning =
  | 'address'
  | 'name'
  | 'text'
  | 'id'
  | 'count'
  | 'time'
  | 'choice'
  | 'country'
  | 'reply-code'
  | 'link'
  | 'member'
  | 'order';

export interface Field {
  /** As in findings: `lead_email`, `totals.sent`, `timestamp`. */
  readonly name: string;
  /** Where it stands in the event; empty for the order of members. */
  readonly path: readonly string[];
  readonly meaning: Meaning;
  readonly classes: readonly InputClass[];
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maxLength?: number;
}

const ANY_ADDRESS = 'sarah@example.com';
const ANY_TIME = '2026-04-06T14:23:17Z';
const ANY_LINK = 'https://example.com/a';
/** Steps are written by people; opens and e-mails are counted by machines. */
const MAX_STEP = 20;
const MAX_COUNT = 100_000;
/** The longest texts are for the reply, which a person writes. */
const MAX_NAME_LENGTH = 300;
const MAX_MESSAGE_LENGTH = 4000;

type Kind = readonly [Meaning, readonly InputClass[]];

const freeText = (name: string): Kind => {
  if (/_(name|company)$/.test(name)) return ['name', [...NAMES, ...lengthsUpTo(MAX_NAME_LENGTH)]];
  const longest = name === 'reply_preview' ? Infinity : MAX_MESSAGE_LENGTH;
  const own = name === 'user_agent' ? USER_AGENTS : name === 'reply_preview' ? CUT_TEXTS : [];
  return ['text', [...own, ...TEXTS, ...lengthsUpTo(longest)]];
};

const kindOfText = (
  name: string,
  schema: JsonSchema,
  accepts: (value: unknown) => boolean,
): Kind => {
  const { pattern = '' } = schema;
  const prefix = /^\^(\w+_)\[/.exec(pattern)?.[1];
  if (prefix !== undefined) return ['id', idClasses(prefix, schema.maxLength ?? null)];
  // Formats are checked in code, so a schema shows them only by what it accepts.
  const takesAnything = accepts('x y');
  if (takesAnything) return freeText(name);
  if (accepts(ANY_ADDRESS)) return ['address', ADDRESSES];
  if (accepts(ANY_TIME)) return ['time', TIMES];
  if (accepts(ANY_LINK)) return ['link', [...LINKS, ...LINK_CHARACTERS]];
  if (accepts('550')) return ['reply-code', REPLY_CODES];
  return ['country', COUNTRIES];
};

const kindOf = (name: string, schema: JsonSchema, accepts: (value: unknown) => boolean): Kind => {
  if (schema.enum !== undefined) return ['choice', choiceClasses(schema.enum)];
  if (schema.type === 'boolean') return ['choice', choiceClasses([true, false])];
  if (schema.type === 'number' || schema.type === 'integer') {
    const greatest = name === 'sequence_step' ? MAX_STEP : MAX_COUNT;
    return ['count', countClasses(Math.max(0, schema.minimum ?? 0), greatest)];
  }
  return kindOfText(name, schema, accepts);
};

const dataFieldsOf = (type: EventType): readonly Field[] => {
  const { shape } = EVENT_DATA_SCHEMAS[type] as { shape: Record<string, z.ZodType> };
  const schema = z.toJSONSchema(EVENT_DATA_SCHEMAS[type], { unrepresentable: 'any' }) as JsonSchema;
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    if (member.properties !== undefined) {
      return Object.entries(member.properties).map(([inner, one]): Field => {
        const [meaning, classes] = kindOf(inner, one, () => false);
        return { name: `${name}.${inner}`, path: ['data', name, inner], meaning, classes };
      });
    }
    const accepts = (value: unknown): boolean => shape[name]?.safeParse(value).success === true;
    const [meaning, classes] = kindOf(name, member, accepts);
    const isOptional = schema.required?.includes(name) !== true;
    return [
      {
        name,
        path: ['data', name],
        meaning,
        classes: isOptional ? [ABSENT, ...classes, NULL] : classes,
      },
    ];
  });
};

const envelopeKind = (name: string, schema: z.ZodType): Kind =>
  kindOf(
    name,
    z.toJSONSchema(schema, { unrepresentable: 'any' }) as JsonSchema,
    (value) => schema.safeParse(value).success,
  );

const envelopeFields = (): readonly Field[] => {
  const [idMeaning, ids] = envelopeKind('id', EventId);
  const [timeMeaning, times] = envelopeKind('timestamp', Timestamp);
  return [
    { name: 'id', path: ['id'], meaning: idMeaning, classes: ids },
    { name: 'timestamp', path: ['timestamp'], meaning: timeMeaning, classes: times },
    { name: 'a new member', path: ['new_member'], meaning: 'member', classes: NEW_MEMBERS },
    {
      name: 'a new member of data',
      path: ['data', 'new_member'],
      meaning: 'member',
      classes: NEW_MEMBERS,
    },
    { name: 'the order of members', path: [], meaning: 'order', classes: ORDERS },
  ];
};

/** Built once for each type. */
const known = new Map<EventType, readonly Field[]>();

/** Every field of a type with all of its classes. */
export const fieldsOf = (type: EventType): readonly Field[] => {
  const before = known.get(type);
  if (before !== undefined) return before;
  const fields = [...dataFieldsOf(type), ...envelopeFields()];
  known.set(type, fields);
  return fields;
};

/** One row of the catalogue of input classes. */
export interface CatalogueRow extends Pick<InputClass, 'name' | 'phrase' | 'level' | 'reason'> {
  readonly type: EventType;
  readonly field: string;
}

/** The whole catalogue: what is generated, at which level, and why. */
export const inputCatalogue = (): readonly CatalogueRow[] =>
  EVENT_TYPES.flatMap((type) =>
    fieldsOf(type).flatMap(({ name: field, classes }) =>
      classes.map(({ name, phrase, level, reason }) => ({
        type,
        field,
        name,
        phrase,
        level,
        reason,
      })),
    ),
  );
