/**
 * Why a receiver could not be started, with the last lines that it wrote.
 *
 * @module
 */
import { UsageError } from '../../usage-error.ts';
import type { LogTail } from './log-tail.ts';
import type { Address } from './port.ts';
import { describeExit, type Exit } from './process-group.ts';

export interface FailureOptions {
  readonly command: string;
  readonly address: Address;
  readonly timeoutMs: number;
  readonly tail: LogTail;
  /** Make the receiver's output fit to show. */
  readonly clean: (text: string) => string;
}

export interface Failures {
  /** The last lines, fit to show. */
  lines(): readonly string[];
  /** Something else listens on the port. */
  portTaken(): UsageError;
  /** It ended before its port was open. */
  ended(exit: Exit): UsageError;
  /** It runs, and its port is not open. */
  notListening(): UsageError;
  /** Its port is open although its processes have ended. */
  stillOpen(): UsageError;
}

/** Lines in a message. */
const MAX_LINES = 12;

const airPlay = (port: number): string =>
  process.platform === 'darwin' && (port === 5000 || port === 7000)
    ? ' On macOS, it may be the AirPlay Receiver.'
    : '';

export const createFailures = (options: FailureOptions): Failures => {
  const { command, timeoutMs, tail, clean } = options;
  const { port } = options.address;
  const lines = (): readonly string[] => clean(tail.last(MAX_LINES).join('\n')).split('\n');
  const withOutput = (problem: string): UsageError => {
    const shown = lines()
      .map((line) => `  | ${line}`)
      .join('\n');
    const output = tail.last(1).length === 0 ? 'It wrote nothing.' : `Its last output:\n${shown}`;
    return new UsageError(`--exec "${command}" ${problem} ${output}`);
  };
  return {
    lines,
    portTaken: () =>
      new UsageError(
        `Port ${port} is already in use, so --exec would judge another process.${airPlay(port)} Stop what listens there, or start the receiver on another port and pass its URL.`,
      ),
    ended: (exit) =>
      withOutput(
        exit.status === 0
          ? `exited with status 0 before port ${port} was open. Keep the receiver in the foreground: no "&", no daemon.`
          : `${describeExit(exit)} before port ${port} was open. Fix the command, or its environment.`,
      ),
    notListening: () =>
      withOutput(
        `did not open port ${port} within ${timeoutMs / 1000} s. Let it listen on the port of the URL, or pass a longer --exec-timeout.`,
      ),
    stillOpen: () =>
      new UsageError(
        `Port ${port} is still open after all processes of --exec "${command}" were killed: something left its process group. Start the receiver in the foreground, without a daemon or a container in the background.`,
      ),
  };
};
