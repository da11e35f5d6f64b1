/**
 * Builds `dist/`: the library's entries file by file with the compiler, the command as one bundle.
 * The bundle is why the command starts fast: what `serve` needs is one file, the rest is loaded late.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Plugin, build } from 'rolldown';
import { licensesOf } from './licenses.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(
  'package.json',
  'bin/tsc',
);

/** Loaded on demand and heavy, so they stay in `node_modules` of whoever installs the package. */
const LATE = ['@faker-js/faker', 'prom-client'];

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
         export { default as buildConnector } from 'undici/lib/core/connect.js';
         import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
         import api from 'undici/lib/api/index.js';
         Object.assign(Dispatcher.prototype, api);`
      : null,
};

rmSync(`${root}dist`, { recursive: true, force: true });
const compiled = spawnSync(process.execPath, [tsc, '-p', `${root}.config/tsconfig.build.json`], {
  cwd: root,
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(1);
const { output } = await build({
  cwd: root,
  input: { main: './src/cli/main.ts' },
  platform: 'node',
  external: LATE,
  // jsonc-parser's CommonJS build requires its parts in a way that no bundler can follow.
  resolve: { mainFields: ['module', 'main'] },
  plugins: [undiciCore],
  output: {
    dir: 'dist/cli',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  },
});
const modules = output.flatMap((one) => (one.type === 'chunk' ? one.moduleIds : []));
writeFileSync(`${root}dist/cli/licenses.txt`, licensesOf(modules));
