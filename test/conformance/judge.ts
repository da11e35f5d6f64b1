/**
 * What is wrong with the suite, going by its report on a receiver that the tests know everything about.
 *
 * @module
 */
import type { CheckResult, Report } from '../../src/conformance/report.ts';
import { EXPLAINED_BY } from '../../src/conformance/run/merge-findings.ts';
import type { Mutant } from '../receivers/mutants/mutant.ts';
import { claimsOn } from './matrix-rows.ts';

const describeReply = ({ id, level, status, reason, actual }: CheckResult): string =>
  `${id} (${level}) ${status}: ${actual ?? reason ?? ''}`;

const errors = ({ checks }: Report): readonly string[] =>
  checks.filter(({ status }) => status === 'error').map(describeReply);

/** Whether a check has found the fault. A finding with the same cause speaks for both. */
export const isCaught = ({ status, reason }: CheckResult): boolean =>
  status === 'fail' || reason?.startsWith(EXPLAINED_BY) === true;

/** A mutant must fail every check that claims it, and no MUST that has nothing to do with it. */
export const judgeMutant = ({ name, also = {} }: Mutant, report: Report): readonly string[] => {
  const claims = claimsOn(name);
  const missed = report.checks.filter((result) => claims.includes(result.id) && !isCaught(result));
  const unrelated = report.checks.filter(
    ({ id, level, status }) =>
      status === 'fail' && level === 'MUST' && !claims.includes(id) && !(id in also),
  );
  return [
    ...errors(report),
    ...missed.map((result) => `not caught by ${describeReply(result)}`),
    ...unrelated.map((result) => `fails what has nothing to do with it: ${describeReply(result)}`),
  ];
};

/** A right receiver fails nothing that is scored. */
export const judgeReference = (report: Report): readonly string[] => [
  ...errors(report),
  ...report.checks
    .filter(({ level, status }) => status === 'fail' && level !== 'INFO')
    .map((result) => `false alarm: ${describeReply(result)}`),
];
