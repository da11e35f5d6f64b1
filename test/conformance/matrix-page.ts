/**
 * The page with the confusion matrix: rows of a run, and those of an earlier page for receivers that did not run.
 *
 * @module
 */
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import type { Report } from '../../src/conformance/report.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import type { Mutant } from '../receivers/mutants/mutant.ts';
import { REFERENCES } from '../receivers/reference/all.ts';
import type { Survey } from './confusion-matrix.ts';
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

/** What a run has shown of a mutant. */
interface Shown {
  /** Ids of the checks that failed. */
  readonly failed: readonly string[];
  readonly isNamed: boolean;
  readonly findings: number;
}

const shownBy = (name: string, report: Report): Shown => ({
  failed: report.checks.filter(isCaught).map(({ id }) => id),
  isNamed: isTrueCauseFirst(name, report),
  findings: scoredFindings(report),
});

const idsIn = (cell: string): readonly string[] => cell.match(/(?<=`)[^`\s]+(?=`)/g) ?? [];

/** The row of an earlier page; a page is written only when each mutant is caught by all that claim it. */
const shownIn = (page: string, { name }: Mutant): Shown => {
  const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
  if (row === undefined) throw new Error(`${name} has never run: give its name, or run them all.`);
  // A pipe in a cell is escaped.
  const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
  const [caught = '', also = '', further = '', named = '', findings = ''] = cells.slice(-6, -1);
  return {
    failed: [caught, also, further].flatMap(idsIn),
    isNamed: named === 'yes',
    findings: Number(findings),
  };
};

const renderMutant = (mutant: Mutant, { failed, isNamed, findings }: Shown): string => {
  const expected = [...claimsOn(mutant.name), ...Object.keys(mutant.also ?? {})];
  const others = failed.filter((id) => !expected.includes(id));
  const tail = others.map((id) => `\`${id}\``).join(' ') || '–';
  return `${mutantRow(mutant)} ${tail} | ${isNamed ? 'yes' : 'no'} | ${findings} |`;
};

/** @param page an earlier one, for the receivers that did not run; empty if all did */
export const renderMatrix = ({ mutants, references }: Survey, page = ''): string => {
  const lines = page.split('\n');
  const all = MUTANTS.map((mutant) => {
    const ran = mutants.find(({ subject }) => subject === mutant);
    const shown = ran === undefined ? shownIn(page, mutant) : shownBy(mutant.name, ran.report);
    return { mutant, shown };
  });
  const checks = CATALOGUE.map((check) => {
    const by = all.filter(({ shown }) => shown.failed.includes(check.id));
    const caught = by.filter(({ mutant }) => check.catches.includes(mutant.name)).length;
    return `${checkRow(check)} ${caught} of ${check.catches.length} | ${by.length - caught} |`;
  });
  const right = REFERENCES.map((reference) => {
    const ran = references.find(({ subject }) => subject === reference);
    if (ran !== undefined) return referenceRow(reference, ran.report) + referenceTail(ran.report);
    const row = lines.find((line) => line.startsWith(`| ${reference.name} |`));
    if (row === undefined) throw new Error(`${reference.name} has never run.`);
    return row;
  });
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

${causeLine(all.map(({ shown }) => shown))}

| mutant | what is wrong with it | caught by | also fails | further failures (SHOULD, INFO) | true cause named | findings |
|---|---|---|---|---|---|---|
${all.map(({ mutant, shown }) => renderMutant(mutant, shown)).join('\n')}
`;
};
