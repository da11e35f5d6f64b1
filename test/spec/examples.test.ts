/**
 * Every example in the specs is valid, and the events' examples show what there is to show.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  SPEC_FILES,
  documentOf,
  follow,
  isMembers,
  judge2020,
  judgeDraft7,
  objectsOf,
  pointerOf,
  type Members,
  type Place,
} from './documents.ts';

interface Example {
  readonly name: string;
  readonly schema: Pick<Place, 'file' | 'path'>;
  readonly value: unknown;
}

interface MessageExample {
  readonly name: string;
  readonly summary: string;
  readonly payload: Members & { readonly data: Members };
}

const messages = documentOf('asyncapi.yaml')['components'] as {
  messages: Record<string, { name: string; examples?: readonly MessageExample[] }>;
};

const eventMessages = Object.entries(messages.messages).filter(([, { examples }]) => examples);

const messageExamples = eventMessages.flatMap(([key, { examples = [] }]) =>
  examples.map(({ name, payload }): Example => {
    const path = ['components', 'messages', key, 'payload'];
    return { name: `${key} ${name}`, schema: { file: 'asyncapi.yaml', path }, value: payload };
  }),
);

/** `example` and `examples` of media types, parameters and headers: beside a `schema`. */
const besideSchemas = SPEC_FILES.flatMap((file) =>
  [...objectsOf(file)].flatMap(({ path, value }): Example[] => {
    if (!isMembers(value['schema'])) return [];
    const schema = { file, path: [...path, 'schema'] };
    const named = isMembers(value['examples']) ? Object.entries(value['examples']) : [];
    const found = named.map(([name, example]): Example => {
      const place = follow({ file, path: [...path, 'examples', name], value: example });
      return { name, schema, value: (place.value as Members)['value'] };
    });
    return 'example' in value
      ? [...found, { name: 'example', schema, value: value['example'] }]
      : found;
  }),
);

/** `examples` and `default` of schemas themselves. */
const insideSchemas = SPEC_FILES.flatMap((file) =>
  [...objectsOf(file)].flatMap(({ path, value }): Example[] => {
    const list = Array.isArray(value['examples']) ? value['examples'] : [];
    if (path[1] === 'messages') return [];
    const samples = 'default' in value ? [...list, value['default']] : list;
    return samples.map((sample: unknown) => ({
      name: JSON.stringify(sample),
      schema: { file, path },
      value: sample,
    }));
  }),
);

const named = (examples: readonly Example[]) =>
  examples.map((example) => ({
    ...example,
    title: `${pointerOf(example.schema)} ${example.name}`,
  }));

describe.each([
  ['messages', messageExamples, 20],
  ['requests, answers and parameters', besideSchemas, 40],
  ['schemas', insideSchemas, 25],
])('examples of %s', (_, examples, atLeast) => {
  test('are there', () => expect(examples.length).toBeGreaterThanOrEqual(atLeast));

  test.each(named(examples))('$title', ({ schema, value }) => {
    expect(judge2020(schema, value)).toEqual([]);
  });
});

test.each(named(messageExamples))('draft-07 agrees: $title', ({ schema, value }) => {
  expect(judgeDraft7(schema, value)).toEqual([]);
});

test('every request and answer in JSON has an example', () => {
  const without = (['openapi.yaml', 'sandbox.openapi.yaml'] as const).flatMap((file) =>
    [...objectsOf(file)].filter(
      ({ path, value }) =>
        path.at(-2) === 'content' && !value['examples'] && path[0] !== 'webhooks',
    ),
  );
  expect(without.map(pointerOf)).toEqual([]);
});

test('every error example says the status that it stands under, and a code of its status', () => {
  const codes = documentOf('schemas/envelopes.yaml')['$defs'] as {
    ErrorCode: { description: string; enum: readonly string[] };
  };
  const rows = [...codes.ErrorCode.description.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)];
  const statusOf = new Map(rows.map(([, code = '', status]) => [code, Number(status)]));
  expect([...statusOf.keys()]).toEqual(codes.ErrorCode.enum);

  for (const file of ['openapi.yaml', 'sandbox.openapi.yaml'] as const) {
    for (const { path, value } of objectsOf(file)) {
      if (path.at(-2) !== 'responses' || path[0] !== 'paths') continue;
      const response = follow({ file, path, value });
      const content = (response.value as Members)['content'];
      const media = isMembers(content) ? content['application/json'] : undefined;
      const examples = isMembers(media) && isMembers(media['examples']) ? media['examples'] : {};
      for (const [name, example] of Object.entries(examples)) {
        const place = follow({ file: response.file, path: [...path, name], value: example });
        const { error } = (place.value as { value: { error?: { code: string; status: number } } })
          .value;
        if (!error) continue;
        expect(String(error.status), pointerOf(place)).toBe(path.at(-1));
        expect(statusOf.get(error.code), pointerOf(place)).toBe(error.status);
      }
    }
  }
});

describe('the events have examples of', () => {
  const dataOf = (event: string): Members[] =>
    eventMessages.flatMap(([, { name, examples = [] }]) =>
      name === event ? examples.map(({ payload }) => payload.data) : [],
    );

  test.each(eventMessages.map(([, { name }]) => name))('%s, at least two', (event) => {
    expect(dataOf(event).length).toBeGreaterThanOrEqual(2);
  });

  test('a hard and a soft bounce', () => {
    expect(dataOf('email.bounced').map((data) => data['bounce_type'])).toEqual(
      expect.arrayContaining(['hard', 'soft']),
    );
  });

  test('all five sentiments', () => {
    const sentiments = dataOf('email.replied').map((data) => data['reply_sentiment']);
    expect(new Set(sentiments)).toEqual(
      new Set(['positive', 'neutral', 'negative', 'out_of_office', 'unsubscribe']),
    );
  });

  test('a first and a third open', () => {
    expect(dataOf('email.opened').map((data) => data['open_count'])).toEqual(
      expect.arrayContaining([1, 3]),
    );
  });

  test('a campaign without any field of a lead', () => {
    for (const data of dataOf('campaign.completed')) {
      expect(Object.keys(data).filter((name) => name.startsWith('lead_'))).toEqual([]);
      expect(data).toHaveProperty('totals');
    }
  });

  test('ids that are all different', () => {
    const ids = eventMessages.flatMap(([, { examples = [] }]) =>
      examples.map(({ payload }) => payload['id']),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
