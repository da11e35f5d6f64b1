/**
 * The view of a run while it goes on: how far it is, what is running, and every finding as soon as it is known.
 *
 * @module
 */
import type { Progress } from '../../conformance/options.ts';
import type { CheckResult } from '../../conformance/report.ts';
import { harmless } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

const WORDS = { MUST: 'FAIL', SHOULD: 'WARN', INFO: 'NOTE' } as const;

const COUNTED = { MUST: 'failed', SHOULD: 'warned', INFO: 'noted' } as const;

/** Under which word a result is counted: that of the summary. */
const kindOf = ({ status, level }: CheckResult): string => {
  if (status === 'fail') return COUNTED[level];
  return { pass: 'passed', not_tested: 'not tested', error: 'not judged' }[status];
};

/** When it cannot be judged, the run is over, and its last line says why. */
export const REACH = 'http/reachable';

/** Worst first, as in the report. */
const KINDS = ['failed', 'not judged', 'warned', 'noted', 'passed', 'not tested'];

/** @param total checks that are to be made */
export const createLiveView = (
  terminal: Pick<Terminal, 'note' | 'status'>,
  total: number,
): ((step: Progress) => void) => {
  const running = new Set<string>();
  const counts = new Map<string, number>();
  let done = 0;
  return (step) => {
    const { id } = step.check;
    if (step.type === 'started') running.add(id);
    else {
      running.delete(id);
      done += 1;
      const kind = kindOf(step.result);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      const { status, level, actual, reason } = step.result;
      if (status === 'fail') terminal.note(`${WORDS[level]} ${id}: ${harmless(actual ?? '')}`);
      if (status === 'error' && id !== REACH)
        terminal.note(`ERROR ${id}: ${harmless(reason ?? '')}`);
    }
    const tally = KINDS.flatMap((kind) => (counts.has(kind) ? `${counts.get(kind)} ${kind}` : []));
    const line = [`${done}/${total}`, tally.join(', '), [...running].join(' ')];
    terminal.status(done === total ? null : line.filter((part) => part !== '').join('  '));
  };
};
