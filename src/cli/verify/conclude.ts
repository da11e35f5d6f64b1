/**
 * Exit status of a run of `verify`, and the reason if it is inconclusive.
 *
 * @module
 */
import type { Report } from '../../conformance/report.ts';
import type { CheckPlan } from '../../conformance/run/select.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { REACH } from './live.ts';

type Validators = CheckPlan['validators'];

/** Why a hook is unreliable; null if all are reliable. */
const describeUnreliable = ({ checks }: Report, validators: Validators): string | null => {
  const validating = new Set(validators.values());
  const found = checks.find(({ id, status }) => validating.has(id) && status !== 'pass');
  return found === undefined
    ? null
    : `a hook is unreliable, so the checks that need it were not tested. ${found.id}: ${found.actual ?? found.reason ?? found.status}`;
};

/** Reason for the last line. Errors that the live view has printed are only named. */
const reasonInconclusive = (report: Report, validators: Validators): string => {
  const errors = report.checks.filter(({ status }) => status === 'error');
  const unreached = errors.find(({ id }) => id === REACH);
  if (unreached !== undefined) return unreached.reason ?? '';
  if (errors.length > 0) {
    return `error in ${errors.map(({ id }) => id).join(', ')}. See the messages above.`;
  }
  if (report.cut_off?.by === 'budget') {
    const { reached, total } = report.cut_off;
    return `the time budget ran out after ${reached} of ${total} checks, and the rest can still change the verdict. Pass a longer --time, or select checks with --only.`;
  }
  return (
    describeUnreliable(report, validators) ??
    'none of the selected checks could run. See the reasons under "not tested".'
  );
};

/**
 * Set the exit status for a report.
 *
 * @throws {UsageError} if the run is inconclusive
 */
export const conclude = (report: Report, validators: Validators, terminal: Terminal): void => {
  terminal.signal.throwIfAborted();
  const stale = report.baseline?.stale ?? [];
  if (stale.length > 0) {
    terminal.note(
      `Stale baseline entries: ${stale.map(({ id }) => id).join(', ')}. Remove them: these checks no longer fail.`,
    );
  }
  if (report.summary.verdict === 'inconclusive') {
    throw new UsageError(`Inconclusive: ${reasonInconclusive(report, validators)}`);
  }
  if (report.summary.verdict === 'not_conformant' || stale.length > 0) terminal.fail();
};
