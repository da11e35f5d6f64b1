/**
 * For a JSON Schema, one document after the other in which exactly one thing is at or over an edge.
 */
import fc from 'fast-check';
import { type Json, type Located, MAILS, TEXTS, TIMES, fittingTexts } from './arbitraries.ts';

type Schema = Readonly<Record<string, any>>;

/** Every edge of every field, the rest of the document being valid; a valid document comes first. */
export function edgeDocuments({ schema: json, at }: Located): Json[] {
  if (typeof json !== 'object') return [null, 0, '', [], {}];
  const schema = json as Schema;
  if (schema['$ref'] !== undefined) return edgeDocuments(at(schema['$ref']));
  const inner = (one: Json): Json[] => edgeDocuments({ schema: one, at });
  if (schema['const'] !== undefined) return aroundValues([schema['const']]);
  if (schema['enum'] !== undefined) return aroundValues(schema['enum']);
  if (schema['allOf'] !== undefined) return aroundJoined(schema['allOf'].map(inner));
  const choice: Json[] | undefined = schema['oneOf'] ?? schema['anyOf'];
  if (choice && schema['properties'] === undefined) return choice.flatMap(inner);
  const types: string[] = [schema['type'] ?? []].flat();
  return [...types.flatMap((type) => aroundType(type, schema, inner)), null, true, 1, 'x', [], {}];
}

function aroundType(type: string, schema: Schema, inner: (one: Json) => Json[]): Json[] {
  switch (type) {
    case 'string':
      return aroundTexts(schema);
    case 'integer':
    case 'number':
      return aroundNumbers(schema);
    case 'boolean':
      return [true, false, 'true', 0];
    case 'null':
      return [null];
    case 'array':
      return aroundArray(schema, inner(schema['items'] ?? true));
    default:
      return aroundObject(schema, inner);
  }
}

function aroundValues(values: Json[]): Json[] {
  const odd = values.flatMap((value) => [
    `${String(value)} `,
    String(value).toUpperCase(),
    [value],
  ]);
  return [...values, ...odd, null, 0, -0, '', true, false];
}

function aroundTexts(schema: Schema): Json[] {
  const { minLength, maxLength, pattern, format } = schema;
  const pool = format === 'date-time' ? TIMES : format === 'email' ? MAILS : TEXTS;
  const made = pattern && fittingTexts(schema).length === 0 ? fromPattern(pattern) : [];
  const sound = [...(schema['examples'] ?? []), ...fittingTexts(schema), ...made];
  const lengths = [minLength, maxLength].flatMap((length: number | undefined) =>
    length === undefined ? [] : [length - 1, length, length + 1],
  );
  const sized = lengths
    .filter((length) => length >= 0)
    .flatMap((length) => [
      ...['x', '\u{1F600}', '\uD83D', '\uDE00'].map((one) => one.repeat(length)),
      ...sound.slice(0, 1).map((text: string) => text.padEnd(length, 'x')),
    ]);
  const bent = sound
    .slice(0, 1)
    .flatMap((text: string) => [`${text}\n`, ` ${text}`, `${text}\u0000`, text.toUpperCase()]);
  return [
    ...sound.slice(0, 3),
    ...(sound.length === 0 ? ['x'.repeat(minLength ?? 1)] : []),
    ...pool,
    ...sized,
    ...bent,
  ];
}

const fromPattern = (pattern: string): string[] =>
  fc.sample(fc.stringMatching(new RegExp(pattern, 'u'), { maxLength: 40 }), {
    numRuns: 3,
    seed: 1,
  });

function aroundNumbers(schema: Schema): Json[] {
  const bounds = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']
    .map((keyword) => schema[keyword])
    .filter((bound) => bound !== undefined);
  const edges = bounds.flatMap((bound: number) => [
    bound,
    bound - 1,
    bound + 1,
    bound - 0.5,
    bound + 0.5,
  ]);
  const sound = (schema['minimum'] ?? schema['exclusiveMinimum'] ?? 0) + 1;
  return [sound, ...edges, 0, -0, 1.5, 1e300, -1e300, 5e-324, 2 ** 53 + 2, '1'];
}

function aroundArray({ minItems = 0, maxItems = 3 }: Schema, items: Json[]): Json[] {
  // Items that differ, for where each must be there once.
  const different = [...new Set(items)].filter((item) => typeof item === typeof items[0]);
  const many = (count: number): Json[] =>
    Array.from({ length: count }, (_, at) => different[at] ?? items[0]);
  const sound = many(Math.max(1, minItems));
  const sizes = [minItems - 1, minItems, maxItems, maxItems + 1].filter((size) => size >= 0);
  return [
    sound,
    ...sizes.map(many),
    [items[0], items[0]],
    ...items.map((item) => [item, ...sound.slice(1)]),
  ];
}

function aroundObject(schema: Schema, inner: (one: Json) => Json[]): Json[] {
  const fields = Object.entries(schema['properties'] ?? {}).map(
    ([name, one]) => [name, inner(one)] as const,
  );
  const full = Object.fromEntries(fields.map(([name, edges]) => [name, edges[0]]));
  const base = soleAlternative(schema, full);
  const bare = Object.fromEntries(
    Object.entries(base).filter(([name]) => (schema['required'] ?? []).includes(name)),
  );
  const documents: Json[] = [base, bare, full, {}];
  for (const [name, edges] of fields) {
    const { [name]: _, ...without } = base;
    documents.push(without, ...edges.map((edge) => ({ ...base, [name]: edge })));
  }
  const extras =
    typeof schema['additionalProperties'] === 'object'
      ? inner(schema['additionalProperties'])
      : [1];
  documents.push(...extras.map((extra) => ({ ...base, extra })));
  documents.push(
    JSON.parse(
      `{${JSON.stringify(base).slice(1, -1)}${fields.length > 0 ? ',' : ''}"__proto__":1}`,
    ),
  );
  return documents;
}

/** Without the fields that exclude the first alternative of "exactly one of these fields". */
function soleAlternative(schema: Schema, full: Record<string, Json>): Record<string, Json> {
  const sets: string[][] = (schema['oneOf'] ?? []).map((one: Schema) => one['required'] ?? []);
  const [kept = [], ...others] = sets;
  const excluded = others.flat().filter((name) => !kept.includes(name));
  return Object.fromEntries(Object.entries(full).filter(([name]) => !excluded.includes(name)));
}

/** Each branch's edges, the other branches being valid. */
function aroundJoined(branches: Json[][]): Json[] {
  const sound = Object.assign({}, ...branches.map(([first]) => first)) as object;
  const documents = branches.flat().map((one) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    const own = branches.find((branch) => branch.includes(one))?.[0] ?? {};
    const dropped = Object.keys(own).filter((name) => !Object.hasOwn(one, name));
    const joined: Record<string, Json> = { ...sound, ...one };
    return Object.fromEntries(Object.entries(joined).filter(([name]) => !dropped.includes(name)));
  });
  return [sound, ...documents];
}
