/**
 * The command as one bundle: as the package ships it, and as the image does.
 *
 * @module
 */
import { chmodSync, cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plugin, build } from 'rolldown';
import { writeInspector } from './inspector.ts';
import { licensesOf } from './licenses.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * undici's entry loads proxies, caches, mocks, fetch and WebSocket as well. The command uses two
 * names; anything else it ever imports makes the build fail here instead of at run time.
 */
const undiciCore: Plugin = {
  name: 'undici-core',
  resolveId: (id) => (id === 'undici' ? '\0undici-core' : null),
  load: (id) =>
    id === '\0undici-core'
      ? `export { default as Agent } from 'undici/lib/dispatcher/agent.js';
         export { default as Client } from 'undici/lib/dispatcher/client.js';
         export { default as buildConnector } from 'undici/lib/core/connect.js';
         import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
         import api from 'undici/lib/api/index.js';
         Object.assign(Dispatcher.prototype, api);`
      : null,
};

/** Bundles the command, with the licences of what went in. */
export async function bundleCommand(dir: string, external: readonly string[]): Promise<void> {
  const { output } = await build({
    cwd: root,
    input: { main: './src/cli/main.ts' },
    platform: 'node',
    external: [...external],
    // jsonc-parser's CommonJS build requires its parts in a way that no bundler can follow.
    resolve: { mainFields: ['module', 'main'] },
    plugins: [undiciCore],
    output: {
      dir,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
    },
  });
  const modules = output.flatMap((one) => (one.type === 'chunk' ? one.moduleIds : []));
  writeFileSync(join(dir, 'licenses.txt'), licensesOf(modules));
}

/** What the image holds: the package as it is installed, but with all that it depends on bundled. */
export async function layOutImage(dir: string): Promise<void> {
  await bundleCommand(join(dir, 'dist', 'cli'), []);
  await writeInspector(join(dir, 'dist', 'inspector'));
  for (const path of [
    'package.json',
    'LICENSE',
    'spec',
    'schemas/json',
    'schemas/yaml',
    'src/cli/bin.js',
    'src/docs',
    'src/templates',
  ]) {
    cpSync(join(root, path), join(dir, path), { recursive: true });
  }
  // Some file systems do not keep it.
  chmodSync(join(dir, 'src', 'cli', 'bin.js'), 0o755);
}
