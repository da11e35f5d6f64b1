/**
 * `npm run matrix`: runs the suite against all mutants and all reference receivers, and writes what it caught and
 * where it was wrong to `matrix.md`. Fails, and writes nothing, when a mutant gets away or there is a false alarm.
 *
 * With names, only those receivers, and nothing is written: `npm run matrix -- http-limiter Express`. With `--update`, their
 * rows are written, and the others stay as the last run has left them. `--at-once 2` loads the machine less than six
 * receivers at a time.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeSurvey } from './confusion-matrix.ts';
import { renderMatrix } from './matrix-page.ts';
import { summaryLine } from './matrix-rows.ts';

const { values: flags, positionals: only } = parseArgs({
  allowPositionals: true,
  options: {
    'at-once': { type: 'string', default: '6' },
    update: { type: 'boolean', default: false },
  },
});
const problems: string[] = [];
let judged = 0;

const survey = await makeSurvey({
  atOnce: Math.max(1, Number(flags['at-once'])),
  includes: (name) => only.length === 0 || only.includes(name),
  onJudged: (name, found, seconds) => {
    judged += 1;
    console.error(`${judged}  ${name}  ${seconds.toFixed(1)} s`);
    for (const problem of found) console.error(`     ${problem}`);
    problems.push(...found);
  },
});
const page = new URL('matrix.md', import.meta.url);
if ((only.length === 0 || flags.update) && problems.length === 0) {
  writeFileSync(page, renderMatrix(survey, flags.update ? readFileSync(page, 'utf8') : ''));
  console.log(summaryLine());
}
console.log(`${judged} receivers, ${problems.length} problems`);
// A broken receiver may leave something running behind.
process.exit(judged > 0 && problems.length === 0 ? 0 : 1);
