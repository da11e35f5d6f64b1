/**
 * The view of a run while it goes on: how far it is, what is running, and every finding as soon as it is known.
 *
 * @module
 */
import type { Progress } from '../../conformance/options.ts';
import { formatSpan } from '../../conformance/run/cut-off.ts';
import { isCounted, type CheckResult, type FailOn } from '../../conformance/report.ts';
import { harmless } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

const COUNTED = { MUST: 'failed', SHOULD: 'warned', INFO: 'noted' } as const;

/** The word under which the summary counts a result. */
const kindOf = ({ status, level }: CheckResult): string => {
  if (status === 'fail') return COUNTED[level];
  return { pass: 'passed', not_tested: 'not tested', error: 'not judged' }[status];
};

/** When it cannot be judged, the run is over, and its last line says why. */
export const REACH = 'http/reachable';

/** Worst first, as in the report. */
const KINDS = ['failed', 'not judged', 'warned', 'noted', 'passed', 'not tested'];

/** Without a terminal that can overwrite a line, progress is a line of its own this often. Milliseconds. */
const PROGRESS_EVERY_MS = 30_000;

const formatMinutes = (ms: number): string =>
  ms < 120_000 ? formatSpan(Math.ceil(ms / 1000) * 1000) : `${Math.ceil(ms / 60_000)} min`;

const tellSlow = ({ answerMs, estimateMs, remainingMs }: Progress & { type: 'slow' }): string =>
  `The receiver takes ${formatSpan(answerMs)} for an answer. All checks would take about ${formatMinutes(estimateMs)}; ${formatMinutes(remainingMs)} of the time budget are left. The most important checks run first, and the report lists what was not reached as not tested. Pass --time to allow more.`;

const describeThrottled = ({ waitMs }: Progress & { type: 'throttled' }): string =>
  `The receiver limits the rate of requests. The run waits ${formatSpan(waitMs)}, and again whenever it is asked to: it takes longer.`;

export interface LiveOptions {
  /** Checks that are to be made. */
  readonly total: number;
  readonly failOn: FailOn;
  /** Milliseconds since the run began. */
  readonly elapsed: () => number;
}

export const createLiveView = (
  terminal: Pick<Terminal, 'note' | 'status' | 'isLive'>,
  { total, failOn, elapsed }: LiveOptions,
): ((step: Progress) => void) => {
  const running = new Set<string>();
  const counts = new Map<string, number>();
  let done = 0;
  let nextNoteMs = PROGRESS_EVERY_MS;
  const wordOf = ({ level }: CheckResult): string =>
    isCounted(level, failOn) ? 'FAILED' : level === 'SHOULD' ? 'WARNING' : 'NOTE';
  const finished = (result: CheckResult): void => {
    const { id, status, actual, reason } = result;
    running.delete(id);
    done += 1;
    const kind = kindOf(result);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (status === 'fail') terminal.note(`${wordOf(result)} ${id}: ${harmless(actual ?? '')}`);
    if (status === 'error' && id !== REACH) terminal.note(`ERROR ${id}: ${harmless(reason ?? '')}`);
  };
  return (step) => {
    if (step.type === 'slow') {
      terminal.note(tellSlow(step));
      return;
    }
    if (step.type === 'throttled') {
      terminal.note(describeThrottled(step));
      return;
    }
    if (step.type === 'started') running.add(step.check.id);
    else finished(step.result);
    const tally = KINDS.flatMap((kind) => (counts.has(kind) ? `${counts.get(kind)} ${kind}` : []));
    const parts = [`${done}/${total}`, tally.join(', '), [...running].join(' ')];
    const line = parts.filter((part) => part !== '').join('  ');
    terminal.status(done === total ? null : line);
    if (terminal.isLive || done === total || elapsed() < nextNoteMs) return;
    nextNoteMs = elapsed() + PROGRESS_EVERY_MS;
    terminal.note(`${line}  after ${formatMinutes(elapsed())}`);
  };
};
