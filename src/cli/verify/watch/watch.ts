/**
 * `verify --watch`: runs the failed checks again when files change, or when the user asks for it.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../usage-error.ts';
import { conclude } from '../conclude.ts';
import { addressOf, isListening } from '../exec/port.ts';
import { rerunSelection, type LastReport } from '../last-report.ts';
import { runOnce, type Finished, type RunTarget } from '../run-once.ts';
import type { Setup } from '../sandboxes.ts';
import { createTriggers, type Trigger } from './triggers.ts';

/** Time for a receiver that restarts itself when a file changes. */
const BACK_WITHIN_MS = 10_000;
const POLL_MS = 50;

const formatCount = (count: number): string => `${count} failed check${count === 1 ? '' : 's'}`;

const describeNext = (failed: readonly string[] | null): string => {
  const next = failed === null ? 'all checks' : `the ${formatCount(failed.length)}`;
  const others = failed === null ? '' : ', a and Enter for all checks';
  return `Watching for changes. Press Enter to run ${next} again${others}, q and Enter to quit.`;
};

const describeRun = (trigger: Trigger, only: readonly string[] | null): string => {
  const what = only === null ? 'all checks' : formatCount(only.length);
  return trigger.type === 'changed'
    ? `${trigger.path} changed: running ${what}.`
    : `Running ${what}.`;
};

/** Restart the receiver, or wait until it has restarted itself. */
const renew = async ({ session, terminal }: Setup, url: string): Promise<void> => {
  if (session !== null) {
    await session.restart();
    return;
  }
  const address = addressOf(url);
  const until = performance.now() + BACK_WITHIN_MS;
  while (performance.now() < until && !terminal.signal.aborted) {
    if (await isListening(address)) return;
    await sleep(POLL_MS);
  }
};

/** Say why a run is inconclusive. The exit status is that of the last run. */
const noteOutcome = ({ report, validators }: Finished, { terminal }: Setup): void => {
  try {
    conclude(report, validators, { ...terminal, fail: () => undefined });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.note(error.message);
  }
};

/**
 * Run again and again, until the user quits or interrupts.
 *
 * @param first result of the first run
 * @returns result of the last run
 */
export const watchAndRerun = async (
  setup: Setup,
  target: RunTarget,
  lastReport: LastReport,
  first: Finished,
): Promise<Finished> => {
  const { terminal } = setup;
  await using triggers = await createTriggers();
  let finished = first;
  for (;;) {
    noteOutcome(finished, setup);
    const failed = rerunSelection(lastReport.failed() ?? []);
    terminal.note(describeNext(failed));
    const trigger = await triggers.next(terminal.signal);
    if (trigger.type === 'quit') return finished;
    let only = trigger.type === 'all' ? null : failed;
    terminal.note(describeRun(trigger, only));
    try {
      await renew(setup, target.url);
      finished = await runOnce(setup, target, only);
      lastReport.save(finished.report, only === null);
      const { verdict } = finished.report.summary;
      const isFixed = only !== null && (verdict === 'passed' || verdict === 'conformant');
      if (isFixed && rerunSelection(lastReport.failed() ?? []) === null) {
        only = null;
        terminal.note('No failed check is left: running all checks.');
        finished = await runOnce(setup, target, null);
        lastReport.save(finished.report, true);
      }
    } catch (error) {
      // A typo in the receiver's source must not end the watch.
      if (!(error instanceof UsageError)) throw error;
      terminal.signal.throwIfAborted();
      terminal.note(`error: ${error.message}`);
    }
  }
};
