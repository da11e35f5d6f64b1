/**
 * How a run of `verify` ends: its status, and why nothing could be learnt.
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

/** Why nothing is known, for the last line; what the live view has told is not told again. */
const whyInconclusive = (report: Report, validators: Validators): string => {
  const errors = report.checks.filter(({ status }) => status === 'error');
  const unreached = errors.find(({ id }) => id === REACH);
  if (unreached !== undefined) return unreached.reason ?? '';
  if (errors.length > 0) {
    return `not judged: ${errors.map(({ id }) => id).join(', ')}. Why is said above.`;
  }
  if (report.cut_off?.by === 'budget') {
    const { reached, total } = report.cut_off;
    return `${reached} of ${total} checks were run before the time budget was spent, and checks that decide the verdict are left. Pass a longer --time, or choose checks with --only.`;
  }
  return (
    describeUnreliable(report, validators) ??
    'none of the checks that were asked for could be run: look at what is not tested.'
  );
};

/** @throws {UsageError} when nothing could be learnt */
export const conclude = (report: Report, validators: Validators, terminal: Terminal): void => {
  terminal.signal.throwIfAborted();
  const stale = report.baseline?.stale ?? [];
  if (stale.length > 0) {
    terminal.note(
      `Stale in the baseline, take out: ${stale.map(({ id }) => id).join(', ')}. What it names must still fail.`,
    );
  }
  if (report.summary.verdict === 'inconclusive') {
    throw new UsageError(`Inconclusive: ${whyInconclusive(report, validators)}`);
  }
  if (report.summary.verdict === 'not_conformant' || stale.length > 0) terminal.fail();
};
