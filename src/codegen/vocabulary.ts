/**
 * Every keyword, format and extension that the generator understands. What is not here is refused,
 * so that nothing in a spec is silently dropped.
 *
 * @module
 */
import { FORMATS } from './support.ts';
import type { Members } from './documents.ts';
import { type Place, SpecProblem, inside } from './spec-problem.ts';

/** The JSON types. */
export const TYPES = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'] as const;
export type Type = (typeof TYPES)[number];

/** Keywords that restrict values of some types only, which the schema must then name. */
export const TYPED_KEYWORDS: Readonly<Record<string, readonly Type[]>> = {
  minLength: ['string'],
  maxLength: ['string'],
  pattern: ['string'],
  format: ['string'],
  minimum: ['integer', 'number'],
  maximum: ['integer', 'number'],
  exclusiveMinimum: ['integer', 'number'],
  exclusiveMaximum: ['integer', 'number'],
  items: ['array'],
  minItems: ['array'],
  maxItems: ['array'],
  uniqueItems: ['array'],
  not: ['array'],
  properties: ['object'],
  required: ['object'],
  additionalProperties: ['object'],
  minProperties: ['object'],
  maxProperties: ['object'],
};

/** Keywords that restrict whatever the type is. */
export const GENERAL_KEYWORDS: readonly string[] = [
  '$ref',
  'allOf',
  'anyOf',
  'const',
  'enum',
  'oneOf',
  'type',
];

/** Keywords that say something to people and restrict nothing. `default` is one of them. */
export const ANNOTATIONS: readonly string[] = [
  '$comment',
  'default',
  'deprecated',
  'description',
  'discriminator',
  'example',
  'examples',
  'readOnly',
  'title',
  'writeOnly',
];

/** Where a file of definitions may say what it is. */
export const FILE_KEYWORDS: readonly string[] = ['$schema', '$id', '$defs'];

/** Our extensions, and what each is for. */
export const EXTENSIONS: Readonly<Record<string, string>> = {
  'x-fidelity': 'whether the provider documents it',
  'x-fidelity-source': 'where it is documented',
  'x-fidelity-reason': 'why it is assumed',
  'x-webhook-signature': 'how an event is signed',
  'x-delivery-policy': 'when an event counts as delivered and when it is tried again',
  'x-limits': 'limits that are not part of a schema',
};

/** Reject an unknown extension. */
export function checkExtension(name: string, place: Place): void {
  if (Object.hasOwn(EXTENSIONS, name)) return;
  const known = Object.keys(EXTENSIONS).join(', ');
  throw new SpecProblem(
    inside(place, name),
    `unknown extension "${name}". Known are ${known}. Add it to src/codegen/vocabulary.ts, or take it out.`,
  );
}

/** Refuses a schema with a keyword, type or format that the printer cannot say, or that says nothing where it stands. */
export function checkKeywords(schema: Members, place: Place): void {
  for (const keyword of Object.keys(schema)) {
    if (keyword.startsWith('x-')) {
      checkExtension(keyword, place);
      continue;
    }
    if (Object.hasOwn(TYPED_KEYWORDS, keyword)) {
      checkApplies(keyword, schema, place);
      continue;
    }
    if ([...GENERAL_KEYWORDS, ...ANNOTATIONS].includes(keyword)) continue;
    if (place.pointer === '' && FILE_KEYWORDS.includes(keyword)) continue;
    throw new SpecProblem(
      inside(place, keyword),
      `unknown keyword "${keyword}". Say it with a keyword that src/codegen/vocabulary.ts lists, or teach the printer this one.`,
    );
  }
  if (schema['format'] !== undefined) checkFormat(schema['format'], inside(place, 'format'));
}

/** The types that a schema names, each once. */
export function typesOf(schema: Members, place: Place): readonly Type[] {
  const named: unknown = schema['type'] ?? [];
  const list: readonly unknown[] = Array.isArray(named) ? named : [named];
  for (const type of list) {
    if (TYPES.includes(type as Type)) continue;
    throw new SpecProblem(
      inside(place, 'type'),
      `unknown type ${JSON.stringify(type)}. Use ${TYPES.join(', ')}.`,
    );
  }
  return list as readonly Type[];
}

function checkApplies(keyword: string, schema: Members, place: Place): void {
  const types = typesOf(schema, place);
  const wanted = TYPED_KEYWORDS[keyword] ?? [];
  if (wanted.some((type) => types.includes(type))) return;
  // `{required: […]}` beside an object's own members: the branches of "one of these fields".
  if (keyword === 'required' && Object.keys(schema).length === 1) return;
  const has = types.length > 0 ? `"type" is ${types.join(' or ')}` : 'there is no "type"';
  throw new SpecProblem(
    inside(place, keyword),
    `"${keyword}" restricts only values of type ${wanted.join(' or ')}, but ${has}. Name the type, or take "${keyword}" out.`,
  );
}

function checkFormat(format: unknown, place: Place): void {
  if (typeof format === 'string' && Object.hasOwn(FORMATS, format)) return;
  const known = Object.keys(FORMATS).join(', ');
  throw new SpecProblem(
    place,
    `unknown format ${JSON.stringify(format)}. Known are ${known}. Add it to FORMATS in src/codegen/support.ts, or use "pattern".`,
  );
}
