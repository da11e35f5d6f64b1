/**
 * Runs the tests where tests that race the machine or assume its permissions fail: beside busy threads, in a copy of the
 * checkout inside a folder with mode 0700, with a home folder that cannot be written, and, as root, by another user.
 *
 *     npm run test:loaded                          # ten rounds of everything, hours
 *     npm run test:loaded -- --rounds 1 --sample 12 --seed 7
 *
 * `--sample N` splits the test files into N parts, by an order that the seed draws, and runs one part a round: N rounds
 * run every file once.
 *
 * @module
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Numeric id of the unprivileged user: a container may have no name for it. */
const OTHER_USER = 65_534;
const BUSY_THREADS = 4;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    sample: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(BUSY_THREADS) },
  },
});

const numberOf = (name: keyof typeof values): number => {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= (name === 'threads' ? 0 : 1)) return value;
  console.error(`--${name} is "${values[name]}". Give a whole number, e.g. --${name} 1.`);
  process.exit(2);
};

const listed = (...args: readonly string[]): string[] =>
  execFileSync('git', ['ls-files', '-z', ...args], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '');

/** The files in an order that the seed draws. */
const shuffled = (files: readonly string[], seed: number): string[] => {
  let state = seed >>> 0;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
  return files
    .map((file) => ({ file, place: draw() }))
    .sort((one, other) => one.place - other.place)
    .map(({ file }) => file);
};

/** One of `parts` parts of the test files: `parts` rounds in a row run every file once. */
const partOf = (files: readonly string[], parts: number, round: number): string[] =>
  files.filter((_, index) => index % parts === round % parts);

/** Links what is installed, or copies it where the folder is on another file system. */
const bringInstalled = (checkout: string): void => {
  const [from, to] = [join(root, 'node_modules'), join(checkout, 'node_modules')];
  const { status } = spawnSync('cp', ['-al', from, to], { stdio: 'ignore' });
  if (status === 0) return;
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, to]);
};

/**
 * A copy of the tracked files in a folder that only its owner enters. Not inside this checkout: projects that tests make would
 * find what is installed here.
 */
const privateCopy = (
  owner: number | null,
): { readonly checkout: string; readonly home: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-loaded-'));
  const [checkout, home] = [join(folder, 'checkout'), join(folder, 'home')];
  const made = new Set<string>();
  const folderOf = (path: string): void => {
    if (made.has(path)) return;
    mkdirSync(path, { recursive: true });
    made.add(path);
  };
  for (const path of listed('--cached', '--others', '--exclude-standard')) {
    const target = join(checkout, path);
    folderOf(dirname(target));
    copyFileSync(join(root, path), target);
  }
  bringInstalled(checkout);
  execFileSync('git', ['init', '-q'], { cwd: checkout });
  execFileSync('git', ['add', '-A'], { cwd: checkout });
  mkdirSync(join(folder, 'tmp'));
  mkdirSync(home);
  chmodSync(home, 0o555);
  if (owner !== null) {
    const own = [checkout, join(folder, 'tmp')];
    // Folders, and files that are copies: what is linked belongs to this checkout, too.
    const mine = ['(', '-type', 'd', '-o', '-not', '-path', '*/node_modules/*', ')'];
    execFileSync('find', [...own, ...mine, '-exec', 'chown', '-h', `${owner}:${owner}`, '{}', '+']);
    chownSync(folder, owner, owner);
  }
  chmodSync(folder, 0o700);
  return { checkout, home };
};

/** Ends with the process that has started it, however that ends. */
const BUSY = 'const parent = process.ppid; while (process.ppid === parent);';

const startBusyThreads = (count: number): ChildProcess[] =>
  Array.from({ length: count }, () => spawn(process.execPath, ['-e', BUSY], { stdio: 'ignore' }));

/** Runs the test files of one round. @returns whether all passed */
const runRound = (files: readonly string[], owner: number | null, testSeed: number): boolean => {
  const { checkout, home } = privateCopy(owner);
  const busy = startBusyThreads(numberOf('threads'));
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts'];
  try {
    execFileSync(process.execPath, [...args, ...files], {
      cwd: checkout,
      env: {
        ...process.env,
        HOME: home,
        TMPDIR: join(home, '..', 'tmp'),
        CI: 'true',
        TEST_SEED: String(testSeed),
      },
      stdio: 'inherit',
      ...(owner === null ? {} : { uid: owner, gid: owner }),
    });
    return true;
  } catch {
    return false;
  } finally {
    for (const thread of busy) thread.kill('SIGKILL');
    rmSync(dirname(checkout), { recursive: true, force: true });
  }
};

/** Whether another user reaches this checkout: it may itself be in a folder that only root enters. */
const isReachable = (user: number): boolean => {
  const { status } = spawnSync(process.execPath, ['-e', ''], { cwd: root, uid: user, gid: user });
  return status === 0;
};

const isRoot = process.getuid?.() === 0;
const owner = isRoot && isReachable(OTHER_USER) ? OTHER_USER : null;
if (isRoot && owner === null) {
  console.log(
    `By root: user ${OTHER_USER} cannot enter ${root}. Clone into a folder that others may enter.`,
  );
}
const [rounds, sample, seed] = [numberOf('rounds'), numberOf('sample'), numberOf('seed')];
const files = shuffled(listed('test/**/*.test.ts', 'test/*.test.ts'), seed);
let failed = 0;
for (let round = 0; round < rounds; round += 1) {
  const chosen = sample === 1 ? [] : partOf(files, sample, round);
  const what =
    chosen.length === 0 ? 'all test files' : `${chosen.length} of ${files.length} test files`;
  const who = owner === null ? 'this user' : `user ${owner}`;
  console.log(
    `Round ${round + 1} of ${rounds}: ${what}, by ${who}, in ${relative(process.cwd(), root) || '.'}`,
  );
  if (!runRound(chosen, owner, seed + round)) failed += 1;
}
console.log(`${rounds - failed} of ${rounds} rounds passed.`);
process.exit(failed === 0 ? 0 : 1);
