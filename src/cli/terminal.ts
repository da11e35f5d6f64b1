/**
 * The interface between a command and its process: output, interruption and exit status.
 *
 * @module
 */
import { styleText } from 'node:util';

/** A colour or a weight, as `util.styleText` names them. */
export type Styles = Parameters<typeof styleText>[0];

export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C and SIGTERM; the reason is an {@link Interrupted}. */
  readonly signal: AbortSignal;
  /** Aborted when the reader closes stdout, as in `sendemall-mock serve | head -1`. */
  readonly outputClosed: AbortSignal;
  /** Print a line of data to stdout. */
  print(line: string): void;
  /** Print JSON to stdout, on one line unless `indent` is true. */
  printJson(value: unknown, indent?: boolean): void;
  /** Print a line of progress or a notice to stderr. */
  note(line: string): void;
  /** True if {@link Terminal.status} has any effect. */
  readonly isLive: boolean;
  /** Show a status line on stderr, overwritten by the next one; null clears it. No effect without a live terminal. */
  status(text: string | null): void;
  /** True if stdout is a terminal. */
  readonly isInteractive: boolean;
  /** Width of stdout; 80 if it is not a terminal. */
  readonly columns: number;
  /** Style text for stdout; returned unchanged if stdout does not support colour. */
  style(styles: Styles, text: string): string;
  /** Make the command exit with status 1: the thing it checked has failed. */
  fail(): void;
}

/** Why `signal` was aborted. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly by: 'SIGINT' | 'SIGTERM';

  constructor(by: 'SIGINT' | 'SIGTERM') {
    super(`Stopped by ${by}.`);
    this.by = by;
  }
}

export interface ProcessTerminal extends Terminal {
  readonly failed: boolean;
}

const DEFAULT_COLUMNS = 80;

/** Clears the current line. */
const CLEAR_LINE = '\r\u001B[2K';

const isLive = ({ env }: NodeJS.Process): boolean =>
  process.stderr.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

/**
 * The terminal of this process.
 *
 * @param signal aborted by Ctrl-C and SIGTERM
 * @param outputClosed aborted when the reader closes stdout
 */
export const processTerminal = (
  signal: AbortSignal,
  outputClosed: AbortSignal,
): ProcessTerminal => {
  let failed = false;
  let hasStatusLine = false;
  const status = (text: string | null): void => {
    if (!isLive(process) || (text === null && !hasStatusLine)) return;
    hasStatusLine = text !== null;
    // Truncate: a wrapped line could not be cleared.
    process.stderr.write(
      CLEAR_LINE + (text ?? '').slice(0, (process.stderr.columns || DEFAULT_COLUMNS) - 1),
    );
  };
  const print = (text: string): void => {
    status(null);
    process.stdout.write(`${text}\n`);
  };
  return {
    env: process.env,
    signal,
    outputClosed,
    isLive: isLive(process),
    isInteractive: process.stdout.isTTY,
    status,
    print,
    printJson: (value, indent = false) => print(JSON.stringify(value, null, indent ? 2 : 0)),
    note: (line) => {
      status(null);
      const write = (): void => {
        process.stderr.write(`${line}\n`);
      };
      // Where both streams share a socket and its reader is slow, a notice would overtake the data that it follows.
      if (process.stdout.writableLength === 0) write();
      else process.stdout.write('', write);
    },
    get columns() {
      return process.stdout.columns || DEFAULT_COLUMNS;
    },
    style: (styles, text) =>
      styleText(styles, text, { stream: process.stdout, validateStream: true }),
    fail: () => {
      failed = true;
    },
    get failed() {
      return failed;
    },
  };
};
