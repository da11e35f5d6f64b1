/**
 * Self-contained JSON Schema 2020-12 files for people who work in other languages.
 *
 * @module
 */
import { type Found, isMembers } from './documents.ts';
import { fidelityInWords } from './fidelity.ts';
import { type NamedSchema, type Registry, references } from './registry.ts';
import { inside } from './spec-problem.ts';
import { type TolerantForm, openList, relax } from './tolerant.ts';

const BASE = 'urn:sendemall-mock:schema:';

/** The file name of a schema: `email-replied.schema.json`. */
export const schemaFile = (name: string): string =>
  `${name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()}.schema.json`;

/** A schema with everything that it needs under `$defs`. Our extensions turn into comments. */
export function printJsonSchema(
  registry: Registry,
  root: NamedSchema,
  tolerant?: TolerantForm,
): string {
  const needed = new Map<string, NamedSchema>();
  const visit = (schema: NamedSchema): void => {
    const other = tolerant?.unknownOf(schema);
    if (other) {
      needed.set(other.name, other);
      visit(other);
    }
    for (const ref of references(schema.found)) {
      const target = registry.schemaOf(ref);
      if (needed.has(target.name)) continue;
      needed.set(target.name, target);
      visit(target);
    }
  };
  visit(root);
  const convert = (schema: NamedSchema): unknown => {
    const body = plain(registry, schema.found, tolerant !== undefined);
    const other = tolerant?.unknownOf(schema);
    if (!other || !isMembers(body) || !Array.isArray(body['oneOf'])) return body;
    return { ...body, oneOf: [...body['oneOf'], { $ref: `#/$defs/${other.name}` }] };
  };
  const defs = [...needed.values()]
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map((schema) => [schema.name, convert(schema)]);
  const body = convert(root);
  const file = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `${BASE}${tolerant ? 'tolerant:' : ''}${root.name}`,
    title: root.name,
    ...(isMembers(body) ? body : {}),
    ...(defs.length > 0 ? { $defs: Object.fromEntries(defs) } : {}),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function plain(registry: Registry, found: Found, isTolerant: boolean): unknown {
  const { value, place } = isTolerant ? relax(found) : found;
  if (!isMembers(value)) return value;
  const kept: [string, unknown][] = [];
  for (const [keyword, member] of Object.entries(value)) {
    if (
      keyword.startsWith('x-') ||
      ['$schema', '$id', '$defs', 'discriminator'].includes(keyword)
    ) {
      continue;
    }
    const at = inside(place, keyword);
    // An open list is open already.
    if (keyword === 'anyOf' && openList(value)) {
      kept.push([keyword, member]);
      continue;
    }
    if (keyword === '$ref')
      kept.push(['$ref', `#/$defs/${registry.schemaOf({ value, place }).name}`]);
    else if (keyword === 'example') kept.push(['examples', [member]]);
    else if (keyword === 'properties' && isMembers(member)) {
      const entries = Object.entries(member).map(([name, one]) => [
        name,
        plain(registry, { value: one, place: inside(at, name) }, isTolerant),
      ]);
      kept.push([keyword, Object.fromEntries(entries)]);
    } else if (['oneOf', 'anyOf', 'allOf'].includes(keyword) && Array.isArray(member)) {
      kept.push([
        keyword,
        member.map((one, index) =>
          plain(registry, { value: one, place: inside(at, index) }, isTolerant),
        ),
      ]);
    } else if (['items', 'additionalProperties'].includes(keyword)) {
      kept.push([keyword, plain(registry, { value: member, place: at }, isTolerant)]);
    } else kept.push([keyword, member]);
  }
  const comment = fidelityInWords(value);
  return Object.fromEntries(comment === null ? kept : [...kept, ['$comment', comment]]);
}
