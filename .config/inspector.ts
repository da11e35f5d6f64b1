/**
 * Bundles the inspector: one script, one style sheet and the page that names both; what the documentation adds to them.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'lightningcss';
import { build, type Plugin } from 'rolldown';
import { VIEW_STYLE } from '../src/conformance/report-view/style.ts';
import { licensesOf } from './licenses.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src', 'inspector');

const hashed = (name: string, ending: string, text: string): string =>
  `${name}-${createHash('sha256').update(text).digest('base64url').slice(0, 10)}.${ending}`;

/** Without members that no form shows: names of types, comments, descriptions of objects, all examples but the first. */
const withoutProse = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(withoutProse);
  if (typeof schema !== 'object' || schema === null) return schema;
  const isField = !('properties' in schema || 'oneOf' in schema);
  const members = Object.entries(schema).filter(
    ([name, value]) =>
      typeof value !== 'string' ||
      !(name === 'title' || name === '$comment' || (name === 'description' && !isField)),
  );
  return Object.fromEntries(
    members.map(([name, value]) => [
      name,
      name === 'examples' && Array.isArray(value) ? value.slice(0, 1) : withoutProse(value),
    ]),
  );
};

const leanSchemas: Plugin = {
  name: 'lean-schemas',
  transform: {
    filter: { id: /\.schema\.json$/ },
    handler: (code) => JSON.stringify(withoutProse(JSON.parse(code))),
  },
};

/** The script, minified, and the modules that it consists of. */
const bundleScript = async (
  entry: string,
): Promise<{ code: string; modules: readonly string[] }> => {
  const { output } = await build({
    cwd: root,
    input: { inspector: join(source, entry) },
    platform: 'browser',
    write: false,
    plugins: [leanSchemas],
    tsconfig: join(source, 'tsconfig.json'),
    output: { format: 'esm', minify: true, codeSplitting: false },
  });
  return { code: output[0].code, modules: output[0].moduleIds };
};

const minified = (style: string): string =>
  transform({ filename: 'style.css', code: Buffer.from(style), minify: true }).code.toString();

/**
 * Build the inspector in memory.
 *
 * @returns contents by file name; names of the script and the style sheet contain a hash of their contents
 */
export const buildInspector = async (): Promise<ReadonlyMap<string, string>> => {
  const { code, modules } = await bundleScript('main.tsx');
  const reference = await bundleScript('reference.ts');
  const style = minified(readFileSync(join(source, 'style.css'), 'utf8') + VIEW_STYLE);
  const docsStyle = minified(readFileSync(join(source, 'docs.css'), 'utf8'));
  const page = readFileSync(join(source, 'index.html'), 'utf8').replaceAll(/\n\s*/g, '\n');
  const names = {
    script: hashed('inspector', 'js', code),
    reference: hashed('reference', 'js', reference.code),
    style: hashed('inspector', 'css', style),
    docsStyle: hashed('docs', 'css', docsStyle),
  };
  return new Map([
    [names.script, code],
    [names.reference, reference.code],
    [names.style, style],
    [names.docsStyle, docsStyle],
    ['index.html', page.replace('{script}', names.script).replace('{style}', names.style)],
    ['licenses.txt', licensesOf([...modules])],
  ]);
};

/** Write the inspector to a folder. */
export const writeInspector = async (dir: string): Promise<void> => {
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of await buildInspector()) writeFileSync(join(dir, name), text);
};
