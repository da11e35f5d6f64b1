/**
 * Builds the command as one executable file that needs no Node: `npm run binary` for this machine,
 * `npm run binary -- linux-x64 linux-arm64 win-x64` for others. It is the Node that `npm ci` brings, with the bundled command
 * and the files that it reads inside (a single-executable application).
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'postject';
import { bundleExecutable, READ_AT_RUN_TIME } from './bundle.ts';
import { writeInspector } from './inspector.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = join(root, '.tmp', 'binary');
const target = join(root, 'dist', 'binary');

/** Marks the place in Node's executable; the same in every Node. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const PLATFORMS = ['linux-x64', 'linux-arm64', 'win-x64'] as const;
type Platform = (typeof PLATFORMS)[number];

const own = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

const isPlatform = (name: string): name is Platform =>
  (PLATFORMS as readonly string[]).includes(name);

const manifestOf = (path: string) =>
  JSON.parse(readFileSync(join(root, path), 'utf8')) as {
    readonly version: string;
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };

const { version } = manifestOf('package.json');

const executable = (platform: Platform): string =>
  platform.startsWith('win') ? 'bin/node.exe' : 'bin/node';

/** Node for that platform: installed for this one, from the package registry for others. */
const nodeFor = (platform: Platform): string => {
  const name = `node-${platform}`;
  const installed = join(root, 'node_modules', name, executable(platform));
  if (existsSync(installed)) return installed;
  const wanted = `${name}@${manifestOf('test/runtime/package.json').optionalDependencies[name]}`;
  const options = { cwd: work, encoding: 'utf8', shell: process.platform === 'win32' } as const;
  const packed = execFileSync('npm', ['pack', '--silent', wanted], options).trim();
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', packed, '-C', folder, '--strip-components=1'], { cwd: work });
  return join(folder, executable(platform));
};

/** Where the inspector is built for the executable, with the path that it has in the package. */
const built = join(work, 'package');

const filesIn = (from: string, path: string): readonly (readonly [string, string])[] => {
  const full = join(from, path);
  if (!statSync(full).isDirectory()) return [[path, full]];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [relative(from, file).replaceAll('\\', '/'), file] as const);
};

/** Every file that the command reads, by its path in the package. */
const assets = (): Record<string, string> =>
  Object.fromEntries([
    ...READ_AT_RUN_TIME.flatMap((path) => filesIn(root, path)),
    ...filesIn(built, 'dist/inspector'),
  ]);

/** What goes into Node: the command and its assets. Compiled code fits only the Node that compiled it. */
const prepare = (useCodeCache: boolean): Buffer => {
  const blob = join(work, 'command.blob');
  const config = {
    main: join(work, 'main.cjs'),
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache,
    assets: assets(),
  };
  writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
  execFileSync(process.execPath, ['--experimental-sea-config', join(work, 'sea.json')]);
  return readFileSync(blob);
};

const make = async (platform: Platform): Promise<void> => {
  const ending = platform.startsWith('win') ? '.exe' : '';
  const file = join(target, `sendemall-mock-${platform}${ending}`);
  copyFileSync(nodeFor(platform), file);
  chmodSync(file, 0o755);
  await inject(file, 'NODE_SEA_BLOB', prepare(platform === own), { sentinelFuse: FUSE });
  const size = (statSync(file).size / 1e6).toFixed(0);
  console.log(`${relative(root, file)}  ${size} MB`);
};

const wanted = process.argv.slice(2);
const platforms = wanted.length === 0 ? [own] : wanted;
const unknown = platforms.filter((name) => !isPlatform(name));
if (unknown.length > 0) {
  console.error(`No executable for ${unknown.join(', ')}. Pass any of ${PLATFORMS.join(', ')}.`);
  process.exit(2);
}

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
mkdirSync(target, { recursive: true });
await bundleExecutable(join(work, 'main.cjs'), version);
await writeInspector(join(built, 'dist', 'inspector'));
for (const platform of platforms.filter(isPlatform)) await make(platform);
