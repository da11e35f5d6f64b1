/**
 * Reads files and standard input as bytes.
 *
 * @module
 */
import { open, readFile } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
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

/** The error for a file that cannot be read. */
export const inputError = (name: string, error: unknown): InputError =>
  new InputError(name, reasonOf(error));

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
    throw inputError(name, error);
  }
};

/**
 * Open a file to read it part by part.
 *
 * @param name path; `-` is standard input
 * @throws {InputError} if it cannot be opened; {@link inputError} converts the stream's own error
 */
export const openInput = async (
  name: string,
  terminal: Terminal,
): Promise<{ readonly stream: Readable; readonly bytes: number | null }> => {
  if (name === '-') {
    if (process.stdin.isTTY) terminal.note('Reading standard input. Press Ctrl-D to end it.');
    return { stream: addAbortSignal(terminal.signal, process.stdin), bytes: null };
  }
  try {
    const file = await open(name);
    const stats = await file.stat();
    if (stats.isDirectory()) {
      await file.close();
      throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
    }
    const { signal } = terminal;
    return {
      stream: file.createReadStream({ signal, highWaterMark: 262_144 }),
      bytes: stats.isFile() ? stats.size : null,
    };
  } catch (error) {
    terminal.signal.throwIfAborted();
    throw inputError(name, error);
  }
};
