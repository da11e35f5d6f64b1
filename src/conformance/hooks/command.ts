/**
 * Runs a command of the user's for the shell, within a limit of time. What a command that ended with 0 has started in
 * the background goes on running: that is how a restart works. Of one that failed, was interrupted or took too long,
 * the whole process group is killed.
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
  /** Besides the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Characters of its output that a message shows. */
const SHOWN = 400;

/** The shell and whatever it has started and waits for. */
const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
};

const runInto = (
  command: string,
  output: number,
  options: CommandOptions,
): Promise<string | null> =>
  new Promise((resolve) => {
    const { wall, signal, env, timeoutMs } = options;
    // A file and no pipe: what the command leaves running writes on, and must not break when nobody reads.
    const child = spawn(command, {
      shell: true,
      detached: true,
      // The user's own command: it gets the user's own environment.
      // oxlint-disable-next-line node/no-process-env
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output],
    });
    const end = (trouble: string | null): void => {
      disarm();
      signal?.removeEventListener('abort', interrupted);
      resolve(trouble);
    };
    const disarm = wall.after(timeoutMs, () => {
      killGroup(child);
      end(
        `did not end within ${timeoutMs / 1000} s. Start what should go on running in the background.`,
      );
    });
    const interrupted = (): void => {
      killGroup(child);
      end('was interrupted.');
    };
    signal?.addEventListener('abort', interrupted);
    child.once('error', (error) => end(`could not be run: ${error.message}.`));
    child.once('exit', (status, killedBy) => {
      if (status === 0) {
        end(null);
        return;
      }
      // Half of a restart is left running by nobody who would end it.
      killGroup(child);
      end(`ended with ${killedBy ?? status}; it must end with 0.`);
    });
    if (signal?.aborted === true) interrupted();
  });

/** The last bytes of a file that may be of any size. */
const readEnd = (file: string): string => {
  const input = openSync(file, 'r');
  try {
    const start = Math.max(0, fstatSync(input).size - 4 * SHOWN);
    const end = Buffer.alloc(4 * SHOWN);
    return end.toString('utf8', 0, readSync(input, end, 0, end.length, start));
  } finally {
    closeSync(input);
  }
};

/** @returns null when it has ended with 0; else what went wrong, to follow the command's name in a message */
export const runCommand = async (
  command: string,
  options: CommandOptions,
): Promise<string | null> => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-mock-'));
  const file = join(folder, 'output');
  const output = openSync(file, 'w');
  try {
    const trouble = await runInto(command, output, options);
    if (trouble === null) return null;
    const said = readEnd(file).trim().slice(-SHOWN);
    return said === '' ? trouble : `${trouble} It said: ${said}`;
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
};
