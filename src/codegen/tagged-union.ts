/**
 * Which field, if any, tells the options of a union apart.
 *
 * @module
 */
import {
  type Documents,
  type Found,
  type Members,
  follow,
  isMembers,
  membersAt,
} from './documents.ts';
import { objectShape } from './object-shape.ts';
import { type Place, SpecProblem } from './spec-problem.ts';
import { typesOf } from './vocabulary.ts';

/**
 * The name of a field that every option requires, with values that no other option has.
 *
 * @param discriminator OpenAPI's `discriminator`, which then must be such a field
 */
export function tagOf(
  documents: Documents,
  options: readonly Found[],
  discriminator: unknown,
  place: Place,
): string | null {
  const tags = options.map((option) => tagsOf(documents, option));
  const [first] = tags;
  const wanted = isMembers(discriminator) ? discriminator['propertyName'] : undefined;
  const tellsApart = (name: string): boolean => {
    const values = tags.flatMap((one): readonly (string | null)[] => one.get(name) ?? [null]);
    return !values.includes(null) && new Set(values).size === values.length;
  };
  const found = [...(first?.keys() ?? [])].filter(tellsApart);
  if (wanted === undefined) return found[0] ?? null;
  if (typeof wanted === 'string' && found.includes(wanted)) return wanted;
  throw new SpecProblem(
    place,
    `the discriminator "${String(wanted)}" must be required in every option, with "const" or "enum" values that no other option has.`,
  );
}

/** The fields that an option requires and lists the texts of. */
export function tagsOf(documents: Documents, option: Found): Map<string, readonly string[]> {
  const { value, place } = follow(documents, option);
  const schema = membersAt(value, place);
  const tags = new Map<string, readonly string[]>();
  if (typesOf(schema, place).join() !== 'object' && schema['allOf'] === undefined) return tags;
  const shape = objectShape(documents, { value, place });
  for (const name of shape.required) {
    const property = shape.properties.get(name);
    const values = property ? listedTexts(follow(documents, property).value) : [];
    if (values.length > 0) tags.set(name, values);
  }
  return tags;
}

/** The texts that a schema lists with `enum` or `const`; empty if it lists anything else. */
export function listedTexts(value: unknown): readonly string[] {
  if (!isMembers(value)) return [];
  const { const: only, enum: some }: Members = value;
  const values: unknown[] = Array.isArray(some) ? some : [only];
  return values.every((one) => typeof one === 'string') ? values : [];
}
