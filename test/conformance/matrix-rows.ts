/**
 * The rows of the confusion matrix. Each begins with what the code says, which the self-test compares; in the tables
 * of checks and mutants, what a run has shown follows.
 *
 * @module
 */
import type { Check } from '../../src/conformance/check.ts';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import type { Report } from '../../src/conformance/report.ts';
import { findingsOf } from '../../src/conformance/reporters/findings.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import type { Mutant } from '../receivers/mutants/mutant.ts';
import { REFERENCES, type Reference } from '../receivers/reference/all.ts';

/** Ids of the checks that claim to catch it. */
export const claimsOn = (mutant: string): readonly string[] =>
  CATALOGUE.filter(({ catches }) => catches.includes(mutant)).map(({ id }) => id);

const code = (text: string): string => `\`${text}\``;
const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);
const list = (ids: readonly string[]): string => (ids.length === 0 ? '–' : ids.map(code).join(' '));

/** The beginning of a check's row. */
export const checkRow = ({ id, level, catches }: Check): string =>
  `| ${code(id)} | ${level} | ${list(catches)} |`;

/** The beginning of a mutant's row. */
export const mutantRow = ({ name, fault, also = {} }: Mutant): string =>
  `| ${code(name)} | ${cell(fault)} | ${list(claimsOn(name))} | ${list(Object.keys(also))} |`;

/** Findings of the levels that make a receiver wrong. */
export const scoredFindings = ({ checks }: Report): number =>
  checks.filter(({ status, level }) => status === 'fail' && level !== 'INFO').length;

/** Whether the finding that a reader sees first is one of the fault, or has the same cause as one. */
export const isTrueCauseFirst = (mutant: string, report: Report): boolean => {
  const [first] = findingsOf(report);
  const claims = claimsOn(mutant);
  return (
    first !== undefined &&
    [first.result.id, ...first.result.decides].some((id) => claims.includes(id))
  );
};

/** What all mutants show together, in one sentence. */
export const causeLine = (
  all: readonly { readonly isNamed: boolean; readonly findings: number }[],
): string => {
  const named = all.filter(({ isNamed }) => isNamed).length;
  const findings = all.reduce((sum, one) => sum + one.findings, 0);
  const each = (findings / all.length).toFixed(2);
  return `The true cause comes first for ${named} of ${all.length} mutants; ${each} findings per fault.`;
};

const reasons = (report: Report): string => {
  const counts = new Map<string, number>();
  for (const { status, reason } of report.checks) {
    if (status !== 'not_tested') continue;
    const why = reason ?? 'no reason';
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts].map(([why, count]) => `${count}: ${cell(why)}`).join('<br>') || '–';
};

/** How many passed, and what could not be tested: a check that wants many events in little time may need another run. */
export const referenceTail = (report: Report): string =>
  ` ${report.summary.passed} | ${reasons(report)} |`;

/** The beginning of a reference receiver's row. */
export const referenceRow = ({ name, may }: Reference, report: Report): string => {
  const failed = report.checks.filter(({ status }) => status === 'fail');
  const alarms = failed.filter(({ level }) => level !== 'INFO').map(({ id }) => id);
  const notes = failed.filter(({ level }) => level === 'INFO').map(({ id }) => id);
  return `| ${name} | ${cell(may)} | ${list(alarms)} | ${list(notes)} |`;
};

/** One sentence that `src/docs/verify.md` shows. */
export const summaryLine = (): string => {
  const claims = MUTANTS.reduce((sum, { name }) => sum + claimsOn(name).length, 0);
  return (
    `${CATALOGUE.length} checks, ${MUTANTS.length} mutants with one fault each (${claims} claims of a check to catch one), ` +
    `${REFERENCES.length} correct reference receivers. \`npm test\` tries a seeded part of them, \`npm run matrix\` all.`
  );
};
