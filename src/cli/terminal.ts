/**
 * The interface between a command and its process: output, interruption and exit status.
 *
 * @module
 */
import { emitKeypressEvents, type Key } from 'node:readline';
import { styleText } from 'node:util';
import { fit } from './output/width.ts';

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
  /** True if a person can press keys: a live terminal on all sides, and no CI. */
  readonly canReadKeys: boolean;
  /** Call `listener` for each key pressed. Ctrl-C still interrupts. Only if `canReadKeys`. @returns a function that ends it */
  onKey(listener: (key: string) => void): () => void;
  /** Keep a line below everything else on a live terminal; null removes it. A status hides it. */
  footer(text: string | null): void;
  /** Show a status line on stderr, overwritten by the next one; null clears it. No effect without a live terminal. */
  status(text: string | null): void;
  /** True if stdout is a terminal. */
  readonly isInteractive: boolean;
  /** Width of stdout; 80 if it is not a terminal. */
  readonly columns: number;
  /** Width of stdout; null if it is not a terminal. */
  readonly width: number | null;
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

/** The last line of a live terminal, below all others: a status, else the footer. */
const createBottomLine = () => {
  let status: string | null = null;
  let footer: string | null = null;
  let isDrawn = false;
  const draw = (): void => {
    const text = status ?? footer;
    if (!isLive(process) || (text === null && !isDrawn)) return;
    isDrawn = text !== null;
    // Truncate: a wrapped line could not be cleared.
    const columns = (process.stderr.columns || DEFAULT_COLUMNS) - 1;
    process.stderr.write(CLEAR_LINE + (text === null ? '' : fit(text, columns)));
  };
  return {
    status: (text: string | null): void => {
      status = text;
      draw();
    },
    footer: (text: string | null): void => {
      footer = text;
      draw();
    },
    /** Write above the line. Ends the status. */
    above: (write: () => void): void => {
      status = null;
      if (isDrawn) process.stderr.write(CLEAR_LINE);
      isDrawn = false;
      write();
      draw();
    },
  };
};

/** Ctrl-C and Ctrl-D of a terminal in raw mode, which sends no signal. */
const ENDS = new Set(['c', 'd']);

const readKeys = (listener: (key: string) => void): (() => void) => {
  const { stdin } = process;
  const onKeypress = (text: string | undefined, key: Key): void => {
    if (key.ctrl === true && ENDS.has(key.name ?? '')) process.kill(process.pid, 'SIGINT');
    else listener(text ?? key.name ?? '');
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.on('keypress', onKeypress);
  stdin.resume();
  return () => {
    stdin.off('keypress', onKeypress);
    stdin.setRawMode(false);
    stdin.pause();
  };
};

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
  const line = createBottomLine();
  const print = (text: string): void => {
    line.above(() => process.stdout.write(`${text}\n`));
  };
  return {
    env: process.env,
    signal,
    outputClosed,
    isLive: isLive(process),
    isInteractive: process.stdout.isTTY,
    canReadKeys:
      isLive(process) && process.stdin.isTTY && process.stdout.isTTY && !process.env['CI'],
    onKey: readKeys,
    footer: line.footer,
    status: line.status,
    print,
    printJson: (value, indent = false) => print(JSON.stringify(value, null, indent ? 2 : 0)),
    note: (text) => {
      const write = (): void => line.above(() => process.stderr.write(`${text}\n`));
      // Where both streams share a socket and its reader is slow, a notice would overtake the data that it follows.
      if (process.stdout.writableLength === 0) write();
      else process.stdout.write('', write);
    },
    get columns() {
      return process.stdout.columns || DEFAULT_COLUMNS;
    },
    get width() {
      return process.stdout.isTTY ? process.stdout.columns || DEFAULT_COLUMNS : null;
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
