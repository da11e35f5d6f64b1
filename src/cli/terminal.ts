/**
 * What a command may do to the outside: print, ask whether it is to stop, and say how it went.
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
  /** Aborted once nothing reads stdout any more, as in `sendemall-mock serve | head -1`. */
  readonly outputClosed: AbortSignal;
  /** Data: a line on stdout. */
  print(line: string): void;
  /** The same for machines: one line of JSON, or indented when `indent` is asked for. */
  printJson(value: unknown, indent?: boolean): void;
  /** Progress and notices: a line on stderr. */
  note(line: string): void;
  /** Whether {@link Terminal.status} shows anything. */
  readonly isLive: boolean;
  /** A line on stderr that is overwritten by the next; null takes it away. Nothing unless stderr is a terminal for it. */
  status(text: string | null): void;
  /** Colours text for stdout, when that is a terminal that wants it. */
  style(styles: Styles, text: string): string;
  /** What was checked has failed: the command will end with status 1. */
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

/** Takes the line away that the cursor is on. */
const CLEAR_LINE = '\r\u001B[2K';

const isLive = ({ env }: NodeJS.Process): boolean =>
  process.stderr.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

/**
 * The terminal of this process.
 *
 * @param signal aborted by Ctrl-C and SIGTERM
 * @param outputClosed aborted once nothing reads stdout any more
 */
export const processTerminal = (
  signal: AbortSignal,
  outputClosed: AbortSignal,
): ProcessTerminal => {
  let failed = false;
  let shown = false;
  const status = (text: string | null): void => {
    if (!isLive(process) || (text === null && !shown)) return;
    shown = text !== null;
    // A line that wraps could not be taken away whole.
    process.stderr.write(CLEAR_LINE + (text ?? '').slice(0, (process.stderr.columns || 80) - 1));
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
