import { expect, test, vi } from 'vitest';
import { generate } from '../../src/codegen/generate.ts';
import { type Edit, PROBE, generateProbe, load, specWith } from './spec-copy.ts';

// The generator reads all its input again for each test: generous, for a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const probe = (schema: unknown): Edit => ['sandbox.openapi.yaml', PROBE, schema];
const object = (properties: object, more: object = {}): Edit =>
  probe({ type: 'object', properties, ...more });

const AT = 'sandbox.openapi.yaml#/components/schemas/TestProbe';

test.for<[what: string, edit: Edit, place: string, remedy: RegExp]>([
  [
    'an unknown keyword',
    object({ a: { type: 'string', contentEncoding: 'base64' } }),
    `${AT}/properties/a/contentEncoding`,
    /unknown keyword "contentEncoding".*vocabulary\.ts/,
  ],
  [
    'a keyword of a later draft of ours',
    probe({ type: 'object', unevaluatedProperties: false }),
    `${AT}/unevaluatedProperties`,
    /unknown keyword "unevaluatedProperties"/,
  ],
  [
    'a misspelt keyword',
    object({ a: { type: 'string', minLenght: 2 } }),
    `${AT}/properties/a/minLenght`,
    /unknown keyword "minLenght"/,
  ],
  [
    'an unknown format',
    object({ a: { type: 'string', format: 'idn-email' } }),
    `${AT}/properties/a/format`,
    /unknown format "idn-email".*FORMATS.*or use "pattern"/,
  ],
  [
    'an unknown extension in a schema',
    object({ a: { type: 'string', 'x-nullable': true } }),
    `${AT}/properties/a/x-nullable`,
    /unknown extension "x-nullable".*take it out/,
  ],
  [
    'an unknown extension elsewhere in OpenAPI',
    ['openapi.yaml', ['info', 'x-logo'], 'logo.png'],
    'openapi.yaml#/info/x-logo',
    /unknown extension "x-logo"/,
  ],
  [
    'an unknown extension in AsyncAPI',
    ['asyncapi.yaml', ['info', 'x-logo'], 'logo.png'],
    'asyncapi.yaml#/info/x-logo',
    /unknown extension "x-logo"/,
  ],
  ['an unknown type', probe({ type: 'text' }), `${AT}/type`, /unknown type "text". Use string/],
  [
    'a keyword without the type that it speaks of',
    object({ a: { minLength: 2 } }),
    `${AT}/properties/a/minLength`,
    /restricts only values of type string, but there is no "type"/,
  ],
  [
    'a keyword of another type',
    object({ a: { type: 'integer', pattern: '^a' } }),
    `${AT}/properties/a/pattern`,
    /but "type" is integer/,
  ],
  [
    'a "not" with another meaning than "alone"',
    object({ a: { type: 'array', not: { contains: { const: 'x' } } } }),
    `${AT}/properties/a/not`,
    /only \{contains: .* is supported/,
  ],
  [
    'an enum value of another type',
    object({ a: { type: 'string', enum: ['a', 1] } }),
    `${AT}/properties/a/enum`,
    /1 is not of type string/,
  ],
  [
    'a keyword beside a reference',
    object({ a: { $ref: '#/components/schemas/Delivery', minProperties: 1 } }),
    `${AT}/properties/a/minProperties`,
    /minProperties/,
  ],
  [
    'a reference that leads nowhere',
    object({ a: { $ref: '#/components/schemas/Nothing' } }),
    `${AT}/properties/a`,
    /leads nowhere/,
  ],
  [
    'a reference into the web',
    object({ a: { $ref: 'https://example.com/a.json' } }),
    `${AT}/properties/a`,
    /keep what is referred to in spec/,
  ],
  [
    'a schema that contains itself',
    object({ a: { $ref: '#/components/schemas/TestProbe' } }),
    AT,
    /contains itself/,
  ],
  [
    'a closed object joined with another',
    probe({
      type: 'object',
      allOf: [{ type: 'object', additionalProperties: false, properties: { a: true } }],
    }),
    `${AT}/allOf/0`,
    /no branch sees the fields of the others/,
  ],
  [
    'an ambiguous discriminator',
    probe({
      discriminator: { propertyName: 'kind' },
      oneOf: ['a', 'a'].map((kind) => ({
        type: 'object',
        required: ['kind'],
        properties: { kind: { const: kind } },
      })),
    }),
    AT,
    /discriminator "kind" must be required in every option/,
  ],
  [
    'an invalid pattern',
    object({ a: { type: 'string', pattern: '(' } }),
    `${AT}/properties/a/pattern`,
    /not a pattern/,
  ],
  [
    'an assumption without a reason',
    probe({ type: 'object', 'x-fidelity': 'assumed' }),
    AT,
    /add "x-fidelity-reason"/,
  ],
  [
    'a name that is no type name',
    ['sandbox.openapi.yaml', ['components', 'schemas', 'my-probe'], {}],
    'sandbox.openapi.yaml#/components/schemas/my-probe',
    /must be like "EmailReplied"/,
  ],
  [
    'an invalid delay',
    ['asyncapi.yaml', ['operations', 'deliverEvent', 'x-delivery-policy', 'retryDelays'], ['soon']],
    'asyncapi.yaml#/operations/deliverEvent/x-delivery-policy/retryDelays/0',
    /x-delivery-policy\.schema\.json|PT5M/,
  ],
  [
    'a delivery rule that the engine does not know',
    ['asyncapi.yaml', ['operations', 'deliverEvent', 'x-delivery-policy', 'jitter'], 0.1],
    'asyncapi.yaml#/operations/deliverEvent/x-delivery-policy',
    /x-delivery-policy\.schema\.json|engine knows no such rule/,
  ],
  [
    'a limit that is no number',
    ['openapi.yaml', ['x-limits', 'max_body_bytes'], '1 MiB'],
    'openapi.yaml#/x-limits/max_body_bytes',
    /x-limits\.schema\.json|whole number/,
  ],
  [
    'a limit that two specs set',
    ['sandbox.openapi.yaml', ['x-limits', 'max_body_bytes'], 1],
    'sandbox.openapi.yaml#/x-limits/max_body_bytes',
    /Say it once/,
  ],
  [
    'an unused definition',
    ['schemas/events.yaml', ['$defs', 'Orphan'], { type: 'string' }],
    'schemas/events.yaml#/$defs/Orphan',
    /nothing refers to this/,
  ],
  [
    'a name that is taken',
    ['sandbox.openapi.yaml', ['components', 'schemas', 'EventType'], { type: 'string' }],
    'sandbox.openapi.yaml#/components/schemas/EventType',
    /name of something else/,
  ],
  [
    'an operation without a name',
    ['openapi.yaml', ['paths', '/v1/webhooks', 'post', 'operationId'], undefined],
    'openapi.yaml#/paths/~1v1~1webhooks/post',
    /operationId/,
  ],
  [
    'an invalid AsyncAPI document',
    ['asyncapi.yaml', ['operations', 'deliverEvent', 'action'], 'shout'],
    'asyncapi.yaml#/operations/deliverEvent/action',
    /line \d+/,
  ],
])('refuses %s, naming file, pointer and remedy', async ([, edit, place, remedy]) => {
  const refusal = await generate(specWith(edit)).then(
    () => 'nothing refused',
    (error: unknown) => String(error),
  );
  expect(refusal.replace(/^SpecProblem: /, '').split(': ')[0]).toBe(place);
  expect(refusal).toMatch(remedy);
});

test('a field that is required and has a default is not optional', async () => {
  const files = await generateProbe({
    type: 'object',
    required: ['mode'],
    properties: {
      mode: { type: 'string', default: 'frozen' },
      rate: { type: 'number', default: 1 },
    },
  });
  const { TestProbe } = await load(files, 'sandbox.ts');
  expect(TestProbe.safeParse({}).success).toBe(false);
  expect(TestProbe.parse({ mode: 'a' })).toEqual({ mode: 'a' });
  expect(files.get('sandbox.ts')).not.toMatch(/\.default\(|\.prefault\(/);
});

test('an extension as the name of a header or a property is just a name', async () => {
  const files = await generateProbe({
    type: 'object',
    properties: { 'x-any': { type: 'string' } },
  });
  expect(files.get('sandbox.ts')).toContain("'x-any': z.string().optional()");
});
