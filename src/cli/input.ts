/**
 * Reads files and standard input as bytes.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'EACCES') return 'permission denied';
  return message;
};

/** A file that cannot be read. `reason` is a clause for a caller's own message. */
export class InputError extends UsageError {
  readonly reason: string;

  constructor(name: string, reason: string) {
    super(`Cannot read ${name}: ${reason}. Pass a file, or - for standard input.`);
    this.reason = reason;
  }
}

/**
 * Read a file.
 *
 * @param name path; `-` is standard input
 * @throws {InputError} if it cannot be read
 */
export const readInput = async (name: string, terminal: Terminal): Promise<Buffer> => {
  if (name === '-') {
    if (process.stdin.isTTY) terminal.note('Reading standard input. Press Ctrl-D to end it.');
    return buffer(addAbortSignal(terminal.signal, process.stdin));
  }
  try {
    return await readFile(name, { signal: terminal.signal });
  } catch (error) {
    terminal.signal.throwIfAborted();
    throw new InputError(name, reasonOf(error));
  }
};
