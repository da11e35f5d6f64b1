/**
 * Everything about the provider says whether it is documented or assumed, and says so truly.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  follow,
  guideExample,
  isMembers,
  objectsOf,
  pointerOf,
  type Members,
  type Place,
  type SpecFile,
} from './documents.ts';

/** What speaks of the provider. sandbox.openapi.yaml does not. */
const FILES = [
  'asyncapi.yaml',
  'openapi.yaml',
  'schemas/envelopes.yaml',
  'schemas/events.yaml',
] as const satisfies readonly SpecFile[];

const objects = FILES.flatMap((file) => [...objectsOf(file)]);

const isSchema = ({ file, path }: Place): boolean =>
  (file.startsWith('schemas/') && path.length === 2) ||
  (path.length === 3 && path[0] === 'components' && path[1] === 'schemas');

const isOperation = ({ path, value }: Place): boolean =>
  isMembers(value) && ('operationId' in value || (path[0] === 'operations' && path.length === 2));

const isComponent = ({ path }: Place): boolean =>
  path.length === 3 &&
  path[0] === 'components' &&
  ['parameters', 'headers', 'responses', 'securitySchemes', 'messages'].includes(path[1] ?? '');

const isChannel = ({ path }: Place): boolean => path.length === 2 && path[0] === 'channels';

/** A schema's grade: its own, or that of what it is another name for. */
const gradeOf = (place: Place): unknown => {
  const { value } = place;
  return (
    (isMembers(value) && value['x-fidelity']) || (follow(place).value as Members)['x-fidelity']
  );
};

describe('a grade', () => {
  const graded = objects.filter(({ value }) => 'x-fidelity' in value);

  test.each(graded.map((place) => ({ ...place, title: pointerOf(place) })))(
    '$title: is known, and says where or why',
    ({ value }) => {
      const {
        'x-fidelity': grade,
        'x-fidelity-source': source,
        'x-fidelity-reason': reason,
      } = value;
      expect(['documented', 'assumed']).toContain(grade);
      if (grade === 'documented') {
        expect(source).toMatch(/^(?:G|A|C)\b/);
        expect(reason).toBeUndefined();
      } else {
        expect(reason).toMatch(/\w.*\.$/s);
      }
    },
  );

  test('no source or reason stands without one', () => {
    const stray = objects.filter(
      ({ value }) =>
        !('x-fidelity' in value) && ('x-fidelity-source' in value || 'x-fidelity-reason' in value),
    );
    expect(stray.map(pointerOf)).toEqual([]);
  });
});

test('every operation, schema, message, channel and shared part has a grade', () => {
  const due = objects.filter(
    (place) => isSchema(place) || isOperation(place) || isComponent(place) || isChannel(place),
  );
  expect(due.length).toBeGreaterThan(80);
  expect(due.filter((place) => gradeOf(place) === undefined).map(pointerOf)).toEqual([]);
});

test('the sandbox’s own API has none: it is not the provider’s', () => {
  const graded = [...objectsOf('sandbox.openapi.yaml')].filter(
    ({ value }) => 'x-fidelity' in value,
  );
  expect(graded.map(pointerOf)).toEqual([]);
});

interface Field {
  readonly name: string;
  readonly place: string;
  readonly grade: unknown;
  /** Whether the field itself has a grade, rather than its surroundings. */
  readonly own: boolean;
  readonly required: boolean;
}

/** Every field of every schema with the grade that counts for it: the weakest of those that apply. */
const fields = objects.filter(isSchema).flatMap((schema): Field[] => {
  const properties = schema.value['properties'];
  const required = (schema.value['required'] ?? []) as readonly string[];
  return Object.entries(isMembers(properties) ? properties : {}).map(([name, value]) => {
    const place = { file: schema.file, path: [...schema.path, 'properties', name], value };
    const applying = [schema.value['x-fidelity'], (value as Members)['x-fidelity'], gradeOf(place)];
    return {
      name,
      place: pointerOf(place),
      grade: applying.includes('assumed') && !isDocumented(value) ? 'assumed' : 'documented',
      own: (value as Members)['x-fidelity'] !== undefined,
      required: required.includes(name),
    };
  });
});

function isDocumented(value: unknown): boolean {
  return isMembers(value) && value['x-fidelity'] === 'documented';
}

/** Every field's name in what the guide shows. */
const namesIn = (value: unknown): string[] =>
  isMembers(value)
    ? Object.entries(value).flatMap(([name, member]) => [name, ...namesIn(member)])
    : [];

/** Fields that only the provider's other documents show. */
const SHOWN_ELSEWHERE = ['meta', 'request_id', 'error', 'message', 'retry_after', 'leads'];

test('a field counts as documented only if a document of the provider shows it', () => {
  const guide = [
    'email-replied',
    'email-bounced',
    'email-opened',
    'email-unsubscribed',
    'register-request',
    'register-response',
  ].flatMap((name) => namesIn(guideExample(name)));
  const shown = new Set([...guide, ...SHOWN_ELSEWHERE]);
  const documented = fields.filter(({ grade }) => grade === 'documented');
  expect(documented.length).toBeGreaterThan(40);
  expect(documented.filter(({ name }) => !shown.has(name)).map(({ place }) => place)).toEqual([]);
});

test('a documented field that can be left out says why that is assumed', () => {
  const silent = fields.filter(
    ({ grade, own, required }) => grade === 'documented' && !required && !own,
  );
  expect(silent.map(({ place }) => place)).toEqual([]);
});
