/**
 * What ends a command from outside: signals, and a reader of stdout that goes away.
 *
 * @module
 */
import { Interrupted } from './terminal.ts';

const STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

/** The status of a command that `signal` has ended. */
export const statusOfInterruption = (signal: AbortSignal): number =>
  STATUS[(signal.reason as Interrupted).by];

/**
 * Listens for Ctrl-C and SIGTERM. The first aborts, so that the command can end in order; the second ends the process at
 * once.
 */
export const listenForSignals = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(STATUS[name]);
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
};

/**
 * Watches for a closed stdout (`sendemall-mock … | head`). What a command prints from then on is dropped and its status
 * still counts; only a command that has no end of its own, such as `serve`, stops. Any other failure to write, such as a
 * full disk, makes the status 2.
 */
export const watchOutput = (): AbortSignal => {
  const controller = new AbortController();
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (controller.signal.aborted) return;
    controller.abort();
    if (code === 'EPIPE') return;
    process.exitCode = 2;
    const cause = code === 'ENOSPC' ? 'no space is left on the device' : (code ?? message);
    process.stderr.write(
      `error: Cannot write to standard output: ${cause}. Redirect it to a place that can be written.\n`,
    );
  });
  // Notices that reach nobody are no failure: the status still says how the command ended.
  process.stderr.on('error', () => undefined);
  return controller.signal;
};

/** Ends the process now, not when the last idle connection does; everything printed goes out first. */
export const exitWith = (status: number): void => {
  process.stdout.write('', () => {
    // A failed write is reported one turn after its callback.
    setImmediate(() => {
      process.stderr.write('', () => process.exit(process.exitCode ?? status));
    });
  });
};

/** Rejects with the signal's reason as soon as it is aborted. */
export const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
