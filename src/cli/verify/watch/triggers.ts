/**
 * What makes `verify --watch` run again: a changed file, or a line typed by the user.
 *
 * @module
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchFiles } from './files.ts';

export type Trigger =
  | { readonly type: 'changed'; readonly path: string }
  | { readonly type: 'failed' | 'all' | 'quit' };

export interface Triggers extends AsyncDisposable {
  /** Wait for the next trigger. What changed before is ignored: the receiver may write files during a run. */
  next(signal: AbortSignal): Promise<Trigger>;
}

/** Editors write a file in several steps, and save several files at once. */
const SETTLE_MS = 200;

const typed = (line: string): Trigger => {
  const key = line.trim().toLowerCase();
  if (key === 'q') return { type: 'quit' };
  return { type: key === 'a' ? 'all' : 'failed' };
};

export const createTriggers = async (): Promise<Triggers> => {
  let wake: (trigger: Trigger) => void = () => undefined;
  const files = await watchFiles((path) => wake({ type: 'changed', path }));
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => wake(typed(line)));
  return {
    next: async (signal) => {
      const trigger = await new Promise<Trigger>((resolve) => {
        wake = resolve;
        const abort = (): void => resolve({ type: 'quit' });
        if (signal.aborted) abort();
        else signal.addEventListener('abort', abort, { once: true });
      });
      wake = () => undefined;
      if (trigger.type === 'changed') await sleep(SETTLE_MS);
      return trigger;
    },
    [Symbol.asyncDispose]: async () => {
      input.close();
      await files[Symbol.asyncDispose]();
    },
  };
};
