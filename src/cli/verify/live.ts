/**
 * Live view of a run: progress, running checks, and each finding as soon as it is known.
 *
 * @module
 */
import type { Progress } from '../../conformance/options.ts';
import { formatSpan } from '../../conformance/run/cut-off.ts';
import { isCounted, type CheckResult, type FailOn } from '../../conformance/report.ts';
import { cutTo } from '../../conformance/reporters/layout.ts';
import { harmless } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

const FAILURE_KINDS = { MUST: 'failed', SHOULD: 'warning', INFO: 'note' } as const;

/** The word for a result, as in the report. */
const kindOf = ({ status, level }: CheckResult): string => {
  if (status === 'fail') return FAILURE_KINDS[level];
  return { pass: 'passed', not_tested: 'not tested', error: 'error' }[status];
};

/** If this check cannot run, neither can any other: the run ends, and its last line gives the reason. */
export const REACH = 'http/reachable';

/** Worst first, as in the report. */
const KINDS = ['failed', 'error', 'warning', 'note', 'passed', 'not tested'];

const formatCount = (kind: string, count: number): string => {
  const isNoun = kind === 'error' || kind === 'warning' || kind === 'note';
  return `${count} ${kind}${isNoun && count > 1 ? 's' : ''}`;
};

/** Interval of progress lines without a live terminal. */
const PROGRESS_INTERVAL_MS = 30_000;

const formatMinutes = (ms: number): string =>
  ms < 120_000 ? formatSpan(Math.ceil(ms / 1000) * 1000) : `${Math.ceil(ms / 60_000)} min`;

const describeSlow = ({ answerMs, estimateMs, remainingMs }: Progress & { type: 'slow' }): string =>
  `The receiver takes ${formatSpan(answerMs)} to respond. All checks would take about ${formatMinutes(estimateMs)}; the time budget has ${formatMinutes(remainingMs)} left. The most important checks run first; the rest are reported as not tested. Pass a longer --time to run all of them.`;

const describeShortened = ({ answerMs }: Progress & { type: 'shortened' }): string =>
  `The receiver takes ${formatSpan(answerMs)} for a response. Checks run side by side and repeat less, so that the run ends in about a minute.`;

const describeThrottled = ({ waitMs }: Progress & { type: 'throttled' }): string =>
  `The receiver limits the rate of requests. The run waits ${formatSpan(waitMs)}, and again whenever it is asked to: it takes longer.`;

export interface LiveOptions {
  /** Number of checks to run. */
  readonly total: number;
  readonly failOn: FailOn;
  /** Milliseconds since the run started. */
  readonly elapsed: () => number;
}

/**
 * Create a live view.
 *
 * @returns a function to call with each step of the run
 */
export const createLiveView = (
  terminal: Pick<Terminal, 'note' | 'status' | 'isLive' | 'columns'>,
  { total, failOn, elapsed }: LiveOptions,
): ((step: Progress) => void) => {
  const running = new Set<string>();
  const counts = new Map<string, number>();
  let done = 0;
  let nextNoteMs = PROGRESS_INTERVAL_MS;
  const wordOf = ({ level }: CheckResult): string =>
    isCounted(level, failOn) ? 'FAILED' : level === 'SHOULD' ? 'WARNING' : 'NOTE';
  // A person reads the whole text in the report; a log may be all that is left.
  const note = (text: string): void =>
    terminal.note(terminal.isLive ? cutTo(text.replaceAll('\n', ' '), terminal.columns) : text);
  const finished = (result: CheckResult): void => {
    const { id, status, actual, reason } = result;
    running.delete(id);
    done += 1;
    const kind = kindOf(result);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (status === 'fail') note(`${wordOf(result)} ${id}: ${harmless(actual ?? '')}`);
    if (status === 'error' && id !== REACH) note(`ERROR ${id}: ${harmless(reason ?? '')}`);
  };
  return (step) => {
    if (step.type === 'slow') {
      terminal.note(describeSlow(step));
      return;
    }
    if (step.type === 'shortened') {
      terminal.note(describeShortened(step));
      return;
    }
    if (step.type === 'throttled') {
      terminal.note(describeThrottled(step));
      return;
    }
    if (step.type === 'started') running.add(step.check.id);
    else finished(step.result);
    const tally = KINDS.flatMap((kind) =>
      counts.has(kind) ? formatCount(kind, counts.get(kind)!) : [],
    );
    const parts = [`${done}/${total}`, tally.join(', '), [...running].join(' ')];
    const line = parts.filter((part) => part !== '').join('  ');
    terminal.status(done === total ? null : line);
    if (terminal.isLive || done === total || elapsed() < nextNoteMs) return;
    nextNoteMs = elapsed() + PROGRESS_INTERVAL_MS;
    terminal.note(`${line}  after ${formatMinutes(elapsed())}`);
  };
};
