/**
 * From a spec folder to every generated file, as text.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEventSpec } from './asyncapi.ts';
import { bundle } from './bundle.ts';
import { printContract } from './contract.ts';
import { type Documents, type Found, isMembers, membersAt, openDocuments } from './documents.ts';
import {
  printExamples,
  printFidelity,
  printIndex,
  printOperations,
  printStrict,
} from './data-modules.ts';
import { findExtensions } from './extensions.ts';
import { ledger } from './fidelity.ts';
import { checkInlineSchemas } from './inline-schemas.ts';
import { printJsonSchema, schemaFile } from './json-schema.ts';
import { formatSource } from './layout.ts';
import { operationsOf } from './operations.ts';
import { MODULES, type ModuleName, type Registry, SPEC_OF, collectSchemas } from './registry.ts';
import { inside } from './spec-problem.ts';
import { supportSource } from './support-source.ts';
import { checkExtensions } from './walk.ts';
import { printEventTables } from './event-tables.ts';
import { type TolerantForm, tolerantForm } from './tolerant.ts';
import { printModule, printTolerantModule } from './zod-module.ts';
import { printYaml } from './yaml.ts';

/** Schemas of what the command writes: no API speaks of them, so they are published as they are. */
const COPIED: readonly string[] = ['verify-report.schema.json'];

/**
 * Generates everything from a spec folder.
 *
 * @returns the text of each file by its path below the output folder, such as `json/webhook.schema.json`
 * @throws SpecProblem naming file and pointer when the spec says something that cannot be generated
 *
 * @example
 * ```ts
 * const files = await generate('spec');
 * files.get('contract.ts'); // "/**\n * What the provider promises …"
 * ```
 */
export async function generate(folder: string): Promise<ReadonlyMap<string, string>> {
  const documents = openDocuments(folder);
  const registry = collectSchemas(documents);
  const specs = MODULES.map((module) => SPEC_OF[module]);
  const sources = [
    ...new Set([...specs, ...registry.schemas.map(({ found }) => found.place.file)]),
  ];
  for (const file of sources) {
    checkExtensions({ value: documents.read(file), place: { file, pointer: '' } });
  }
  for (const file of specs) checkInlineSchemas(documents, registry, file);
  const tolerant = tolerantForm(documents, registry, received(documents));
  const modules = MODULES.map(
    (module) => [module, printModule(documents, registry, module)] as const,
  );
  const grades = ledger(documents, sources);
  const operations = (['control', 'sandbox'] as const).map((spec) => ({
    spec,
    operations: operationsOf(documents, SPEC_OF[spec]),
  }));

  // Slow, so it comes after what can be refused at once.
  const eventSpec = await readEventSpec(documents);
  const files = new Map<string, string>([
    ['contract.ts', printContract(eventSpec, findExtensions(documents, specs))],
    ['support.ts', supportSource()],
    ['examples.ts', printExamples(eventSpec)],
    ['fidelity.ts', printFidelity(grades)],
    ['operations.ts', printOperations(operations)],
    ['index.ts', printIndex(strictOnly(registry, tolerant))],
    ['strict.ts', printStrict()],
  ]);
  const tables = printEventTables(documents, registry, eventSpec);
  for (const [module, source] of modules) {
    files.set(`${module}.ts`, source + (module === 'events' ? tables : ''));
  }
  files.set('tolerant.ts', printTolerantModule(documents, registry, tolerant) + tables);
  for (const schema of registry.schemas.filter(({ found }) => isWorthAFile(found.value))) {
    const folder = tolerant.schemas.includes(schema) ? 'json/strict' : 'json';
    files.set(`${folder}/${schemaFile(schema.name)}`, printJsonSchema(registry, schema));
  }
  for (const schema of tolerant.schemas.filter(({ found }) => isWorthAFile(found.value))) {
    files.set(`json/${schemaFile(schema.name)}`, printJsonSchema(registry, schema, tolerant));
  }
  for (const file of specs) {
    const bundled = bundle(documents, registry, file);
    files.set(`json/${file.replace(/\.yaml$/, '.json')}`, `${JSON.stringify(bundled, null, 2)}\n`);
    files.set(`yaml/${file}`, printYaml(file, bundled));
  }
  for (const name of COPIED.filter((one) => existsSync(join(folder, one)))) {
    files.set(`json/${name}`, readFileSync(join(folder, name), 'utf8'));
  }
  for (const [path, text] of files) {
    if (path.endsWith('.ts')) files.set(path, await formatSource(path, text));
  }
  return files;
}

/** The places where the specs say what the provider sends: events, and answers of its API. */
function received(documents: Documents): Found[] {
  const asyncapi = documents.read(SPEC_OF.events);
  const { paths } = documents.read(SPEC_OF.control);
  const place = { file: SPEC_OF.control, pointer: '/paths' };
  const responses = Object.entries(membersAt(paths, place)).flatMap(([path, item]) =>
    Object.entries(membersAt(item, inside(place, path))).flatMap(([method, operation]) =>
      isMembers(operation) && isMembers(operation['responses'])
        ? [{ value: operation['responses'], place: inside(place, path, method, 'responses') }]
        : [],
    ),
  );
  return [{ value: asyncapi, place: { file: SPEC_OF.events, pointer: '' } }, ...responses];
}

/** The names that have no tolerant form, by the module that they stand in. */
function strictOnly(registry: Registry, tolerant: TolerantForm): [ModuleName, string[]][] {
  return (['control', 'events'] as const).map((module) => [
    module,
    registry.schemas
      .filter((schema) => schema.module === module && !tolerant.schemas.includes(schema))
      .map(({ name }) => name),
  ]);
}

/** Objects and choices of them get a file of their own; a mere text or number does not. */
function isWorthAFile(schema: unknown): boolean {
  return (
    isMembers(schema) && (schema['type'] === 'object' || 'oneOf' in schema || 'allOf' in schema)
  );
}
