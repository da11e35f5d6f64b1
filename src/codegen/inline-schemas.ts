/**
 * Schemas without a name (of parameters, headers, bodies): nothing is generated from them, but what
 * the printer would not understand is refused there too.
 *
 * @module
 */
import { type Documents, type Found, isMembers } from './documents.ts';
import type { Registry } from './registry.ts';
import { inside } from './spec-problem.ts';
import { isExample } from './walk.ts';
import { printSchema } from './zod-printer.ts';

/** Prints every schema that stands under a `schema` (OpenAPI) or `headers` (AsyncAPI) and drops the source. */
export function checkInlineSchemas(documents: Documents, registry: Registry, file: string): void {
  const context = {
    documents,
    nameOf: (ref: Found): string => registry.schemaOf(ref).name,
    helper: (name: string): string => name,
  };
  const visit = ({ value, place }: Found): void => {
    if (Array.isArray(value)) {
      for (const [at, item] of value.entries()) visit({ value: item, place: inside(place, at) });
      return;
    }
    if (!isMembers(value)) return;
    for (const [name, member] of Object.entries(value)) {
      const found: Found = { value: member, place: inside(place, name) };
      if (isExample(name, member, place)) continue;
      const isSchema =
        isMembers(member) && (name === 'schema' || (name === 'headers' && 'type' in member));
      if (isSchema) printSchema(context, found);
      else if (name !== 'schemas') visit(found);
    }
  };
  visit({ value: documents.read(file), place: { file, pointer: '' } });
}
