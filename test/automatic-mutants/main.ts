/**
 * `npm run mutants`: changes three correct receivers mechanically, one operator at a time, and runs the conformance suite
 * with all hooks against each. A mutant that passes is equivalent, with a reason in `equivalent.ts`, or a gap of the suite.
 *
 * `npm run mutants -- express --sample 20 --seed 3` tries a part of one receiver. Without `--sample` and `--grep`,
 * `results.md` is written; receivers that did not run keep their rows.
 * `--resume` goes on where a stopped run has ended.
 *
 * @module
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { judgeMutant, type Judged } from './judge.ts';
import type { MutantSource } from './mutant.ts';
import { createLog, type Log } from './log.ts';
import { renderResults, summaryOf } from './results.ts';
import { sampleOf } from './sample.ts';
import { SOURCES } from './sources.ts';

/** Receivers at a time; more would measure the machine and not the receiver. */
const AT_ONCE = 2;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    grep: { type: 'string', default: '' },
    resume: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => SOURCES.every((source) => source.name !== name));
if (unknown.length > 0) {
  console.error(
    `Unknown receiver "${unknown.join('", "')}". Known: ${SOURCES.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}

const folder = fileURLToPath(new URL('../../.tmp/automatic-mutants/', import.meta.url));

/** What a stopped run has judged already, for `--resume`. */
const openLog = async (name: string): Promise<Log> => {
  await mkdir(folder, { recursive: true });
  return createLog(`${folder}${name}.jsonl`, values.resume);
};

const judgeSource = async (source: MutantSource): Promise<readonly Judged[]> => {
  const own = `${folder}${source.name}`;
  await rm(own, { recursive: true, force: true });
  const all = await source.prepare(own);
  const matching = all.filter(({ place, original, replacement }) =>
    `${place} ${original} -> ${replacement}`.includes(values.grep),
  );
  const waiting = [...sampleOf(matching, Number(values.sample ?? matching.length), values.seed)];
  const total = waiting.length;
  const log = await openLog(source.name);
  const judged: Judged[] = [];
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const known = log.find(mutant);
      const one = known ?? (await judgeMutant(mutant));
      if (known === null && one.outcome !== 'equivalent') log.add(one);
      judged.push(one);
      console.error(
        `${source.name} ${judged.length}/${total}  ${one.outcome}  ${mutant.place}  ` +
          `${mutant.original} -> ${mutant.replacement}  ${one.by}`,
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return judged;
};

const results = new Map<string, readonly Judged[]>();
for (const source of SOURCES) {
  if (positionals.length > 0 && !positionals.includes(source.name)) continue;
  results.set(source.name, await judgeSource(source));
  console.log(summaryOf(source.name, results.get(source.name) ?? []));
}
const isWhole = values.sample === undefined && values.grep === '';
const left = SOURCES.filter(({ name }) => !results.has(name));
if (isWhole) {
  const page = new URL('results.md', import.meta.url);
  await writeFile(page, renderResults(results, left, await readFile(page, 'utf8')));
}
const survivors = [...results.values()].flat().filter(({ outcome }) => outcome === 'survived');
// A broken receiver may leave something running behind.
process.exit(survivors.length === 0 ? 0 : 1);
