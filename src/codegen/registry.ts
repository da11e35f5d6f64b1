/**
 * Every named schema of the three specs: its name in source, the module that it is generated into,
 * and what it needs.
 *
 * @module
 */
import { posix } from 'node:path';
import { type Documents, type Found, filesBelow, follow, isMembers } from './documents.ts';
import { type Place, SpecProblem, inside, pointerNames, showPlace } from './spec-problem.ts';
import { isExample } from './walk.ts';

/** The generated modules, in the order in which one may import the other. */
export const MODULES = ['events', 'control', 'sandbox'] as const;
export type ModuleName = (typeof MODULES)[number];

/** The spec that each module is generated from. */
export const SPEC_OF: Readonly<Record<ModuleName, string>> = {
  events: 'asyncapi.yaml',
  control: 'openapi.yaml',
  sandbox: 'sandbox.openapi.yaml',
};

/** Names that the other generated modules export. */
const TAKEN: readonly string[] = ['EventType', 'Grade', 'Operation', 'OperationId'];

/** A schema with a name. */
export interface NamedSchema {
  readonly name: string;
  readonly module: ModuleName;
  readonly found: Found;
}

/** The named schemas. */
export interface Registry {
  /** In dependency order. */
  readonly schemas: readonly NamedSchema[];
  /** The schema that a reference leads to in the end. */
  schemaOf(ref: Found): NamedSchema;
}

/** Collect the named schemas, in order of their dependencies. */
export function collectSchemas(documents: Documents): Registry {
  const byPlace = new Map<string, NamedSchema>();
  const byName = new Map<string, NamedSchema>();
  const ordered: NamedSchema[] = [];

  const register = (found: Found, name: string, module: ModuleName): void => {
    if (byPlace.has(showPlace(found.place))) return;
    if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) {
      throw new SpecProblem(
        found.place,
        `a schema's name must be like "EmailReplied", not "${name}".`,
      );
    }
    if (TAKEN.includes(name)) {
      throw new SpecProblem(
        found.place,
        `"${name}" is the name of something else that is generated.`,
      );
    }
    const other = byName.get(name);
    if (other) {
      const first = showPlace(other.found.place);
      throw new SpecProblem(
        found.place,
        `there is another schema "${name}" at ${first}. Rename one.`,
      );
    }
    const schema: NamedSchema = { name, module, found };
    byPlace.set(showPlace(found.place), schema);
    byName.set(name, schema);
  };

  for (const module of MODULES) {
    const file = SPEC_OF[module];
    const start: Found = { place: { file, pointer: '' }, value: documents.read(file) };
    for (const { found, name } of componentsOf(documents, file)) register(found, name, module);
    for (const found of reachable(documents, start)) register(found, nameOf(found.place), module);
  }

  for (const file of filesBelow(documents, 'schemas')) checkUsed(documents, file, byPlace);

  const state = new Map<NamedSchema, 'open' | 'done'>();
  const visit = (schema: NamedSchema): void => {
    if (state.get(schema) === 'done') return;
    if (state.get(schema) === 'open') {
      throw new SpecProblem(
        schema.found.place,
        `"${schema.name}" contains itself, which the printer cannot say.`,
      );
    }
    state.set(schema, 'open');
    for (const target of references(schema.found)) visit(schemaOf(target));
    state.set(schema, 'done');
    ordered.push(schema);
  };
  const schemaOf = (ref: Found): NamedSchema => {
    const target = follow(documents, ref);
    const schema = byPlace.get(showPlace(target.place));
    if (schema) return schema;
    throw new SpecProblem(
      ref.place,
      `refers to ${showPlace(target.place)}, which has no name. Move it to components/schemas or to a file in schemas/.`,
    );
  };
  for (const schema of byPlace.values()) visit(schema);
  return { schemas: ordered, schemaOf };
}

/** Reject a definition that no spec references: it would be silently dropped. */
function checkUsed(
  documents: Documents,
  file: string,
  used: ReadonlyMap<string, NamedSchema>,
): void {
  const { $defs: definitions } = documents.read(file);
  const places = isMembers(definitions)
    ? Object.keys(definitions).map((name) => inside({ file, pointer: '' }, '$defs', name))
    : [{ file, pointer: '' }];
  const unused = places.find((place) => !used.has(showPlace(place)));
  if (!unused) return;
  throw new SpecProblem(
    unused,
    'nothing refers to this. Take it out, or refer to it from components/schemas.',
  );
}

/** A spec's own `components/schemas`: their names win over those of files. */
function componentsOf(documents: Documents, file: string): { found: Found; name: string }[] {
  const { components } = documents.read(file);
  const schemas = isMembers(components) ? components['schemas'] : undefined;
  if (!isMembers(schemas)) return [];
  return Object.entries(schemas).map(([name, value]) => {
    const place = inside({ file, pointer: '' }, 'components', 'schemas', name);
    return { name, found: follow(documents, { place, value }) };
  });
}

/** Schemas outside of `components` that something refers to, near or far. */
function reachable(documents: Documents, start: Found): Found[] {
  const seen = new Set<string>();
  const found: Found[] = [];
  const visit = (from: Found): void => {
    for (const ref of references(from)) {
      const target = follow(documents, ref);
      if (seen.has(showPlace(target.place))) continue;
      seen.add(showPlace(target.place));
      if (isSchemaPlace(target.place)) found.push(target);
      visit(target);
    }
  };
  visit(start);
  return found;
}

function isSchemaPlace({ file, pointer }: Place): boolean {
  return file.startsWith('schemas/') || pointer.startsWith('/components/schemas/');
}

function nameOf({ file, pointer }: Place): string {
  const last = pointerNames(pointer).at(-1) ?? posix.basename(file).split('.', 1)[0]!;
  return last.replaceAll(/(?:^|[-_. ])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The values that are references, directly or deep inside, not followed. */
export function references({ value, place }: Found): Found[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, at) =>
      references({ value: item, place: inside(place, at) }),
    );
  }
  if (!isMembers(value)) return [];
  const deep = Object.entries(value)
    .filter(([name, member]) => typeof member === 'object' && !isExample(name, member, place))
    .flatMap(([name, member]) => references({ value: member, place: inside(place, name) }));
  return typeof value['$ref'] === 'string' ? [{ value, place }, ...deep] : deep;
}
