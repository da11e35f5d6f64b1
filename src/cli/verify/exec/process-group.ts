/**
 * A shell command in a process group of its own, which ends with this process, however that ends.
 *
 * On POSIX systems, a guard in the group waits for the end of a pipe that only this process holds, and then kills the
 * group: so the group also ends when this process is killed with SIGKILL. On Windows there are no process groups:
 * `taskkill /T` ends the tree, unless this process is killed itself.
 *
 * @module
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** How the command's process ended. */
export interface Exit {
  readonly status: number | null;
  readonly killedBy: NodeJS.Signals | null;
  /** Why the shell could not be started; null if it was. */
  readonly error: string | null;
}

export interface ProcessGroup {
  /** Resolves once the command's process has ended and its output has been read. */
  readonly exited: Promise<Exit>;
  /** Null while the command's process runs. */
  exit(): Exit | null;
  /** Kill all processes of the group. Resolves once the command's process has ended. */
  kill(): Promise<void>;
  /** Ask the processes to end, and kill what is left after a while. */
  stop(): Promise<void>;
}

export interface GroupOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Called with stdout and stderr. */
  readonly onOutput: (stream: Readable) => void;
}

const IS_WINDOWS = process.platform === 'win32';

/**
 * The guard is a child of init, so that the command does not see a child that it has not started. It holds no stream of
 * the command.
 */
const GUARDED = '( { cat <&3; kill -9 0; } >/dev/null 2>&1 & ) ; exec 3<&- ; exec /bin/sh -c "$1"';

/** Time for output that is still in a pipe after the exit. */
const OUTPUT_WITHIN_MS = 200;
/** Time between SIGTERM and SIGKILL. */
const STOP_WITHIN_MS = 2000;

const spawnGroup = (command: string, env: NodeJS.ProcessEnv): ChildProcess =>
  IS_WINDOWS
    ? spawn(command, { shell: true, env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
    : spawn('/bin/sh', ['-c', GUARDED, 'sh', command], {
        detached: true,
        env,
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      });

const signalGroup = ({ pid }: ChildProcess, signal: NodeJS.Signals): void => {
  if (pid === undefined) return;
  if (IS_WINDOWS) {
    spawnSync('taskkill', ['/pid', String(pid), '/T', '/F']);
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has already ended.
  }
};

export const startGroup = (command: string, { env, onOutput }: GroupOptions): ProcessGroup => {
  const child = spawnGroup(command, env);
  let exit: Exit | null = null;
  const killNow = (): void => signalGroup(child, 'SIGKILL');
  // The last resort, without a chance to wait: an uncaught error, or a second Ctrl-C.
  process.on('exit', killNow);
  if (child.stdout !== null) onOutput(child.stdout);
  if (child.stderr !== null) onOutput(child.stderr);
  // Without a listener, the guard's end would be an uncaught error.
  child.stdio[3]?.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  const exited = new Promise<Exit>((resolve) => {
    const end = (how: Exit): void => {
      exit ??= how;
      void Promise.race([closed, sleep(OUTPUT_WITHIN_MS)]).then(() => resolve(exit!));
    };
    child.once('error', ({ message }) => end({ status: null, killedBy: null, error: message }));
    child.once('exit', (status, killedBy) => end({ status, killedBy, error: null }));
  });
  const kill = async (): Promise<void> => {
    killNow();
    await exited;
    // What the command's process has started may outlive it.
    killNow();
    process.removeListener('exit', killNow);
    child.stdio[3]?.destroy();
  };
  return {
    exited,
    exit: () => exit,
    kill,
    stop: async () => {
      if (!IS_WINDOWS) {
        signalGroup(child, 'SIGTERM');
        const timeout = new AbortController();
        await Promise.race([
          exited,
          sleep(STOP_WITHIN_MS, undefined, { signal: timeout.signal }).catch(() => undefined),
        ]);
        timeout.abort();
      }
      await kill();
    },
  };
};

/** "exited with status 1", "was killed by SIGSEGV". */
export const describeExit = ({ status, killedBy, error }: Exit): string => {
  if (error !== null) return `could not be started: ${error}`;
  return killedBy === null ? `exited with status ${status}` : `was killed by ${killedBy}`;
};
