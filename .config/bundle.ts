/**
 * The command as one bundle: as the package ships it, and as the image does.
 *
 * @module
 */
import { chmodSync, cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type CodeSplittingGroup,
  type OutputChunk,
  type OutputOptions,
  type Plugin,
  build,
} from 'rolldown';
import { writeInspector } from './inspector.ts';
import { licensesOf } from './licenses.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** As the sources import undici: by its file, because Bun has a module of its own under the package's name. */
const UNDICI = 'undici/index.js';

/**
 * undici's entry loads proxies, caches, mocks, fetch and WebSocket as well: half a megabyte. The
 * command uses three names; anything else it ever imports makes the build fail here instead of at
 * run time, and so does an import of the whole.
 */
const undiciCore: Plugin = {
  name: 'undici-core',
  resolveId: (id) => (id === UNDICI ? '\0undici-core' : null),
  load: (id) =>
    id === '\0undici-core'
      ? `export { default as Agent } from 'undici/lib/dispatcher/agent.js';
         export { default as Client } from 'undici/lib/dispatcher/client.js';
         export { default as buildConnector } from 'undici/lib/core/connect.js';
         import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
         import api from 'undici/lib/api/index.js';
         Object.assign(Dispatcher.prototype, api);`
      : null,
  generateBundle: (_options, bundle) => {
    const modules = Object.values(bundle).flatMap((one) =>
      one.type === 'chunk' ? one.moduleIds : [],
    );
    if (modules.some((id) => id.endsWith(UNDICI)))
      throw new Error(`The bundle contains ${UNDICI}. Import it under this name only.`);
  },
};

/** What is made when a module is loaded, though only texts with more than ASCII need it: file, expression, method. */
const MADE_LATE = [
  // Together 50 ms of every start.
  ['/string-width/index.js', String.raw`/^\p{RGI_Emoji}$/v`, 'test'],
  ['/string-width/index.js', 'new Intl.Segmenter()', 'segment'],
  ['/wrap-ansi/index.js', 'new Intl.Segmenter()', 'segment'],
  [
    '/slice-ansi/tokenize-ansi.js',
    "new Intl.Segmenter(undefined, {granularity: 'grapheme'})",
    'segment',
  ],
] as const;

/** Has those made with the first text that needs them. */
const madeLate: Plugin = {
  name: 'made-late',
  transform: (code, id) =>
    MADE_LATE.filter(([file]) => id.endsWith(`/node_modules${file}`)).reduce<string | null>(
      (changed, [, made, method]) => {
        const before = changed ?? code;
        if (!before.includes(`= ${made};`)) throw new Error(`${id} has no ${made}.`);
        const late = `(() => {
          let made;
          return { ${method}: (text) => (made ??= ${made}).${method}(text) };
        })()`;
        return before.replace(`= ${made};`, () => `= ${late};`);
      },
      null,
    ),
};

/** What `serve` imports before it listens. */
const SERVE_ENTRIES = ['src/cli/main.ts', 'src/cli/commands/serve.ts', 'src/create-mock.ts'].map(
  (path) => root + path,
);

/** Smaller chunks than this join others: to find and open a file takes longer than to read it. */
const SMALL_CHUNK = 24_000;

/** The chunks that these modules are in, with all that those import. */
const importedBy = (
  chunks: readonly OutputChunk[],
  modules: readonly string[],
): ReadonlySet<OutputChunk> => {
  const found = new Set<OutputChunk>();
  // What is not bundled has no chunk.
  const add = (chunk: OutputChunk | undefined): void => {
    if (chunk === undefined || found.has(chunk)) return;
    found.add(chunk);
    for (const file of chunk.imports) add(chunks.find(({ fileName }) => fileName === file));
  };
  for (const module of modules) {
    const holder = chunks.find(({ moduleIds }) => moduleIds.includes(module));
    if (holder === undefined) throw new Error(`No chunk of the bundle contains ${module}.`);
    add(holder);
  }
  return found;
};

/** The modules of small chunks that `serve` imports early, and that need no large one but the entry's. */
const smallAndEarly = (chunks: readonly OutputChunk[]): ReadonlySet<string> => {
  const entry = importedBy(chunks, [`${root}src/cli/main.ts`]);
  const isSmall = (chunk: OutputChunk): boolean =>
    entry.has(chunk) || chunk.code.length < SMALL_CHUNK;
  const early = [...importedBy(chunks, SERVE_ENTRIES)].filter(({ moduleIds }) =>
    [...importedBy(chunks, moduleIds.slice(0, 1))].every(isSmall),
  );
  return new Set(early.flatMap(({ moduleIds }) => moduleIds));
};

