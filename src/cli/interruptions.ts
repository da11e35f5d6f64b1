/**
 * External causes that end a command: signals, and a closed stdout.
 *
 * @module
 */
import { Interrupted } from './terminal.ts';

const STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Exit status of a command that `signal` has interrupted. */
export const statusOfInterruption = (signal: AbortSignal): number =>
  STATUS[(signal.reason as Interrupted).by];

/**
 * Listen for Ctrl-C and SIGTERM. The first one aborts the returned signal, so that the command can clean up; the second
 * one exits at once.
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
 * Watch for a closed stdout (`sendemall-mock … | head`). Later output is dropped and the command continues, so that its
 * exit status is still meaningful; only a command without an end of its own, such as `serve`, stops. Any other write
 * error, such as a full disk, makes the exit status 2.
 */
export const watchOutput = (): AbortSignal => {
  const controller = new AbortController();
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (controller.signal.aborted) return;
    controller.abort();
    if (code === 'EPIPE') return;
    process.exitCode = 2;
    const cause = code === 'ENOSPC' ? 'no space left on device' : (code ?? message);
    process.stderr.write(
      `error: Cannot write to standard output: ${cause}. Redirect it to a writable file.\n`,
    );
  });
  // A closed stderr loses notices only; the exit status still tells how the command ended.
  process.stderr.on('error', () => undefined);
  return controller.signal;
};

/** Exit as soon as all output is flushed, without waiting for idle connections. */
export const exitWith = (status: number): void => {
  process.stdout.write('', () => {
    // A failed write is reported one event-loop turn after its callback.
    setImmediate(() => {
      process.stderr.write('', () => process.exit(process.exitCode ?? status));
    });
  });
};

/** Reject with the signal's reason as soon as it is aborted. */
export const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
