/**
 * Documents for a JSON Schema, as fast-check arbitraries: valid ones, and what goes wrong with them.
 */
import fc from 'fast-check';

export type Json = unknown;
type Schema = Readonly<Record<string, any>>;

/** Follows a reference: the schema that it names and the resolver for what stands inside it. */
export interface Located {
  readonly schema: Json;
  readonly at: (ref: string) => Located;
}

export const TIMES = [
  '2026-04-06T12:00:00Z',
  '2026-04-06t12:00:00z',
  '2026-04-06 12:00:00Z',
  '2026-04-06T12:00:00.123456789Z',
  '2026-04-06T12:00:00+05:30',
  '2026-04-06T12:00:00+0530',
  '2026-04-06T12:00:00-05',
  '2026-04-06T12:00:00',
  '2026-04-06T24:00:00Z',
  '2026-04-06T12:60:00Z',
  '2026-04-06T12:00:60Z',
  '2016-12-31T23:59:60Z',
  '2016-12-31T23:59:61Z',
  '2017-01-01T00:59:60+01:00',
  '2016-12-31T18:59:60-05:00',
  '2017-01-01T00:29:60+00:30',
  '2017-01-01T05:29:60+05:30',
  '2016-12-31T23:29:60-00:30',
  '2016-12-31T22:59:60-00:30',
  '2024-02-29T00:00:00Z',
  '2023-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2000-02-29T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-13-10T00:00:00Z',
  '2026-04-06T12:00:00+24:00',
  '2026-04-06T12:00:00+23:59',
  '2026-04-06T12:00:00.Z',
  '2026-04-06T12:00Z',
  '2026-04-06',
  ' 2026-04-06T12:00:00Z',
  '2026-04-06T12:00:00Z\n',
  '२०२६-04-06T12:00:00Z',
  '0000-01-01T00:00:00Z',
  '2026-04-06T12:00:00.123Z',
  '2026-04-06T12:00:00.12Z',
];

export const MAILS = [
  'sarah@example.com',
  'SARAH+tag@Example.COM',
  'a@b.c',
  'a@b',
  'a@localhost',
  '.a@b.co',
  'a.@b.co',
  'a..b@c.co',
  '"a b"@c.co',
  'a@-b.co',
  'a@b-.co',
  'a@b..co',
  'a@b.co.',
  'a b@c.co',
  'ü@example.com',
  'a@exämple.com',
  'a@[127.0.0.1]',
  "o'brien@example.ie",
  '{}|~!#$%&*@x.yz',
  'a@b@c.co',
  'a@b.co\n',
  '@b.co',
  'a@',
];

/** Those of the lists above that are right, for documents that are to be valid. */
const SOUND_TIMES = ['2026-04-06T12:00:00Z', '2024-02-29T00:00:00Z', '2026-04-06T12:00:00.123Z'];
const SOUND_MAILS = ['sarah@example.com', 'SARAH+tag@Example.COM', 'a@b.c'];

export const TEXTS = [
  '',
  ' ',
  'a',
  'http://localhost:3000/webhooks/sendemall',
  'https://your-app.com/webhooks/sendemall',
  'https://user:pass@host/',
  'http://host/#fragment',
  'ftp://host/',
  'HTTP://HOST/',
  'http://[::1]:80/x?y=1',
  '550',
  'US',
  'us',
  'evt_reply_001',
  'whk_abc123',
  'whk_',
  '*',
  'email.sent',
  'email.open',
  '5m',
  'PT5M',
  '\u{1F600}',
  '\uD83D',
  '\uDE00\uD83D',
  'e\u0301',
  '\u0000',
  '\u2028',
  'a\nb',
  '__proto__',
];

const NUMBERS = [0, -0, 1, 1.0, 2, -1, 0.5, 1.5, 1e300, -1e300, 5e-324, 100, 101, 200, 255, 256];
const BIG = [
  2 ** 31,
  2 ** 53,
  2 ** 53 + 2,
  Number.MAX_VALUE,
  10_000,
  10_001,
  100_000,
  600_000,
  600_001,
];
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  'extra',
  'Event',
  'data ',
];

