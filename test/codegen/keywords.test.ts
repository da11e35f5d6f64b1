import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { MAILS, TIMES, documentsFor, mutated, mutations } from './arbitraries.ts';
import { edgeDocuments } from './edge-documents.ts';
import { generate } from '../../src/codegen/generate.ts';
import { load, specWith } from './spec-copy.ts';

// The generator reads all its input again for each test: generous, for a busy machine.
vi.setConfig({ testTimeout: 600_000 });

/** Schemas that use what the specs may come to use, each with documents that zod alone would judge wrongly. */
const CASES: Readonly<
  Record<string, { readonly schema: any; readonly documents: readonly unknown[] }>
> = {
  Integer: {
    schema: { type: 'integer', minimum: 0 },
    documents: [1.0, -0, 1e300, 1.5, '1', null, 2 ** 53 + 2],
  },
  Bounds: {
    schema: { type: 'number', exclusiveMinimum: 0, maximum: 100_000, exclusiveMaximum: 200_000 },
    documents: [0, -0, 5e-324, 100_000, 100_000.5],
  },
  Length: {
    schema: { type: 'string', minLength: 2, maxLength: 3 },
    documents: [
      '\u{1F600}',
      '\u{1F600}'.repeat(3),
      '\u{1F600}'.repeat(4),
      '\uD83D\uD83D',
      '\uDE00\uD83D',
      '\uD83Dx\uDE00y',
    ],
  },
  Pattern: {
    schema: { type: 'string', pattern: 'b.d' },
    documents: ['abcd', 'b\u{1F600}d', 'b\nd', 'B D'],
  },
  Unicode: {
    schema: { type: 'string', pattern: '^\\p{Lu}[/"\'`]$' },
    documents: ['É/', 'É"', 'é/', "A'", 'A`'],
  },
  Time: {
    schema: { type: 'string', format: 'date-time' },
    documents: TIMES,
  },
  Mail: { schema: { type: 'string', format: 'email' }, documents: MAILS },
  Open: {
    schema: { type: 'object', required: ['a', 'b'], properties: { a: true } },
    documents: [
      {},
      { a: 1 },
      { a: null, b: null },
      [],
      null,
      'a',
      JSON.parse('{"a":1,"b":2,"__proto__":3}'),
    ],
  },
  Closed: {
    schema: { type: 'object', additionalProperties: false, properties: { a: { type: 'string' } } },
    documents: [{}, { b: 1 }, JSON.parse('{"__proto__":1}'), { constructor: 1 }, { toString: 1 }],
  },
  Map: {
    schema: {
      type: 'object',
      additionalProperties: { type: 'integer' },
      properties: { a: { type: 'string' } },
    },
    documents: [
      { a: 'x', b: 1 },
      { a: 'x', b: 'y' },
      { a: 1 },
      JSON.parse('{"__proto__":"x"}'),
      JSON.parse('{"__proto__":1}'),
    ],
  },
  Count: {
    schema: { type: 'object', minProperties: 1, maxProperties: 2 },
    documents: [{}, { a: 1 }, { a: 1, b: 2 }, { a: 1, b: 2, c: 3 }, []],
  },
  ExactlyOne: {
    schema: {
      type: 'object',
      additionalProperties: false,
      properties: { by: { type: 'string' }, to: { type: 'string' } },
      oneOf: [{ required: ['by'] }, { required: ['to'] }],
    },
    documents: [{}, { by: 'a' }, { to: 'a' }, { by: 'a', to: 'b' }],
  },
  AtLeastOne: {
    schema: {
      type: 'object',
      properties: { url: { type: 'string' }, events: { type: 'array' } },
      anyOf: [{ required: ['url'] }, { required: ['events'] }],
    },
    documents: [{}, { url: 'a' }, { url: 'a', events: [] }],
  },
  Joined: {
    schema: {
      type: 'object',
      allOf: [
        { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
        { type: 'object', required: ['b'], properties: { b: { type: 'integer' } } },
      ],
    },
    documents: [{}, { a: '', b: 1 }, { a: '' }, { a: '', b: '' }, 1],
  },
  Unique: {
    schema: { type: 'array', uniqueItems: true, minItems: 1, maxItems: 3 },
    documents: [
      [],
      [1, 1.0],
      [0, -0],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [[1], [1]],
      [1, '1'],
      [null, null],
      [{}, []],
      [JSON.parse('{"__proto__":1}'), {}],
      [{ length: 0 }, []],
    ],
  },
  Alone: {
    schema: {
      type: 'array',
      items: { enum: ['*', 'a'] },
      not: { contains: { const: '*' }, minItems: 2 },
    },
    documents: [[], ['*'], ['*', 'a'], ['a', '*'], ['*', '*'], ['a', 'a']],
  },
  Nullable: { schema: { type: ['string', 'null'], minLength: 1 }, documents: [null, '', 'a', 1] },
  Types: {
    schema: { type: ['string', 'integer', 'boolean', 'null'], minLength: 2, minimum: 5 },
    documents: [null, 'a', 'ab', 4, 5, 5.5, true, {}, []],
  },
  Constants: {
    schema: { enum: ['a', 1, true, null] },
    documents: ['a', 1, 1.0, true, null, '1', 'true', 0, false],
  },
  Zero: { schema: { const: 0 }, documents: [0, -0, '0', false, null] },
  NullEnum: {
    schema: { type: ['string', 'null'], enum: ['a', null] },
    documents: ['a', null, 'null', ''],
  },
  Tagged: {
    schema: {
      oneOf: [
        {
          type: 'object',
          required: ['mode', 'rate'],
          properties: { mode: { const: 'scaled' }, rate: { type: 'number' } },
        },
        {
          type: 'object',
          required: ['mode'],
          additionalProperties: false,
          properties: { mode: { enum: ['skip', 'frozen'] } },
        },
      ],
    },
    documents: [
      { mode: 'scaled' },
      { mode: 'scaled', rate: 1 },
      { mode: 'skip' },
      { mode: 'skip', rate: 1 },
      { mode: 'x' },
      {},
      null,
      [],
    ],
  },
  Overlapping: {
    schema: { oneOf: [{ type: 'integer' }, { type: 'number', minimum: 10 }] },
    documents: [1, 10, 10.5, 9.5, 'a'],
  },
  Either: {
    schema: { anyOf: [{ type: 'integer' }, { type: 'number', minimum: 10 }] },
    documents: [1, 10, 10.5, 9.5, 'a'],
  },
  MaybeObject: {
    schema: {
      oneOf: [{ type: 'object', required: ['a'], properties: { a: true } }, { type: 'null' }],
    },
    documents: [null, {}, { a: 1 }, 'null', []],
  },
  Anything: { schema: {}, documents: [null, 1, 'a', [], {}] },
  Nothing: {
    schema: { type: 'object', properties: { a: false } },
    documents: [{}, { a: 1 }, { a: null }],
  },
};

/** zod drops an own `__proto__` from what it returns, and so never judges or counts it there. */
const DROPS_PROTO = ['Map', 'Count'];

const hasProto = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && Object.hasOwn(document, '__proto__');

test('every keyword means what it means to ajv', async () => {
  const schemas = Object.fromEntries(
    Object.entries(CASES).map(([name, { schema }]) => [`Probe${name}`, schema]),
  );
  const edits = Object.entries(schemas).map(
    ([name, schema]) => ['sandbox.openapi.yaml', ['components', 'schemas', name], schema] as const,
  );
  const generated = await load(await generate(specWith(...edits)), 'sandbox.ts');
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const disagreements: string[] = [];
  for (const [name, { schema, documents }] of Object.entries(CASES)) {
    const says = ajv.compile(schema);
    const located = { schema, at: () => located };
    const random = fc.sample(fc.tuple(documentsFor(located), mutations), { numRuns: 100, seed: 7 });
    const made = random.flatMap(([document, done]) => [document, mutated(document, done)]);
    for (const document of [...documents, ...edgeDocuments(located), ...made]) {
      const ours: boolean = generated[`Probe${name}`].safeParse(document).success;
      if (ours === says(document)) continue;
      if (DROPS_PROTO.includes(name) && hasProto(document)) continue;
      disagreements.push(
        `${name}: ajv ${!ours}, zod ${ours}: ${JSON.stringify(document)}\n${stringify(schema)}`,
      );
    }
  }
  expect(disagreements).toEqual([]);
});
