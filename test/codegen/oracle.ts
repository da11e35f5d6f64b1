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

/** Every schema that has a name in `components/schemas` or in a file of definitions. */
export function specSchemas(): SpecSchema[] {
  const specs = readSpecs();
  const ajv = new Ajv2020({
    strict: false,
    allErrors: false,
    validateSchema: false,
    logger: false,
  });
  addFormats.default(ajv);
  for (const [path, { id: _, ...content }] of specs) ajv.addSchema(content, BASE + path);

  const locate = (ref: string, from: string): Located => {
    const url = new URL(ref, from);
    let schema = specs.get(decodeURIComponent(url.pathname.slice(1)));
    for (const part of decodeURIComponent(url.hash.slice(1)).split('/').slice(1)) {
      schema = schema?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
    }
    if (schema === undefined) throw new Error(`${ref} from ${from} leads nowhere`);
    return { schema, at: (next) => locate(next, url.href) };
  };

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
      found.set(name, { name, validate: ajv.compile({ $ref: ref }), located: locate(ref, BASE) });
    }
  }
  return [...found.values()];
}