const anyText = fc.oneof(
  fc.constantFrom(...TEXTS, ...TIMES, ...MAILS),
  fc.string({ maxLength: 8 }),
);
const anyNumber = fc.oneof(
  fc.constantFrom(...NUMBERS, ...BIG),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const anyScalar = fc.oneof(anyText, anyNumber, fc.boolean(), fc.constant(null));
const anyJson = fc.oneof(
  { weight: 4, arbitrary: anyScalar },
  { weight: 1, arbitrary: fc.array(anyScalar, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom('a', 'event', 'id'), anyScalar, {
      maxKeys: 2,
      noNullPrototype: true,
    }),
  },
);

/** Texts of `length` code points: plain, emoji, lone surrogates. */
const textOfLength = (length: number): fc.Arbitrary<string> =>
  fc
    .constantFrom('x', '\u{1F600}', '\uD83D', '\uDE00', '\u00e9')
    .map((one) => one.repeat(Math.max(0, length)));

/** Documents that a schema mostly accepts. Where only luck would find a valid one, it does not try. */
export function documentsFor({ schema: json, at }: Located): fc.Arbitrary<Json> {
  if (json === true) return anyJson;
  const schema = json as Schema;
  if (schema['$ref'] !== undefined) return documentsFor(at(schema['$ref']));
  const inner = (one: Json): fc.Arbitrary<Json> => documentsFor({ schema: one, at });
  if (schema['const'] !== undefined) return fc.constant(schema['const']);
  if (schema['enum'] !== undefined) return fc.constantFrom(...(schema['enum'] as Json[]));
  const samples = [
    ...(schema['examples'] ?? []),
    ...(schema['example'] === undefined ? [] : [schema['example']]),
  ];
  const made = madeFor(schema, { schema, at }, inner);
  if (samples.length === 0) return made;
  return fc.oneof(made, fc.constantFrom(...samples.map((one) => structuredClone(one))));
}

function madeFor(
  schema: Schema,
  located: Located,
  inner: (one: Json) => fc.Arbitrary<Json>,
): fc.Arbitrary<Json> {
  const choice: Json[] | undefined = schema['oneOf'] ?? schema['anyOf'];
  if (schema['properties'] === undefined && schema['allOf'] === undefined && choice) {
    return fc.oneof(...choice.map(inner));
  }
  if (schema['allOf'] !== undefined || schema['type'] === 'object')
    return objectsFor(schema, located);
  const types: string[] = [schema['type'] ?? []].flat();
  if (types.length === 0) return anyJson;
  return fc.oneof(...types.map((type) => valuesFor(type, schema, located, inner)));
}

function valuesFor(
  type: string,
  schema: Schema,
  located: Located,
  inner: (one: Json) => fc.Arbitrary<Json>,
): fc.Arbitrary<Json> {
  switch (type) {
    case 'string':
      return textsFor(schema);
    case 'integer':
    case 'number':
      return numbersFor(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(inner(schema['items'] ?? true), {
        minLength: schema['minItems'] ?? 0,
        maxLength: Math.min(schema['maxItems'] ?? 4, 10),
      });
    default:
      return objectsFor({ ...schema, type: 'object' }, located);
  }
}

/** Twelve to one in favour of what is likely valid: a document has many fields. */
const mostly = <T>(likely: fc.Arbitrary<T>, wild: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: likely }, { weight: 1, arbitrary: wild });

function textsFor(schema: Schema): fc.Arbitrary<string> {
  const { minLength, maxLength, pattern, format } = schema;
  const near = [minLength, maxLength]
    .filter((length) => length !== undefined)
    .flatMap((length: number) => [length - 1, length, length + 1]);
  const lengths = near.length > 0 ? [fc.constantFrom(...near).chain(textOfLength)] : [];
  const pool = format === 'date-time' ? TIMES : format === 'email' ? MAILS : TEXTS;
  const wild = fc.oneof(fc.constantFrom(...pool), ...lengths);

  const fitting = fittingTexts(schema);
  const made = pattern !== undefined && format === undefined ? [fromPattern(pattern)] : [];
  const likely = [...(fitting.length > 0 ? [fc.constantFrom(...fitting)] : []), ...made];
  if (likely.length === 0) likely.push(textOfLength(minLength ?? 8));
  return mostly(fc.oneof(...likely), wild);
}

/** Texts of the lists above that a schema accepts. */
export function fittingTexts({ minLength, maxLength, pattern, format }: Schema): string[] {
  const regExp = pattern === undefined ? null : new RegExp(pattern, 'u');
  const sound = format === 'date-time' ? SOUND_TIMES : format === 'email' ? SOUND_MAILS : TEXTS;
  return sound.filter(
    (text) =>
      (regExp?.test(text) ?? true) &&
      [...text].length >= (minLength ?? 0) &&
      [...text].length <= (maxLength ?? Infinity),
  );
}

function fromPattern(pattern: string): fc.Arbitrary<string> {
  try {
    return fc.stringMatching(new RegExp(pattern, 'u'), { maxLength: 40 });
  } catch {
    // Look-arounds cannot be generated from: the examples and the pool have to do.
    return fc.constantFrom(...TEXTS);
  }
}

function numbersFor(schema: Schema): fc.Arbitrary<number> {
  const edges = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']
    .map((keyword) => schema[keyword])
    .filter((bound) => bound !== undefined)
    .flatMap((bound: number) => [bound - 1, bound - 0.5, bound, bound + 0.5, bound + 1]);
  const low = schema['minimum'] ?? (schema['exclusiveMinimum'] ?? -1) + 1;
  const likely = [low, low + 1, low + 2].filter((one) => one <= (schema['maximum'] ?? Infinity));
  return mostly(fc.constantFrom(...likely), fc.constantFrom(...NUMBERS, ...edges));
}

function objectsFor(schema: Schema, { at }: Located): fc.Arbitrary<Json> {
  const members = membersOf({ schema, at });
  const shape = Object.fromEntries(
    [...members.properties].map(([name, located]) => [name, documentsFor(located)]),
  );
  const names = Object.keys(shape);
  const choices = [...members.choices];
  const always = names.filter((name) => members.required.has(name));
  const record = fc.record(shape, { requiredKeys: always, noNullPrototype: true });
  const base: fc.Arbitrary<Record<string, Json>> =
    choices.length > 0 ? record.chain((one) => pickOne(one, choices)) : record;
  if (schema['additionalProperties'] === false) return base;
  const extra = fc.dictionary(fc.constantFrom(...NAMES), anyJson, {
    maxKeys: 1,
    noNullPrototype: true,
  });
  return fc
    .tuple(
      base,
      fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: extra }),
    )
    .map(([one, more]) => withOwn({ ...one }, Object.entries(more)));
}

