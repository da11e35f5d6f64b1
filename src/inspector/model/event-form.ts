/**
 * Forms of events, made from the contract's schema: fields with their kind, values and examples, and what is wrong with
 * a value as it is typed.
 *
 * @module
 */
import schema from '../../../schemas/json/strict/webhook-event.schema.json' with { type: 'json' };

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
}

export interface Field {
  /** Path within the data, e.g. `totals.sent`. */
  readonly path: string;
  readonly kind: 'text' | 'integer' | 'boolean' | 'choice';
  readonly choices: readonly string[];
  readonly isRequired: boolean;
  readonly help: string;
  readonly example: string;
  readonly schema: Schema;
}

const DEFINITIONS = schema.$defs as unknown as Readonly<Record<string, Schema>>;

const resolve = (one: Schema): Schema =>
  one.$ref === undefined
    ? one
    : {
        ...resolve(DEFINITIONS[one.$ref.replace('#/$defs/', '')] ?? {}),
        ...(one.description === undefined ? {} : { description: one.description }),
      };

const dataOf = (event: string): Schema => {
  for (const one of schema.oneOf as readonly Schema[]) {
    const { properties = {} } = resolve(one);
    const { enum: names, const: name } = (properties['event'] ?? {}) as Schema & { const?: string };
    if (name === event || names?.includes(event)) return resolve(properties['data'] ?? {});
  }
  return {};
};

const kindOf = ({ type, enum: choices }: Schema): Field['kind'] => {
  if (choices !== undefined) return 'choice';
  return type === 'integer' || type === 'number'
    ? 'integer'
    : type === 'boolean'
      ? 'boolean'
      : 'text';
};

const fieldsIn = (parent: Schema, prefix: string): readonly Field[] =>
  Object.entries(parent.properties ?? {}).flatMap(([name, value]): readonly Field[] => {
    const one = resolve(value);
    const path = `${prefix}${name}`;
    if (one.properties !== undefined) return fieldsIn(one, `${path}.`);
    const kind = kindOf(one);
    return [
      {
        path,
        kind,
        choices: kind === 'boolean' ? ['true', 'false'] : (one.enum ?? []).map(String),
        isRequired: parent.required?.includes(name) ?? false,
        help: one.description ?? '',
        example: String(one.examples?.[0] ?? ''),
        schema: one,
      },
    ];
  });

/** Fields of the data of an event type. */
export const fieldsOf = (event: string): readonly Field[] => fieldsIn(dataOf(event), '');

/** What is wrong with a value; null for nothing. */
export const problemWith = (
  { path, schema: one, kind, choices }: Field,
  value: unknown,
): string | null => {
  if (value === undefined) return null;
  const got = JSON.stringify(value);
  if (kind === 'integer') {
    if (typeof value !== 'number' || !Number.isInteger(value))
      return `${path} is ${got}. Pass a whole number.`;
    if (one.minimum !== undefined && value < one.minimum)
      return `${path} is ${got}. Pass ${one.minimum} or more.`;
    return null;
  }
  if (kind === 'boolean')
    return typeof value === 'boolean' ? null : `${path} is ${got}. Pass true or false.`;
  if (typeof value !== 'string') return `${path} is ${got}. Pass a text.`;
  if (kind === 'choice')
    return choices.includes(value) ? null : `${path} is ${got}. Pass one of ${choices.join(', ')}.`;
  if (one.pattern !== undefined && !new RegExp(one.pattern, 'u').test(value)) {
    return `${path} is ${got}. Pass one like ${JSON.stringify(one.examples?.[0] ?? one.pattern)}.`;
  }
  if (one.format === 'email' && !/^[^\s@]+@[^\s@]+$/.test(value))
    return `${path} is ${got}. Pass an e-mail address.`;
  return null;
};

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path; undefined if it is missing. */
export const valueAt = (data: Json, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), data);

/** A copy with another value at a path; undefined removes it. */
export const withValue = (data: Json, path: string, value: unknown): Json => {
  const [name = '', ...rest] = path.split('.');
  if (rest.length > 0) {
    const inner = data[name];
    const changed = withValue(isObject(inner) ? inner : {}, rest.join('.'), value);
    return Object.keys(changed).length === 0
      ? withValue(data, name, undefined)
      : { ...data, [name]: changed };
  }
  const { [name]: _before, ...others } = data;
  return value === undefined ? others : { ...data, [name]: value };
};

/** What the text of an input stands for; text that is no number stays text, and is a problem. */
export const parseInput = ({ kind }: Field, text: string): unknown => {
  if (text === '') return undefined;
  if (kind === 'boolean') return text === 'true';
  return kind === 'integer' && text.trim() !== '' && !Number.isNaN(Number(text))
    ? Number(text)
    : text;
};

export interface ParsedData {
  /** Null if the text is not a JSON object. */
  readonly data: Json | null;
  readonly problems: readonly string[];
}

/** Check overrides, written as JSON, against the schema of an event type. */
export const checkData = (event: string, text: string): ParsedData => {
  if (text.trim() === '') return { data: {}, problems: [] };
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return {
      data: null,
      problems: [`Invalid JSON: ${error instanceof Error ? error.message : ''}`],
    };
  }
  if (!isObject(data)) return { data: null, problems: ['Pass a JSON object: {"field": "value"}.'] };
  const object = data;
  const problems = fieldsOf(event).flatMap(
    (field) => problemWith(field, valueAt(object, field.path)) ?? [],
  );
  return { data, problems };
};
