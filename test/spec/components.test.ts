/**
 * The specs are of one piece: nothing is left over, nothing is said twice in two ways.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  SPEC_FILES,
  documentOf,
  follow,
  isMembers,
  objectsOf,
  pointerOf,
  type Members,
  type Place,
  type SpecFile,
} from './documents.ts';

const objects = SPEC_FILES.flatMap((file) => [...objectsOf(file)]);
const references = objects.filter(({ value }) => typeof value['$ref'] === 'string');

/** Used by the generator, and by the stream of which OpenAPI cannot say what it consists of. */
const FOR_PROGRAMS = /^(?:[A-Z]\w*Query|AccountEvent)$/;

test('every reference leads somewhere', () => {
  expect(references.length).toBeGreaterThan(300);
  for (const place of references) expect(() => follow(place)).not.toThrow();
});

test('every component and every shared definition is used', () => {
  const targets = new Set(
    references.map(({ file, value }) => {
      const target = new URL(String(value['$ref']), `spec:/${file}`);
      return target.pathname.slice(1) + decodeURIComponent(target.hash);
    }),
  );
  const parts = objects.filter(
    ({ file, path }) =>
      (path.length === 3 && path[0] === 'components' && path[1] !== 'securitySchemes') ||
      (path.length === 2 && file.startsWith('schemas/') && path[0] === '$defs'),
  );
  expect(parts.length).toBeGreaterThan(120);
  const unused = parts.filter(
    (place) => !targets.has(pointerOf(place)) && !FOR_PROGRAMS.test(place.path.at(-1) ?? ''),
  );
  // The events' union is there for readers of the AsyncAPI document.
  expect(unused.map(pointerOf)).toEqual(['asyncapi.yaml#/components/schemas/WebhookEvent']);
});

describe('schemas', () => {
  const keywords = new Set(
    `type enum const properties required additionalProperties items minItems maxItems uniqueItems not minProperties
    minLength maxLength pattern format minimum maximum exclusiveMinimum oneOf anyOf allOf $ref default
    description title examples writeOnly x-fidelity x-fidelity-source x-fidelity-reason`.split(
      /\s+/,
    ),
  );

  /** A schema, and those inside of it. */
  function* schemasIn(place: Place): Generator<Place & { value: Members }> {
    const { file, path, value } = place;
    if (!isMembers(value)) return;
    yield { file, path, value };
    for (const [keyword, member] of Object.entries(value)) {
      if (keyword === 'properties') {
        for (const [name, one] of Object.entries(member as Members)) {
          yield* schemasIn({ file, path: [...path, keyword, name], value: one });
        }
      } else if (['oneOf', 'anyOf', 'allOf'].includes(keyword)) {
        for (const [at, one] of (member as unknown[]).entries()) {
          yield* schemasIn({ file, path: [...path, keyword, String(at)], value: one });
        }
      } else if (['items', 'additionalProperties'].includes(keyword)) {
        yield* schemasIn({ file, path: [...path, keyword], value: member });
      }
    }
  }

  const roots = objects.filter(
    ({ file, path }) =>
      (path[0] === 'components' && path[1] === 'schemas' && path.length === 3) ||
      (file.startsWith('schemas/') && path[0] === '$defs' && path.length === 2) ||
      path.at(-1) === 'schema',
  );
  const schemas = roots.flatMap((root) => [...schemasIn(root)]);

  test('use no keyword beyond those that everybody understands', () => {
    expect(schemas.length).toBeGreaterThan(400);
    const odd = schemas.flatMap((place) =>
      Object.keys(place.value)
        .filter((keyword) => !keywords.has(keyword))
        .map((keyword) => `${pointerOf(place)} ${keyword}`),
    );
    expect(odd).toEqual([]);
  });

  test('of events restrict nothing beside a $ref: draft-07 would not see it', () => {
    const restricting = schemas.filter(
      ({ file, value }) =>
        file.startsWith('schemas/') &&
        '$ref' in value &&
        Object.keys(value).some((keyword) => !/^(?:\$ref|description|title|x-.*)$/.test(keyword)),
    );
    expect(restricting.map(pointerOf)).toEqual([]);
  });

  test('have patterns that mean the same in Unicode mode, and that hold the whole value', () => {
    for (const place of schemas.filter(({ value }) => 'pattern' in value)) {
      const pattern = String(place.value['pattern']);
      expect(() => new RegExp(pattern, 'u'), pointerOf(place)).not.toThrow();
      expect(pattern, pointerOf(place)).toMatch(/^\^.*\$$/);
    }
  });

  test('use no format but date-time and email', () => {
    const formats = schemas.flatMap(({ value }) => ('format' in value ? [value['format']] : []));
    expect(new Set(formats)).toEqual(new Set(['date-time', 'email']));
  });

  test('with a name have a title', () => {
    const untitled = roots.filter(
      ({ path, value }) => path.at(-1) !== 'schema' && !('$ref' in value) && !('title' in value),
    );
    expect(untitled.map(pointerOf)).toEqual([]);
  });

  test('of requests and queries are closed, those of events and responses open', () => {
    const requests = new Set(schemasOfRequests());
    expect(requests.size).toBeGreaterThan(30);
    for (const place of schemas.filter(({ value }) => 'properties' in value)) {
      const isQuery = place.path.some((key) => /^[A-Z]\w*Query$/.test(key));
      const isClosed = place.value['additionalProperties'] === false;
      expect(isClosed, pointerOf(place)).toBe(isQuery || requests.has(pointerOf(place)));
    }
  });

  /** The schemas that request bodies are made of, followed to their ends. */
  function* schemasOfRequests(): Generator<string> {
    const seen = new Set<string>();
    const open: Place[] = objects.filter(
      ({ path }) => path.includes('requestBody') && path[0] === 'paths' && path.at(-1) === 'schema',
    );
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      for (const inner of schemasIn(follow(place))) {
        const pointer = pointerOf(inner);
        if (seen.has(pointer)) continue;
        seen.add(pointer);
        yield pointer;
        if ('$ref' in inner.value) open.push(inner);
      }
    }
  }
});

