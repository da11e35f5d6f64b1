/**
 * The last lines that a process wrote, bounded in memory.
 *
 * @module
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface LogTail {
  /** Collect the lines of a stream until it ends. */
  follow(stream: Readable): void;
  /** Add a line of our own. */
  add(line: string): void;
  /** The last lines, as many as fit. */
  last(maxLines: number): readonly string[];
  /** Forget everything. */
  clear(): void;
}

const MAX_LINES = 200;
const MAX_LINE_CHARACTERS = 500;

export const createLogTail = (): LogTail => {
  let lines: string[] = [];
  const add = (line: string): void => {
    lines.push(line.length > MAX_LINE_CHARACTERS ? `${line.slice(0, MAX_LINE_CHARACTERS)}…` : line);
    if (lines.length > 2 * MAX_LINES) lines = lines.slice(-MAX_LINES);
  };
  return {
    add,
    follow: (stream) => {
      createInterface({ input: stream, crlfDelay: Infinity }).on('line', add);
    },
    last: (maxLines) => lines.slice(-Math.min(maxLines, MAX_LINES)),
    clear: () => {
      lines = [];
    },
  };
};
