/**
 * The view of a run while it goes on: what is running, and every finding as soon as it is known.
 *
 * @module
 */
import type { Progress } from '../../conformance/options.ts';
import { harmless } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

const WORDS = { MUST: 'FAIL', SHOULD: 'WARN', INFO: 'NOTE' } as const;

/** @param total checks that are to be made */
export const createLiveView = (terminal: Terminal, total: number): ((step: Progress) => void) => {
  const running = new Set<string>();
  let done = 0;
  return (step) => {
    const { id } = step.check;
    if (step.type === 'started') running.add(id);
    else {
      running.delete(id);
      done += 1;
      const { status, level, actual, reason } = step.result;
      if (status === 'fail') terminal.note(`${WORDS[level]} ${id}: ${harmless(actual ?? '')}`);
      if (status === 'error') terminal.note(`ERROR ${id}: ${harmless(reason ?? '')}`);
    }
    terminal.status(done === total ? null : `${done}/${total} ${[...running].join(' ')}`);
  };
};