/** Keeps the fields of one alternative only, so that "exactly one of" is met at times. */
function pickOne(
  one: Record<string, Json>,
  sets: readonly (readonly string[])[],
): fc.Arbitrary<Record<string, Json>> {
  return fc.constantFrom(...sets).map((kept) => {
    const others = new Set(sets.flat().filter((name) => !kept.includes(name)));
    return Object.fromEntries(Object.entries(one).filter(([name]) => !others.has(name)));
  });
}

interface MembersOf {
  readonly properties: Map<string, Located>;
  readonly required: Set<string>;
  readonly choices: readonly (readonly string[])[];
}

function membersOf({ schema: json, at }: Located): MembersOf {
  const schema = json as Schema;
  if (schema['$ref'] !== undefined) return membersOf(at(schema['$ref']));
  const properties = new Map<string, Located>();
  const required = new Set<string>(schema['required'] ?? []);
  const choices: string[][] = (schema['oneOf'] ?? [])
    .map((one: Schema) => one['required'] as string[] | undefined)
    .filter((one: string[] | undefined) => one !== undefined);
  for (const branch of schema['allOf'] ?? []) {
    const members = membersOf({ schema: branch, at });
    for (const [name, one] of members.properties) properties.set(name, one);
    for (const name of members.required) required.add(name);
  }
  for (const [name, one] of Object.entries(schema['properties'] ?? {})) {
    properties.set(name, { schema: one, at });
  }
  return { properties, required, choices };
}

/** Sets members as own ones, `__proto__` included, as JSON.parse does. */
function withOwn(
  target: Record<string, Json>,
  entries: readonly [string, Json][],
): Record<string, Json> {
  for (const [name, value] of entries) {
    Object.defineProperty(target, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return target;
}

/** One thing done to a document: what, where and with which value. */
interface Mutation {
  readonly kind:
    | 'drop'
    | 'add'
    | 'rename'
    | 'replace'
    | 'null'
    | 'repeat'
    | 'empty'
    | 'wrap'
    | 'text';
  readonly where: number;
  readonly name: string;
  readonly value: Json;
  readonly text: string;
}

/** A few mutations. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'drop',
      'add',
      'rename',
      'replace',
      'null',
      'repeat',
      'empty',
      'wrap',
      'text',
    ),
    where: fc.nat(1_000),
    name: fc.constantFrom(...NAMES),
    value: anyJson,
    text: fc.oneof(anyText, fc.constantFrom(1, 7, 8, 255, 256, 257).chain(textOfLength)),
  }),
  { minLength: 1, maxLength: 2 },
);

/** A copy of a document with mutations done to it. */
export function mutated(document: Json, done: readonly Mutation[]): Json {
  const holder = { root: structuredClone(document) };
  for (const mutation of done) mutate(holder, mutation);
  return holder.root;
}

function mutate(holder: { root: Json }, { kind, where, name, value, text }: Mutation): void {
  const spots = [...spotsOf(holder)];
  const spot = spots[where % spots.length];
  if (!spot) return;
  const { parent, key } = spot;
  const here: Json = Reflect.get(parent, key);
  const put = (one: Json): void => void withOwn(parent as Record<string, Json>, [[key, one]]);
  if (kind === 'drop' && parent !== holder) drop(parent, key);
  else if (kind === 'add' && typeof here === 'object' && here)
    withOwn(here as any, [[name, value]]);
  else if (kind === 'rename' && parent !== holder && !Array.isArray(parent)) {
    drop(parent, key);
    withOwn(parent as any, [[name, here]]);
  } else if (kind === 'null') put(null);
  else if (kind === 'repeat' && Array.isArray(here)) here.push(structuredClone(here[0] ?? value));
  else if (kind === 'empty') put(Array.isArray(here) ? [] : typeof here === 'string' ? '' : {});
  else if (kind === 'wrap') put([here]);
  else if (kind === 'text') put(text);
  else put(value);
}

function drop(parent: object, key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

function* spotsOf(parent: object): Generator<{ parent: object; key: string }> {
  for (const key of Object.keys(parent)) {
    yield { parent, key };
    const value: Json = Reflect.get(parent, key);
    if (typeof value === 'object' && value !== null) yield* spotsOf(value);
  }
}
