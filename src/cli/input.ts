/**
 * Bytes from a file or from standard input, exactly as they are.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

const why = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'it may not be read';
  return message;
};

/** @param name a file's path; `-` is standard input */
export const readInput = async (name: string, terminal: Terminal): Promise<Buffer> => {
  if (name === '-') {
    if (process.stdin.isTTY) terminal.note('Reading standard input; end it with Ctrl-D.');
    return buffer(addAbortSignal(terminal.signal, process.stdin));
  }
  try {
    return await readFile(name, { signal: terminal.signal });
  } catch (error) {
    terminal.signal.throwIfAborted();
    throw new UsageError(
      `Cannot read ${name}: ${why(error)}. Give a file, or - for standard input.`,
    );
  }
};
