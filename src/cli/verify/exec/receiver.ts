/**
 * The receiver as a process of the suite: started, watched, restarted and stopped.
 *
 * States: *down* → start → *up* (its port is open) → crash → start again → *up*, or *down* if it does not come up.
 * A restart kills the process group, waits until the port is closed and starts the command again. Starts and restarts
 * run one after the other.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { createFailures } from './failures.ts';
import { createLogTail } from './log-tail.ts';
import { createMarker } from './orphans.ts';
import { isListening, type Address } from './port.ts';
import { describeExit, startGroup, type Exit, type ProcessGroup } from './process-group.ts';

export interface ReceiverOptions {
  readonly command: string;
  readonly address: Address;
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Time for the port to open. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Make the receiver's output fit to show: without secrets and control characters. */
  readonly clean: (text: string) => string;
  /** Called when the process has ended unexpectedly, and is started again. */
  readonly onCrash: (what: string, lines: readonly string[]) => void;
}

export interface ReceiverProcess extends AsyncDisposable {
  /** Environment that every process of the receiver gets, its recovery included. */
  readonly env: Readonly<Record<string, string>>;
  /** Kill the process group and start the command again; resolves once its port is open. */
  restart(): Promise<void>;
  /** The last lines of its output: those before the latest crash, if there was one since a restart. Null without any. */
  log(): string | null;
}

const POLL_MS = 25;
const CLOSED_WITHIN_MS = 3000;
const MAX_LOG_LINES = 40;

const poll = async (
  forMs: number,
  signal: AbortSignal | undefined,
  isDone: () => Promise<boolean>,
): Promise<boolean> => {
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    signal?.throwIfAborted();
    if (await isDone()) return true;
    await sleep(POLL_MS);
  }
  return false;
};

/** Wait until the port is open; false if the process ends before, or the time is up. */
const comesUp = async (
  group: ProcessGroup,
  { address, timeoutMs, signal }: ReceiverOptions,
): Promise<boolean> => {
  const isOver = await poll(
    timeoutMs,
    signal,
    async () => group.exit() !== null || isListening(address),
  );
  if (group.exit() === null) return isOver;
  await group.exited;
  return false;
};

export const createReceiverProcess = async (options: ReceiverOptions): Promise<ReceiverProcess> => {
  const { command, address, signal, clean, onCrash } = options;
  const tail = createLogTail();
  const failures = createFailures({ ...options, tail });
  const marker = createMarker();
  const env = { ...options.env, ...marker.env };
  const inTurn = pLimit(1);
  let group: ProcessGroup | null = null;
  let crashLog: readonly string[] | null = null;
  let isStopping = false;

  const end = async (how: 'kill' | 'stop'): Promise<void> => {
    const ending = group;
    group = null;
    await ending?.[how]();
    if (await isListening(address)) marker.killAll();
  };

  const start = async (): Promise<void> => {
    if (isStopping) return;
    const started = startGroup(command, {
      // The user's own command gets the user's environment.
      // oxlint-disable-next-line node/no-process-env
      env: { ...process.env, ...env },
      onOutput: tail.follow,
    });
    group = started;
    const isUp = await comesUp(started, options);
    const exit = started.exit();
    if (!isUp) {
      await end('kill');
      throw exit === null ? failures.notListening() : failures.ended(exit);
    }
    void started.exited.then((unexpected) => crashed(started, unexpected));
  };

  const crashed = async (ended: ProcessGroup, exit: Exit): Promise<void> => {
    if (isStopping || group !== ended) return;
    const what = describeExit(exit);
    crashLog = [...tail.last(MAX_LOG_LINES), `[${what}; verify started it again]`];
    onCrash(what, failures.lines());
    tail.clear();
    await inTurn(async () => {
      if (isStopping || group !== ended) return;
      await end('kill');
      await start();
    }).catch((error: unknown) => {
      if (!isStopping) tail.add(`[did not start again: ${(error as Error).message}]`);
    });
  };

  const restart = async (): Promise<void> => {
    await end('kill');
    crashLog = null;
    const isClosed = await poll(
      CLOSED_WITHIN_MS,
      signal,
      async () => !(await isListening(address)),
    );
    if (!isClosed) throw failures.stillOpen();
    await start();
  };

  const dispose = async (): Promise<void> => {
    isStopping = true;
    await end('stop');
    // A start that has been under way meanwhile.
    await inTurn(() => end('stop'));
    marker.killAll();
  };

  if (await isListening(address)) throw failures.portTaken();
  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    env,
    restart: () => inTurn(restart),
    log: () => {
      const lines = crashLog ?? tail.last(MAX_LOG_LINES);
      return lines.length === 0 ? null : clean(lines.join('\n'));
    },
    [Symbol.asyncDispose]: dispose,
  };
};
