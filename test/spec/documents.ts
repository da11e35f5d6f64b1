/**
 * The specs as the tests read them: by plain YAML, and by ajv as a judge that is not ours.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv, type ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

export type Members = Record<string, unknown>;

export const SPEC_FILES = [
  'asyncapi.yaml',
  'openapi.yaml',
  'sandbox.openapi.yaml',
  'schemas/envelopes.yaml',
  'schemas/events.yaml',
] as const;
export type SpecFile = (typeof SPEC_FILES)[number];

export const specPath = (file: string): string =>
  fileURLToPath(new URL(`../../spec/${file}`, import.meta.url));

const documents = new Map(
  SPEC_FILES.map((file): [string, Members] => [
    file,
    parse(readFileSync(specPath(file), 'utf8')) as Members,
  ]),
);

/** The whole of one file. */
export const documentOf = (file: SpecFile): Members => documents.get(file) ?? {};

/** A payload, request or answer as the provider's guide shows it. */
export const guideExample = (name: string): Members => {
  const url = new URL(`../fixtures/guide/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Members;
};

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One value in a spec: `path` are the keys that lead to it. */
export interface Place {
  readonly file: SpecFile;
  readonly path: readonly string[];
  readonly value: unknown;
}

export const pointerOf = ({ file, path }: Pick<Place, 'file' | 'path'>): string => {
  const keys = path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  return `${file}#${keys.join('')}`;
};

/** Keys whose values are samples: no key inside them is a keyword. */
const SAMPLES = new Set(['example', 'examples', 'default', 'const', 'enum', 'value']);

/** Every object of a file but for those inside of samples, outermost first. */
export function* objectsOf(
  file: SpecFile,
  value: unknown = documentOf(file),
  path: readonly string[] = [],
): Generator<Place & { readonly value: Members }> {
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) yield* objectsOf(file, item, [...path, String(at)]);
  }
  if (!isMembers(value)) return;
  yield { file, path, value };
  const named = ['properties', 'schemas', 'headers', 'responses'].includes(path.at(-1) ?? '');
  for (const [key, member] of Object.entries(value)) {
    if (named || !SAMPLES.has(key)) yield* objectsOf(file, member, [...path, key]);
  }
}

/** Where a reference leads to, followed to its end. */
export const follow = (place: Place): Place => {
  const { file, value } = place;
  if (!isMembers(value) || typeof value['$ref'] !== 'string') return place;
  const target = new URL(value['$ref'], `spec:/${file}`);
  const path = decodeURIComponent(target.hash)
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const next = target.pathname.slice(1) as SpecFile;
  const found = path.reduce<unknown>(
    (at, key) => (isMembers(at) ? at[key] : undefined),
    documentOf(next),
  );
  if (found === undefined) throw new Error(`${pointerOf(place)}: ${value['$ref']} leads nowhere`);
  return follow({ file: next, path, value: found });
};

export type Verdict = readonly string[];

/** Judges a value by the schema at a place. */
export type Judge = (schema: Pick<Place, 'file' | 'path'>, value: unknown) => Verdict;

const say = ({ instancePath, message }: ErrorObject): string => `${instancePath} ${message}`;

const judgeWith = (ajv: Ajv): Judge => {
  addFormats.default(ajv);
  for (const [file, document] of documents) {
    // AsyncAPI's `id` is not JSON Schema's, and neither dialect minds the other's name when told none.
    const { $schema: _dialect, id: _id, ...rest } = document;
    ajv.addSchema(rest, `spec:/${file}`);
  }
  return (schema, value) => {
    const validate = ajv.compile({ $ref: `spec:/${pointerOf(schema)}` });
    return validate(value) ? [] : (validate.errors ?? []).map(say);
  };
};

/** JSON Schema 2020-12: what OpenAPI 3.1 and our JSON Schema files speak. */
export const judge2020 = judgeWith(new Ajv2020({ strict: false, allErrors: true }));

/** JSON Schema draft-07: what AsyncAPI 3 speaks unless told otherwise. */
export const judgeDraft7 = judgeWith(new Ajv({ strict: false, allErrors: true }));
