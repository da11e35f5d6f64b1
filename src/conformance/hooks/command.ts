/**
 * Shell commands of the user, with a timeout. Background processes of a command that exited with 0 keep running, as a
 * restart requires. If the command failed, was interrupted or timed out, its whole process group is killed.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WallClock } from '../../clock/port.ts';

export interface CommandOptions {
  readonly wall: WallClock;
  readonly signal: AbortSignal | undefined;
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Characters of the command's output that a message quotes. */
const MAX_QUOTED_CHARACTERS = 400;

/** Kill the shell and everything it has started. */
const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has already exited.
  }
};

const runInto = (
  command: string,
  output: number,
  options: CommandOptions,
): Promise<string | null> =>
  new Promise((resolve) => {
    const { wall, signal, env, timeoutMs } = options;
    // A file instead of a pipe: background processes keep writing, and must not fail without a reader.
    const child = spawn(command, {
      shell: true,
      detached: true,
      // The user's own command gets the user's environment.
      // oxlint-disable-next-line node/no-process-env
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output],
    });
    const end = (problem: string | null): void => {
      disarm();
      signal?.removeEventListener('abort', interrupted);
      resolve(problem);
    };
    const disarm = wall.after(timeoutMs, () => {
      killGroup(child);
      end(
        `did not exit within ${timeoutMs / 1000} s. Start long-running processes in the background.`,
      );
    });
    const interrupted = (): void => {
      killGroup(child);
      end('was interrupted.');
    };
    signal?.addEventListener('abort', interrupted);
    child.once('error', (error) => end(`could not be started: ${error.message}.`));
    child.once('exit', (status, killedBy) => {
      if (status === 0) {
        end(null);
        return;
      }
      // No one else ends the processes that a failed restart has started.
      killGroup(child);
      end(`exited with ${killedBy ?? status}; it must exit with 0.`);
    });
    if (signal?.aborted === true) interrupted();
  });

/** Read the end of a file of any size. */
const readEnd = (file: string): string => {
  const input = openSync(file, 'r');
  try {
    const start = Math.max(0, fstatSync(input).size - 4 * MAX_QUOTED_CHARACTERS);
    const end = Buffer.alloc(4 * MAX_QUOTED_CHARACTERS);
    return end.toString('utf8', 0, readSync(input, end, 0, end.length, start));
  } finally {
    closeSync(input);
  }
};

/** @returns null if the command exited with 0; otherwise what went wrong, as a predicate for a message about the command */
export const runCommand = async (
  command: string,
  options: CommandOptions,
): Promise<string | null> => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-mock-'));
  const file = join(folder, 'output');
  const output = openSync(file, 'w');
  try {
    const problem = await runInto(command, output, options);
    if (problem === null) return null;
    const said = readEnd(file).trim().slice(-MAX_QUOTED_CHARACTERS);
    return said === '' ? problem : `${problem} Output: ${said}`;
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
};
