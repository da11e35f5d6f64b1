/**
 * Our extensions that say more than a grade: found wherever they stand, and held against the JSON
 * Schema that is published for each.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type Documents, type Found, isMembers } from './documents.ts';
import { SpecProblem, inside, pointerNames, showPlace } from './spec-problem.ts';
import { isExample } from './walk.ts';

/** Extensions by name. Only limits may stand in more than one place. */
export function findExtensions(
  documents: Documents,
  files: readonly string[],
): ReadonlyMap<string, readonly Found[]> {
  const found = new Map<string, Found[]>();
  const visit = ({ value, place }: Found): void => {
    if (Array.isArray(value)) {
      for (const [at, item] of value.entries()) visit({ value: item, place: inside(place, at) });
    }
    if (!isMembers(value)) return;
    for (const [name, member] of Object.entries(value)) {
      const one: Found = { value: member, place: inside(place, name) };
      if (isExample(name, member, place) || name.startsWith('x-fidelity')) continue;
      if (
        !name.startsWith('x-') ||
        place.pointer.endsWith('/properties') ||
        place.pointer.endsWith('/headers')
      ) {
        visit(one);
        continue;
      }
      const [other] = found.get(name) ?? [];
      if (other && name !== 'x-limits')
        throw new SpecProblem(
          one.place,
          `"${name}" stands at ${showPlace(other.place)} too. Say it once.`,
        );
      checkAgainstItsSchema(documents, name, one);
      found.set(name, [...(found.get(name) ?? []), one]);
    }
  };
  for (const file of files) visit({ value: documents.read(file), place: { file, pointer: '' } });
  return found;
}

function checkAgainstItsSchema({ folder }: Documents, name: string, { value, place }: Found): void {
  const file = join(folder, 'extensions', `${name}.schema.json`);
  if (!existsSync(file)) {
    throw new SpecProblem(
      place,
      `"${name}" has no schema. Publish one as extensions/${name}.schema.json.`,
    );
  }
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')));
  if (validate(value)) return;
  const [error] = validate.errors ?? [];
  const where = inside(place, ...pointerNames(error?.instancePath ?? ''));
  throw new SpecProblem(
    where,
    `${error?.message ?? 'is wrong'}, says extensions/${name}.schema.json.`,
  );
}
