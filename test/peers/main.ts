/**
 * The packed package beside every supported major of its peers: installed by npm without flags, type-checked without
 * `skipLibCheck`, and run. Installs into `.tmp/peers`, so it needs a registry: `npm run test:peers`.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = `${root}.tmp/peers`;
const sample = `${root}test/vitest/sample`;
const tarball = `${folder}/sendemall-mock.tgz`;
const tsc = `${root}node_modules/.bin/tsc`;

const VITEST = ['2.1.9', '3.0.9', '3.2.7', '4.0.18', '4.1.12', '5.0.0', '5.1.2'];
const TESTCONTAINERS = ['10.28.0', '11.14.0', '12.2.0'];
const MIN_VITEST = 3;
const NEEDS = /requires vitest 3 or newer; found vitest/u;

const CONTAINER = `
import { SendEmAllContainer } from 'sendemall-mock/testcontainers';
export const start = () => new SendEmAllContainer('sendemall-mock').withClock('skip').withDatabase().start();
export const url = async (): Promise<string> => (await start()).getBaseUrl();
`;

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

const run = (cwd: string, file: string, ...args: string[]): Ended => {
  const ended = spawnSync(file, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  return { status: ended.status, output: `${ended.stdout ?? ''}${ended.stderr ?? ''}` };
};

const must = ({ status, output }: Ended, doing: string): string => {
  if (status !== 0) throw new Error(`${doing} fails:\n${output}`);
  return output;
};

const project = (name: string, ...packages: string[]): string => {
  const at = `${folder}/${name}`;
  rmSync(at, { recursive: true, force: true });
  cpSync(sample, at, { recursive: true });
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const wanted = [tarball, 'zod@4', '@types/node@24', ...packages];
  must(run(at, 'npm', 'install', ...flags, ...wanted), 'npm install');
  must(run(at, 'npx', '--no-install', 'sendemall-mock', '--version'), 'the command');
  return at;
};

/** Declarations of a peer may be wrong by themselves; those of this package and the project's own files may not. */
const typeCheck = (at: string): void => {
  const errors = run(at, tsc, '-p', 'tsconfig.json')
    .output.split('\n')
    .filter((line) => /: error TS/u.test(line))
    .filter((line) => !/^node_modules\/(?!sendemall-mock\/)/u.test(line));
  if (errors.length > 0) throw new Error(errors.join('\n'));
};

const vitest = (version: string): string => {
  const at = project(`vitest-${version}`, `vitest@${version}`);
  const tests = run(at, 'npx', '--no-install', 'vitest', 'run');
  if (Number.parseInt(version, 10) < MIN_VITEST) {
    if (!NEEDS.test(tests.output)) throw new Error(`No word of what is needed:\n${tests.output}`);
    return 'refused in one line';
  }
  must(tests, 'vitest');
  typeCheck(at);
  return /\d+ passed/u.exec(tests.output)?.[0] ?? '';
};

const testcontainers = (version: string): string => {
  const at = project(`testcontainers-${version}`, `testcontainers@${version}`);
  for (const file of ['receiver.spec.ts', 'vitest.config.ts']) rmSync(`${at}/${file}`);
  writeFileSync(`${at}/container.ts`, CONTAINER);
  typeCheck(at);
  const load = "import('sendemall-mock/testcontainers')";
  must(run(at, process.execPath, '--eval', load), 'the import');
  return 'types, import';
};

let failed = 0;
const step = (name: string, attempt: () => string): void => {
  try {
    console.log(`ok    ${name.padEnd(24)} ${attempt()}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name.padEnd(24)} ${(error as Error).message}`);
  }
};

mkdirSync(folder, { recursive: true });
must(run(root, process.execPath, '.config/build.ts'), 'the build');
const packed = must(
  run(root, 'npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder),
  'npm pack',
);
cpSync(`${folder}/${packed.trim().split('\n').at(-1) ?? ''}`, tarball);
for (const version of VITEST) step(`vitest ${version}`, () => vitest(version));
for (const version of TESTCONTAINERS) {
  step(`testcontainers ${version}`, () => testcontainers(version));
}
process.exitCode = failed === 0 ? 0 : 1;
