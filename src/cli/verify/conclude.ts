/**
 * Exit status of a run of `verify`, and the reason if it is inconclusive.
 *
 * @module
 */
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { isActive } from '../../conformance/check.ts';
import { hasHook } from '../../conformance/run/hook-members.ts';
import type { Hooks } from '../../conformance/hooks/hooks.ts';
import type { Report } from '../../conformance/report.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { REACH } from './live.ts';

/** Why a given hook is unreliable: the result of the check that validates it. Null if all hooks are reliable. */
const unreliableHook = ({ checks }: Report, hooks: Hooks): string | null => {
  const validatesHook = (id: string): boolean =>
    CATALOGUE.some(
      (check) =>
        check.id === id &&
        isActive(check) &&
        check.vouches !== undefined &&
        hasHook(hooks, check.vouches),
    );
  const invalid = checks.find(({ id, status }) => validatesHook(id) && status !== 'pass');
  return invalid === undefined
    ? null
    : `a hook is unreliable, so checks that need it were not tested. ${invalid.id}: ${invalid.actual ?? invalid.reason ?? invalid.status}`;
};

/** Reason for the last line. Errors that the live view has printed are only named. */
const reasonInconclusive = (report: Report, hooks: Hooks): string => {
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
    unreliableHook(report, hooks) ??
    'none of the selected checks could run. See the reasons under "not tested".'
  );
};

/**
 * Set the exit status for a report.
 *
 * @throws {UsageError} if the run is inconclusive
 */
export const conclude = (report: Report, hooks: Hooks, terminal: Terminal): void => {
  terminal.signal.throwIfAborted();
  const stale = report.baseline?.stale ?? [];
  if (stale.length > 0) {
    terminal.note(
      `Stale baseline entries: ${stale.map(({ id }) => id).join(', ')}. Remove them: these checks no longer fail.`,
    );
  }
  if (report.summary.verdict === 'inconclusive') {
    throw new UsageError(`Inconclusive: ${reasonInconclusive(report, hooks)}`);
  }
  if (report.summary.verdict === 'not_conformant' || stale.length > 0) terminal.fail();
};
