/**
 * Our extensions follow the schemas that are published for them, and those catch what is wrong.
 *
 * @module
 */
import { readFileSync, readdirSync } from 'node:fs';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { SPEC_FILES, documentOf, objectsOf, specPath, type Members } from './documents.ts';

const ajv = new Ajv2020({ allErrors: true });

const validators = new Map(
  readdirSync(specPath('extensions')).map((file) => {
    const schema = JSON.parse(readFileSync(specPath(`extensions/${file}`), 'utf8')) as AnySchema;
    return [file.replace('.schema.json', ''), ajv.compile(schema)];
  }),
);

const judge = (name: string, value: unknown): string[] => {
  const validate = validators.get(name);
  if (!validate) throw new Error(`no schema is published for ${name}`);
  return validate(value)
    ? []
    : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`);
};

/** Every extension but the grades, wherever it stands. */
const used = SPEC_FILES.flatMap((file) =>
  [...objectsOf(file)].flatMap(({ path, value }) =>
    Object.entries(value)
      .filter(([key]) => key.startsWith('x-') && !key.startsWith('x-fidelity'))
      .filter(() => !['properties', 'headers'].includes(path.at(-1) ?? ''))
      .map(([name, extension]) => ({ file, name, extension })),
  ),
);

test.each(used)('$name in $file follows its schema', ({ name, extension }) => {
  expect(judge(name, extension)).toEqual([]);
});

test('every published schema is used', () => {
  expect(new Set(used.map(({ name }) => name))).toEqual(new Set(validators.keys()));
});

const extensionOf = (name: string): any =>
  structuredClone(used.find((one) => one.name === name)?.extension);

/** What a change leaves undefined is taken out. */
const changed = (value: Members, change: Members): Members =>
  Object.fromEntries(
    Object.entries({ ...value, ...change }).filter(([, member]) => member !== undefined),
  );

describe('x-delivery-policy', () => {
  const policy = extensionOf('x-delivery-policy');

  test('is what the guide says: 10 s, any 2xx, retries after 30 s, 5 min and 30 min', () => {
    expect(policy).toMatchObject({
      timeout: 'PT10S',
      success: { from: 200, to: 299 },
      retryDelays: ['PT30S', 'PT5M', 'PT30M'],
      afterLastRetry: 'dead-letter',
    });
  });

  test.each<[string, Members]>([
    ['a delay in words', { retryDelays: ['30 seconds'] }],
    ['a delay as a number', { retryDelays: [30] }],
    ['an empty duration', { timeout: 'P' }],
    ['a duration that ends in T', { timeout: 'P1DT' }],
    ['a duration in months', { timeout: 'P1M' }],
    ['no time limit', { timeout: undefined }],
    ['a status as text', { success: { from: '200', to: 299 } }],
    ['an open range of statuses', { success: { from: 200 } }],
    ['redirects that are followed', { redirects: { follow: true } }],
    ['another end', { afterLastRetry: 'drop' }],
    ['an unknown rule', { jitter: 'PT1S' }],
  ])('with %s is refused', (_, change) => {
    expect(judge('x-delivery-policy', changed(policy, change))).not.toEqual([]);
  });

  test.each(['PT0.5S', 'PT90S', 'P1D', 'P1DT2H3M4S', 'PT1H30M'])('can wait %s', (delay) => {
    expect(judge('x-delivery-policy', { ...policy, retryDelays: [delay] })).toEqual([]);
  });
});

describe('x-webhook-signature', () => {
  const signature = extensionOf('x-webhook-signature');

  test('names the header that the message has, and the prefix that its value has', () => {
    const { components } = documentOf('asyncapi.yaml') as any;
    const { required, properties } = components.messageTraits.Signed.headers;
    expect(required).toEqual([signature.header]);
    expect(properties[signature.header].pattern).toMatch(
      new RegExp(`^\\^${signature.prefix}\\[0-9a-f\\]`),
    );
    const { parameters } = (documentOf('openapi.yaml') as any).components;
    expect(parameters.SignatureParameter.name).toBe(signature.header);
    expect(parameters.SignatureParameter.schema.pattern).toBe(properties[signature.header].pattern);
  });

  test.each<[string, Members]>([
    ['an invalid header name', { header: 'X Signature' }],
    ['a broken hash', { algorithm: 'md5' }],
    ['another encoding', { encoding: 'base58' }],
    ['a signed timestamp', { signedContent: 'timestamp.body' }],
    ['no key', { key: undefined }],
    ['an unknown rule', { tolerance: 300 }],
  ])('with %s is refused', (_, change) => {
    expect(judge('x-webhook-signature', changed(signature, change))).not.toEqual([]);
  });
});

describe('x-limits', () => {
  test.each<[string, Members]>([
    ['an unknown name', { max_body: 1 }],
    ['nothing allowed', { max_body_bytes: 0 }],
    ['a limit as text', { max_body_bytes: '1 MiB' }],
  ])('with %s is refused', (_, limits) => {
    expect(judge('x-limits', limits)).not.toEqual([]);
  });
});
