/**
 * `npm run pages`: finds a wrong example for the page of every check, one that fails exactly this check, and records what
 * the suite prints of it and of the right receiver. `npm run gen` puts that into `src/docs/checks.json`.
 *
 * With ids, only those pages: `npm run pages -- signature/missing-header`. `--keep` keeps the examples that are recorded,
 * and does not run the whole suite against each.
 *
 * @module
 */
import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import type { Check } from '../../src/conformance/check.ts';
import type { Report } from '../../src/conformance/report.ts';
import {
  flawsOf,
  mutantOf,
  OUTPUTS_FILE,
  printRight,
  printWrong,
  problemsOf,
  readOutputs,
  type PageOutput,
} from './page-outputs.ts';
import { examineMutant } from './run-suite.ts';

const { values: flags, positionals: only } = parseArgs({
  allowPositionals: true,
  options: {
    keep: { type: 'boolean', default: false },
    'at-once': { type: 'string', default: '4' },
  },
});

const before = new Map(
  (existsSync(OUTPUTS_FILE) ? readOutputs() : []).map((page) => [page.id, page]),
);
const after = new Map(before);
const runs = new Map<string, Promise<Report>>();
const problems: string[] = [];

const wholeRun = (name: string): Promise<Report> => {
  const known = runs.get(name) ?? examineMutant(mutantOf(name));
  runs.set(name, known);
  return known;
};

/** The first mutant that fails exactly the check, the recorded one first. */
const findExample = async (check: Check): Promise<string | null> => {
  const { id, catches } = check;
  const recorded = before.get(id)?.example;
  if (flags.keep && recorded !== undefined) return recorded;
  const found: string[] = [];
  for (const name of new Set([...(recorded === undefined ? [] : [recorded]), ...catches])) {
    const wrong = problemsOf(check, await wholeRun(name));
    if (wrong.length === 0) return name;
    found.push(`  ${name}: ${wrong.join('; ')}`);
  }
  problems.push(`${id} has no example that fails it alone:\n${found.join('\n')}`);
  return null;
};

const record = async (check: Check): Promise<void> => {
  const example = await findExample(check);
  if (example === null) return;
  const wrong = await printWrong(check, mutantOf(example));
  const right = await printRight(check);
  const page = { id: check.id, example, wrong, right };
  const flaws = flawsOf(page);
  if (flaws.length > 0) {
    // What is recorded stays.
    problems.push(`${check.id}, ${example}: ${flaws.join('; ')}\n${wrong}\n${right}`);
    return;
  }
  after.set(check.id, page);
  console.error(`${after.size}  ${check.id}  ${example}`);
};

/** In the order of the catalogue, without checks that there are no more. */
const save = (): void => {
  const pages: readonly PageOutput[] = CATALOGUE.flatMap(({ id }) => after.get(id) ?? []);
  writeFileSync(OUTPUTS_FILE, `${JSON.stringify(pages, null, 2)}\n`);
};

const waiting = CATALOGUE.filter(({ id }) => only.length === 0 || only.includes(id));
const work = async (): Promise<void> => {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    await record(check);
    save();
  }
};
await Promise.all(Array.from({ length: Number(flags['at-once']) }, work));
for (const problem of problems) console.error(problem);
// A broken receiver may leave something running behind.
process.exit(problems.length === 0 ? 0 : 1);
