/**
 * Self-contained JSON Schema 2020-12 files for people who work in other languages.
 *
 * @module
 */
import { isMembers } from './documents.ts';
import { fidelityInWords } from './fidelity.ts';
import { type NamedSchema, type Registry, references } from './registry.ts';
import { type Place, inside } from './spec-problem.ts';

const BASE = 'urn:sendemall-mock:schema:';

/** The file name of a schema: `email-replied.schema.json`. */
export const schemaFile = (name: string): string =>
  `${name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()}.schema.json`;

/** A schema with everything that it needs under `$defs`. Our extensions turn into comments. */
export function printJsonSchema(registry: Registry, root: NamedSchema): string {
  const needed = new Map<string, NamedSchema>();
  const visit = (schema: NamedSchema): void => {
    for (const ref of references(schema.found)) {
      const target = registry.schemaOf(ref);
      if (needed.has(target.name)) continue;
      needed.set(target.name, target);
      visit(target);
    }
  };
  visit(root);
  const convert = ({ found }: NamedSchema): unknown => plain(registry, found.value, found.place);
  const defs = [...needed.values()]
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map((schema) => [schema.name, convert(schema)]);
  const body = convert(root);
  const file = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: BASE + root.name,
    title: root.name,
    ...(isMembers(body) ? body : {}),
    ...(defs.length > 0 ? { $defs: Object.fromEntries(defs) } : {}),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function plain(registry: Registry, value: unknown, place: Place): unknown {
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
    if (keyword === '$ref')
      kept.push(['$ref', `#/$defs/${registry.schemaOf({ value, place }).name}`]);
    else if (keyword === 'example') kept.push(['examples', [member]]);
    else if (keyword === 'properties' && isMembers(member)) {
      const entries = Object.entries(member).map(([name, one]) => [
        name,
        plain(registry, one, inside(at, name)),
      ]);
      kept.push([keyword, Object.fromEntries(entries)]);
    } else if (['oneOf', 'anyOf', 'allOf'].includes(keyword) && Array.isArray(member)) {
      kept.push([keyword, member.map((one, index) => plain(registry, one, inside(at, index)))]);
    } else if (['items', 'additionalProperties'].includes(keyword)) {
      kept.push([keyword, plain(registry, member, at)]);
    } else kept.push([keyword, member]);
  }
  const comment = fidelityInWords(value);
  return Object.fromEntries(comment === null ? kept : [...kept, ['$comment', comment]]);
}
