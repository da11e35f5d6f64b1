/**
 * Bundles the inspector: one script, one style sheet and the page that names both.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { licensesOf } from './licenses.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src', 'inspector');

const hashed = (name: string, ending: string, text: string): string =>
  `${name}-${createHash('sha256').update(text).digest('base64url').slice(0, 10)}.${ending}`;

/** The script, minified, and the modules that it consists of. */
const bundleScript = async (): Promise<{ code: string; modules: readonly string[] }> => {
  const { output } = await build({
    cwd: root,
    input: { inspector: join(source, 'main.tsx') },
    platform: 'browser',
    write: false,
    tsconfig: join(source, 'tsconfig.json'),
    output: { format: 'esm', minify: true, codeSplitting: false },
  });
  return { code: output[0].code, modules: output[0].moduleIds };
};

/**
 * Build the inspector in memory.
 *
 * @returns contents by file name; names of the script and the style sheet contain a hash of their contents
 */
export const buildInspector = async (): Promise<ReadonlyMap<string, string>> => {
  const { code, modules } = await bundleScript();
  const style = readFileSync(join(source, 'style.css'), 'utf8');
  const page = readFileSync(join(source, 'index.html'), 'utf8');
  const names = {
    script: hashed('inspector', 'js', code),
    style: hashed('inspector', 'css', style),
  };
  return new Map([
    [names.script, code],
    [names.style, style],
    ['index.html', page.replace('{script}', names.script).replace('{style}', names.style)],
    ['licenses.txt', licensesOf([...modules])],
  ]);
};

/** Write the inspector to a folder. */
export const writeInspector = async (dir: string): Promise<void> => {
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of await buildInspector()) writeFileSync(join(dir, name), text);
};
