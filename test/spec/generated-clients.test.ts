/**
 * The API descriptions give good clients when other people's generators read them.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isMembers, type Members } from './documents.ts';

const published = (file: string): string =>
  readFileSync(new URL(`../../schemas/${file}`, import.meta.url), 'utf8');

const APIS = ['openapi', 'sandbox.openapi'] as const;
const SPECS = ['asyncapi', ...APIS] as const;
const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

const bundleOf = (spec: string): any => JSON.parse(published(`json/${spec}.json`));

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly requestBody?: unknown;
  readonly responses: Record<string, unknown>;
}

const operationsOf = (bundle: any): Operation[] =>
  [...Object.values(bundle.paths), ...Object.values(bundle.webhooks ?? {})].flatMap((item: any) =>
    METHODS.filter((method) => item[method]).map((method) => item[method]),
  );

const pascal = (text: string): string =>
  text.replaceAll(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Every object below, with its path. */
function* objectsIn(value: unknown, path = ''): Generator<readonly [string, Members]> {
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) yield* objectsIn(item, `${path}/${at}`);
  }
  if (!isMembers(value)) return;
  yield [path, value];
  for (const [key, member] of Object.entries(value)) {
    const isSample =
      ['example', 'examples', 'value'].includes(key) && !path.endsWith('/properties');
    if (!isSample) yield* objectsIn(member, `${path}/${key}`);
  }
}

describe.each(APIS)('%s', (spec) => {
  const bundle = bundleOf(spec);
  const schemas = bundle.components.schemas as Record<string, Members>;
  const operations = operationsOf(bundle);

  test('every operation has a camelCase id of its own and a declared tag', () => {
    const ids = APIS.flatMap((one) => operationsOf(bundleOf(one)).map((op) => op.operationId));
    const folded = ids.map((id) => id.toLowerCase());
    expect(folded.filter((id, at) => folded.indexOf(id) !== at)).toEqual([]);
    expect(ids.filter((id) => !/^[a-z]+(?:[A-Z][a-z]+)*$/.test(id))).toEqual([]);
    const tags = bundle.tags.map((tag: { name: string }) => tag.name);
    for (const { tags: own } of operations) {
      expect(own).toHaveLength(1);
      expect(tags).toContain(own[0]);
    }
  });

  test('no component shares its name with another, whatever their kinds', () => {
    const { examples: _samples, securitySchemes: _schemes, ...kinds } = bundle.components;
    const names = Object.entries(kinds).flatMap(([kind, components]) =>
      Object.keys(components as Members).map((name) => ({ name: name.toLowerCase(), kind })),
    );
    const clashes = names.filter(
      ({ name }, at) => names.findIndex((other) => other.name === name) !== at,
    );
    expect(clashes).toEqual([]);
  });

  test('no schema has the name that a generator gives to a part of an operation', () => {
    const derived = operations.flatMap(({ operationId }) =>
      ['Data', 'Error', 'Errors', 'Params', 'Response', 'Responses', 'JSONBody'].map(
        (suffix) => pascal(operationId) + suffix,
      ),
    );
    expect(Object.keys(schemas).filter((name) => derived.includes(name))).toEqual([]);
  });

  test('a title makes the class name that the schema has', () => {
    const named = Object.entries(schemas).map(
      ([name, { title }]) => [name, String(title)] as const,
    );
    const odd = named.filter(([name, title]) => pascal(title).toLowerCase() !== name.toLowerCase());
    expect(odd).toEqual([]);
    const titled = [...objectsIn(schemas)].filter(
      ([path, value]) => typeof value['title'] === 'string' && path.split('/').length > 2,
    );
    // Without a title, Modelina gives the fixed name of an event a number.
    const isEventName = ([path, { title }]: (typeof titled)[number]): boolean =>
      path.endsWith('/properties/event') && /^(Email|Campaign) [a-z]+ name$/.test(String(title));
    expect(titled.filter((one) => !isEventName(one)).map(([path]) => path)).toEqual([]);
  });

  test('every body is a named schema', () => {
    for (const { operationId, requestBody, responses } of operations) {
      const bodies = [requestBody, ...Object.values(responses)].flatMap((part) => {
        const name = isMembers(part) ? /responses\/(\w+)$/.exec(String(part['$ref']))?.[1] : null;
        const found = name == null ? part : bundle.components.responses[name];
        return Object.entries((found?.content ?? {}) as Record<string, { schema: Members }>);
      });
      for (const [type, { schema }] of bodies) {
        if (type === 'application/json') expect(schema, operationId).toHaveProperty('$ref');
        else expect(schema, operationId).toMatchObject({ type: 'string' });
      }
    }
  });

  test('no object and no choice stands inside of another without a name', () => {
    const unnamed = [...objectsIn(schemas)].filter(([path, value]) => {
      const isInside = path.split('/').length > 2;
      const isField = path.endsWith('/properties');
      // A map, such as headers by name, is no class.
      return isInside && !isField && ('properties' in value || 'oneOf' in value);
    });
    expect(unnamed.map(([path]) => path)).toEqual([]);
  });

  test('an object that is nothing but a map says of what', () => {
    const vague = [...objectsIn(schemas)].filter(
      ([path, value]) =>
        value['type'] === 'object' &&
        !path.endsWith('/properties') &&
        !('properties' in value) &&
        !('additionalProperties' in value),
    );
    expect(vague.map(([path]) => path)).toEqual([]);
  });

  test('a fixed value has a type, and a fixed text is a list of one', () => {
    for (const [path, value] of objectsIn(schemas)) {
      // What a `not` forbids is no value of any field.
      if (!('const' in value) || /\/(?:properties$|not\/)/.test(path)) continue;
      expect(value, path).toMatchObject({ type: 'boolean' });
    }
  });

  test('a value has one JSON type, and maybe null: generators give up on more', () => {
    const several = [...objectsIn(schemas)].filter(
      ([, { type }]) => Array.isArray(type) && type.filter((one) => one !== 'null').length !== 1,
    );
    expect(several.map(([path]) => path)).toEqual([]);
  });

  test('no field of a body has a default: generators would require it', () => {
    const fields = [...objectsIn(schemas)].filter(
      ([path, value]) => /\/properties\/\w+$/.test(path) && 'default' in value,
    );
    expect(fields.map(([path]) => path)).toEqual([]);
  });

  test('a union of objects has a discriminator that names each of them', () => {
    const isObject = ({ $ref }: { $ref: string }): boolean =>
      schemas[$ref.split('/').at(-1)!]?.type !== 'array';
    const unions = Object.entries(schemas).filter(([, { oneOf }]) =>
      ((oneOf ?? []) as { $ref: string }[]).some(isObject),
    );
    expect(unions.length).toBeGreaterThan(0);
    for (const [name, { oneOf, discriminator }] of unions) {
      // Which field is there tells these apart: no value does.
      if (name === 'AdvanceRequest') continue;
      const refs = (oneOf as { $ref: string }[]).map(({ $ref }) => $ref);
      const { propertyName, mapping } = discriminator as any;
      expect([...new Set(Object.values(mapping))], name).toEqual(refs);
      expect(propertyName, name).toMatch(/^(?:event|type|mode)$/);
    }
  });
});

test.each(SPECS)('%s is published as one YAML file that says the same as the JSON', (spec) => {
  const text = published(`yaml/${spec}.yaml`);
  for (const version of ['1.1', '1.2'] as const) {
    expect(parse(text, { version }), `YAML ${version}`).toEqual(bundleOf(spec));
  }
});
