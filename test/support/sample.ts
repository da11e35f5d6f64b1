/**
 * Long lists of cases in parts: `npm test` tries one part, drawn by a seed; `npm run test:all` tries everything.
 *
 * The part is every n-th case from an offset that the seed gives, so n consecutive seeds cover the whole list. The
 * seed is `TEST_SEED`, or the number of commits, so that a run can be repeated and n consecutive commits try everything.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const seedOfCommit = (): number => {
  try {
    const options = { cwd: root, encoding: 'utf8' as const, stdio: 'pipe' as const };
    return Number(execFileSync('git', ['rev-list', '--count', 'HEAD'], options));
  } catch {
    // A checkout without Git or without a commit.
    return 0;
  }
};

const readSeed = (): number => {
  const text = process.env['TEST_SEED'];
  if (text === undefined || text === '') return seedOfCommit();
  const seed = Number(text);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new Error(`TEST_SEED is "${text}". Set it to a whole number, e.g. TEST_SEED=1.`);
};

/** Whether everything is to be tried, as by `npm run test:all`. */
export const isWhole = process.env['TEST_WHOLE'] === 'yes';

/** The seed of this run. */
export const testSeed = readSeed();

/**
 * One case of `parts`, the first from an offset that the seed gives; every case in a whole run.
 *
 * @param items what could be tried
 * @param parts how many consecutive seeds it takes to try everything; no multiple of `PARTS` in slow-files.ts
 */
export const sample = <T>(items: readonly T[], parts: number): readonly T[] =>
  isWhole ? items : items.filter((_, index) => index % parts === testSeed % parts);

/** How much of a list this run tries, for the title of a test. */
export const describeSample = (items: readonly unknown[], parts: number): string =>
  isWhole
    ? `all ${items.length}`
    : `${sample(items, parts).length} of ${items.length}, seed ${testSeed}`;