describe('events', () => {
  const defs = documentOf('schemas/events.yaml')['$defs'] as Record<string, any>;
  const names: string[] = defs['EventName'].enum;
  const pascal = (name: string): string =>
    name.replaceAll(/(?:^|\.)([a-z])/g, (_, letter: string) => letter.toUpperCase());

  test.each(names)('%s has a schema, a schema of its data, a message and a webhook', (name) => {
    const key = pascal(name);
    expect(defs[key].properties.event).toMatchObject({ type: 'string', enum: [name] });
    expect(defs[key].properties.data).toEqual({ $ref: `#/$defs/${key}Data` });
    expect(defs[`${key}Data`].type).toBe('object');
    const { messages } = documentOf('asyncapi.yaml')['components'] as any;
    expect(messages[key]).toMatchObject({
      name,
      payload: { $ref: `./schemas/events.yaml#/$defs/${key}` },
    });
    const webhooks = documentOf('openapi.yaml')['webhooks'] as any;
    const { schema } =
      webhooks[key[0]?.toLowerCase() + key.slice(1)].post.requestBody.content['application/json'];
    expect(schema).toEqual({ $ref: `./schemas/events.yaml#/$defs/${key}` });
  });

  test('wherever all are listed, none is missing', () => {
    const { schemas } = documentOf('openapi.yaml')['components'] as any;
    expect(names).toHaveLength(8);
    expect(schemas.Subscription.enum).toEqual([...names, '*']);
    expect(schemas.Subscriptions.maxItems).toBe(names.length);
    const refs = names.map((name) => pascal(name));
    const refOf = ({ $ref }: { $ref: string }): string => $ref.split('/').at(-1) ?? '';
    expect(defs['WebhookEvent'].oneOf.map(refOf)).toEqual(refs);
    expect(schemas.FailedEvent.oneOf.map(refOf)).toEqual(refs.map((ref) => `Failed${ref}`));
    for (const ref of refs) {
      expect(schemas[`Failed${ref}`].allOf.map(refOf)).toEqual([ref, 'WithFailure']);
    }
    const sandbox = documentOf('sandbox.openapi.yaml')['components'] as any;
    const details = sandbox.schemas.SandboxEventDetail.oneOf.map(refOf);
    expect(details).toEqual(refs.map((ref) => `${ref}Detail`));
    for (const ref of refs) {
      expect(sandbox.schemas[`${ref}Detail`].allOf.map(refOf)).toEqual([ref, 'WithDeliveries']);
    }
  });
});

test.each<[SpecFile, string, string, string]>([
  ['openapi.yaml', 'PageQuery', '/v1/webhooks/{webhook_id}/failed-events', 'get'],
  ['sandbox.openapi.yaml', 'EventQuery', '/_sandbox/events', 'get'],
  ['sandbox.openapi.yaml', 'DeliveryQuery', '/_sandbox/deliveries', 'get'],
  ['sandbox.openapi.yaml', 'WaitQuery', '/_sandbox/deliveries/{delivery_id}/wait', 'get'],
])('%s: %s has the query parameters of %s', (file, name, path, method) => {
  const { components, paths } = documentOf(file) as any;
  const parameters = Object.fromEntries(
    paths[path][method].parameters.map((value: unknown) => {
      const place = follow({ file, path: [], value });
      const parameter = place.value as { name: string; in: string; schema: unknown };
      expect(parameter.in).toBe('query');
      return [parameter.name, follow({ ...place, value: parameter.schema }).value];
    }),
  );
  const properties = Object.fromEntries(
    Object.entries(components.schemas[name].properties).map(([key, value]) => [
      key,
      follow({ file, path: [], value }).value,
    ]),
  );
  expect(properties).toEqual(parameters);
});
