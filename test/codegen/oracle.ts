/**
 * The specs as ajv reads them, without a line of the generator: every YAML file is given to ajv as it
 * stands (less AsyncAPI's own `id`), and ajv follows the references between them.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readFileSync, readdirSync } from 'node:fs';
import { parse } from 'yaml';
import type { Located } from './arbitraries.ts';

const BASE = 'https://spec.test/';
const folder = new URL('../../spec/', import.meta.url);

/** A sample in a spec, and the spec's own judgement of it. */
export interface SpecExample {
  /** Where it stands. */
  readonly where: string;
  readonly document: unknown;
  readonly validate: ValidateFunction;
  /** The name of the schema that it is a sample of, if it has one. */
  readonly schema: string | null;
}

/** A schema of a spec by its name. */
export interface SpecSchema {
  readonly name: string;
  readonly validate: ValidateFunction;
  readonly located: Located;
}

/** All files below `spec/` by their path. */
export function readSpecs(): Map<string, any> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Map(
    paths
      .filter((path) => path.endsWith('.yaml'))
      .map((path) => [path, parse(readFileSync(new URL(path, folder), 'utf8'))]),
  );
}

function openAjv(specs: ReadonlyMap<string, any>): Ajv2020 {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: false,
    validateSchema: false,
    logger: false,
  });
  addFormats.default(ajv);
  for (const [path, { id: _, ...content }] of specs) ajv.addSchema(content, BASE + path);
  return ajv;
}

/** What a reference leads to, read by hand. */
function locate(specs: ReadonlyMap<string, any>, ref: string, from: string): Located {
  const url = new URL(ref, from);
  let schema = specs.get(decodeURIComponent(url.pathname.slice(1)));
  for (const part of decodeURIComponent(url.hash.slice(1)).split('/').slice(1)) {
    schema = schema?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  if (schema === undefined) throw new Error(`${ref} from ${from} leads nowhere`);
  return { schema, at: (next) => locate(specs, next, url.href) };
}

/** Every sample of a message, a body, a parameter or a header. */
export function specExamples(): SpecExample[] {
  const specs = readSpecs();
  const ajv = openAjv(specs);
  const found: SpecExample[] = [];
  const valueOf = (example: any, from: string): unknown =>
    example.$ref ? (locate(specs, example.$ref, from).schema as any).value : example.value;
  const add = (
    file: string,
    pointer: string,
    key: string,
    parent: any,
    documents: unknown[],
  ): void => {
    const ref: string | undefined = parent[key]?.$ref;
    const validate = ajv.compile({ $ref: `${BASE}${file}#${pointer}/${key}` });
    for (const document of documents) {
      const schema = ref?.split('/').at(-1) ?? null;
      found.push({ where: `${file}#${pointer}`, document, validate, schema });
    }
  };
  const visit = (file: string, pointer: string, value: any): void => {
    if (typeof value !== 'object' || value === null) return;
    const { schema, payload, example, examples } = value;
    if (schema !== undefined) {
      const named = Object.values<any>(examples ?? {}).map((one) => valueOf(one, BASE + file));
      add(file, pointer, 'schema', value, example === undefined ? named : [...named, example]);
    }
    if (payload !== undefined && Array.isArray(examples)) {
      add(
        file,
        pointer,
        'payload',
        value,
        examples.map((one: any) => one.payload),
      );
    }
    for (const [name, member] of Object.entries(value)) {
      if (['example', 'examples', 'value'].includes(name)) continue;
      visit(
        file,
        `${pointer}/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`,
        member,
      );
    }
  };
  for (const [path, content] of specs) visit(path, '', content);
  return found;
}

/** Every schema that has a name in `components/schemas` or in a file of definitions. */
export function specSchemas(): SpecSchema[] {
  const specs = readSpecs();
  const ajv = openAjv(specs);

  const found = new Map<string, SpecSchema>();
  for (const [path, content] of specs) {
    const pointers = content.components?.schemas
      ? Object.keys(content.components.schemas).map((name) => [
          name,
          `#/components/schemas/${name}`,
        ])
      : Object.keys(content.$defs ?? {}).map((name) => [name, `#/$defs/${name}`]);
    for (const [name = '', pointer = ''] of pointers) {
      if (found.has(name)) continue;
      const ref = BASE + path + pointer;
      found.set(name, {
        name,
        validate: ajv.compile({ $ref: ref }),
        located: locate(specs, ref, BASE),
      });
    }
  }
  return [...found.values()];
}