const bundle = async (
  external: readonly string[],
  output: OutputOptions,
  write: boolean,
): Promise<OutputChunk[]> => {
  const made = await build({
    cwd: root,
    input: { main: './src/cli/main.ts' },
    platform: 'node',
    external: [...external],
    // jsonc-parser's CommonJS build requires its parts in a way that no bundler can follow.
    resolve: { mainFields: ['module', 'main'] },
    plugins: [undiciCore, madeLate],
    write,
    output: {
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      ...output,
    },
  });
  return made.output.filter((one) => one.type === 'chunk');
};

/** Bundles the command, with the licences of what went in. */
export async function bundleCommand(dir: string, external: readonly string[]): Promise<void> {
  // Bundled twice: what the first one has split into small chunks, the second has in one file.
  const split = await bundle(external, {}, false);
  const early = smallAndEarly(split);
  const groups: CodeSplittingGroup[] = [
    { name: 'entry', tags: ['$initial'] },
    { name: 'early', test: (id) => early.has(id) },
  ];
  const output = await bundle(external, { dir, codeSplitting: { groups } }, true);
  const modules = output.flatMap(({ moduleIds }) => moduleIds);
  writeFileSync(join(dir, 'licenses.txt'), licensesOf(modules));
}

/** The files of the package that the command reads, by their path from the root: folders in whole. */
export const READ_AT_RUN_TIME = [
  'package.json',
  'spec',
  'schemas/json',
  'schemas/yaml',
  'src/docs',
  'src/templates',
] as const;

const ENTRY = '\0executable';

/** Replacements of modules that look for the package's files around themselves: an executable holds them as assets. */
const executableModules = (version: string): ReadonlyMap<string, string> =>
  new Map([
    [ENTRY, `import { main } from '${root}src/cli/main.ts'; main(process.argv.slice(2));`],
    [
      `${root}src/package-file.ts`,
      `import { getAsset, getAssetKeys } from 'node:sea';
      export const readPackageFile = async (path) => getAsset(path, 'utf8');
      export const listPackageFolder = async (path) =>
        getAssetKeys().filter((key) => key.startsWith(path)).map((key) => key.slice(path.length));
      export const packageRoot = () => { throw new Error('An executable has no folder of its own.'); };`,
    ],
    [
      `${root}src/conformance/run/tool.ts`,
      `export const tool = () => ({ name: 'sendemall-mock', version: '${version}' });`,
    ],
  ]);

/** An executable imports only modules of Node itself; a user's configuration has to be required. */
const requireConfiguration = (code: string): string => {
  const given = 'import(pathToFileURL(resolve(file)).href)';
  if (!code.includes(given)) throw new Error(`src/cli/verify/config-file.ts has no ${given}.`);
  return `const requireAsModule = (path) => {
    const loaded = process.getBuiltinModule('node:module').createRequire(path)(path);
    return loaded?.[Symbol.toStringTag] === 'Module' ? loaded : { default: loaded };
  };
  ${code.replace(given, 'requireAsModule(resolve(file))')}`;
};

/** The command as one CommonJS file, for the executable. */
export async function bundleExecutable(file: string, version: string): Promise<void> {
  const modules = executableModules(version);
  await build({
    cwd: root,
    input: ENTRY,
    platform: 'node',
    resolve: { mainFields: ['module', 'main'] },
    plugins: [
      undiciCore,
      madeLate,
      {
        name: 'executable',
        resolveId: (id) => (id === ENTRY ? id : null),
        load: (id) => modules.get(id) ?? null,
        transform: (code, id) =>
          id === `${root}src/cli/verify/config-file.ts` ? requireConfiguration(code) : null,
      },
    ],
    output: { file, format: 'cjs', codeSplitting: false },
  });
}

/** What the image holds: the package as it is installed, but with all that it depends on bundled. */
export async function layOutImage(dir: string): Promise<void> {
  await bundleCommand(join(dir, 'dist', 'cli'), []);
  await writeInspector(join(dir, 'dist', 'inspector'));
  for (const path of [...READ_AT_RUN_TIME, 'LICENSE', 'src/cli/bin.js']) {
    cpSync(join(root, path), join(dir, path), { recursive: true });
  }
  // Some file systems do not keep it.
  chmodSync(join(dir, 'src', 'cli', 'bin.js'), 0o755);
}
