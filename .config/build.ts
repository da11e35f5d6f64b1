/**
 * Builds `dist/`: the library's entries file by file with the compiler, the command as one bundle,
 * and what the image holds. The bundle is why the command starts fast: what `serve` needs is one
 * file, the rest is loaded late.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleCommand, layOutImage } from './bundle.ts';
import { writeInspector } from './inspector.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(
  'package.json',
  'bin/tsc',
);

/** Large and loaded on demand, so they stay in `node_modules` of the installed package. */
const LATE = ['@faker-js/faker', 'prom-client'];

// `dist/binary/` is made by .config/binary.ts.
for (const name of existsSync(`${root}dist`) ? readdirSync(`${root}dist`) : []) {
  if (name !== 'binary') rmSync(`${root}dist/${name}`, { recursive: true, force: true });
}
const compiled = spawnSync(process.execPath, [tsc, '-p', `${root}.config/tsconfig.build.json`], {
  cwd: root,
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(1);
await bundleCommand(`${root}dist/cli`, LATE);
await writeInspector(`${root}dist/inspector`);
await layOutImage(`${root}dist/image`);
