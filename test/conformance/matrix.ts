/**
 * `npm run matrix`: runs the suite against all mutants and all reference receivers, and writes what it caught and
 * where it was wrong to `matrix.md`. Fails, and writes nothing, when a mutant gets away or there is a false alarm.
 *
 * With names, only those receivers, and nothing is written: `npm run matrix -- http-limiter Express`. `--at-once 2` loads the
 * machine less than six receivers at a time.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import type { Report } from '../../src/conformance/report.ts';
import { isCaught } from './judge.ts';
import {
  causeLine,
  checkRow,
  claimsOn,
  isTrueCauseFirst,
  mutantRow,
  referenceRow,
  referenceTail,
  scoredFindings,
  summaryLine,
} from './matrix-rows.ts';
import { makeSurvey, type Survey } from './confusion-matrix.ts';

const failedIds = (report: Report): readonly string[] =>
  report.checks.filter(isCaught).map(({ id }) => id);

const render = ({ mutants, references }: Survey): string => {
  const checks = CATALOGUE.map((check) => {
    const by = mutants.filter(({ report }) => failedIds(report).includes(check.id));
    const caught = by.filter(({ subject }) => check.catches.includes(subject.name)).length;
    return `${checkRow(check)} ${caught} of ${check.catches.length} | ${by.length - caught} |`;
  });
  const faults = mutants.map(({ subject, report }) => {
    const expected = [...claimsOn(subject.name), ...Object.keys(subject.also ?? {})];
    const others = failedIds(report).filter((id) => !expected.includes(id));
    const tail = others.map((id) => `\`${id}\``).join(' ') || '–';
    const named = isTrueCauseFirst(subject.name, report) ? 'yes' : 'no';
    return `${mutantRow(subject)} ${tail} | ${named} | ${scoredFindings(report)} |`;
  });
  const right = references.map(
    ({ subject, report }) => referenceRow(subject, report) + referenceTail(report),
  );
  return `# What the suite catches, and where it is wrong

Written by \`npm run matrix\`; \`npm test\` runs all of it again and fails when this page is out of date.

${summaryLine()}

## Right receivers

Every check with every hook. A false alarm is a failed MUST or SHOULD.

| receiver | what it may do | false alarms | notes (INFO) | passed | not tested |
|---|---|---|---|---|---|
${right.join('\n')}

## Checks

| check | level | mutants that it must catch | caught | further mutants that fail it |
|---|---|---|---|---|
${checks.join('\n')}

## Mutants

A mutant is a right receiver with one fault. No MUST but those named here fails for it. The true cause is named if the
first finding of the report is that of a check that claims the mutant, or of one that has shown the same cause by an
experiment. A finding is a failed MUST or SHOULD.

${causeLine(mutants)}

| mutant | what is wrong with it | caught by | also fails | further failures (SHOULD, INFO) | true cause named | findings |
|---|---|---|---|---|---|---|
${faults.join('\n')}
`;
};

const { values: flags, positionals: only } = parseArgs({
  allowPositionals: true,
  options: { 'at-once': { type: 'string', default: '6' } },
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
if (only.length === 0 && problems.length === 0) {
  writeFileSync(new URL('matrix.md', import.meta.url), render(survey));
  console.log(summaryLine());
}
console.log(`${judged} receivers, ${problems.length} problems`);
// A broken receiver may leave something running behind.
process.exit(judged > 0 && problems.length === 0 ? 0 : 1);
