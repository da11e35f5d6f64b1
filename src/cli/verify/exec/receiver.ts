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
import { UsageError } from '../../usage-error.ts';
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
/** Lines in a message. */
const MAX_SHOWN_LINES = 12;

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

const portTaken = ({ port }: Address): UsageError => {
  const airPlay =
    process.platform === 'darwin' && (port === 5000 || port === 7000)
      ? ' On macOS, it may be the AirPlay Receiver.'
      : '';
  return new UsageError(
    `Port ${port} is already in use, so --exec would judge another process.${airPlay} Stop what listens there, or start the receiver on another port and pass its URL.`,
  );
};

export const createReceiverProcess = async (options: ReceiverOptions): Promise<ReceiverProcess> => {
  const { command, address, timeoutMs, signal, clean, onCrash } = options;
  const tail = createLogTail();
  const marker = createMarker();
  const env = { ...options.env, ...marker.env };
  const inTurn = pLimit(1);
  let group: ProcessGroup | null = null;
  let crashLog: readonly string[] | null = null;
  let isStopping = false;

  const shown = (lines: readonly string[]): readonly string[] => clean(lines.join('\n')).split('\n');
  const withOutput = (problem: string): UsageError => {
    const lines = tail.last(MAX_SHOWN_LINES);
    const output =
      lines.length === 0
        ? ' It wrote nothing.'
        : ` Its last output:\n${shown(lines)
            .map((line) => `  | ${line}`)
            .join('\n')}`;
    return new UsageError(`--exec "${command}" ${problem}${output}`);
  };
  const notStarted = (exit: Exit): UsageError =>
    withOutput(
      exit.status === 0
        ? `exited with status 0 before port ${address.port} was open. Keep the receiver in the foreground: no "&", no daemon.`
        : `${describeExit(exit)} before port ${address.port} was open. Fix the command, or its environment.`,
    );

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
    const isOpen = await poll(
      timeoutMs,
      signal,
      async () => started.exit() !== null || isListening(address),
    );
    const exit = started.exit();
    if (exit !== null) {
      await started.exited;
      await end('kill');
      throw notStarted(exit);
    }
    if (!isOpen) {
      await end('kill');
      throw withOutput(
        `did not open port ${address.port} within ${timeoutMs / 1000} s. Let it listen on the port of the URL, or pass a longer --exec-timeout.`,
      );
    }
    void started.exited.then((unexpected) => crashed(started, unexpected));
  };

  const crashed = async (ended: ProcessGroup, exit: Exit): Promise<void> => {
    if (isStopping || group !== ended) return;
    const what = describeExit(exit);
    crashLog = [...tail.last(MAX_LOG_LINES), `[${what}; verify started it again]`];
    onCrash(what, shown(tail.last(MAX_SHOWN_LINES)));
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
    const isClosed = await poll(CLOSED_WITHIN_MS, signal, async () => !(await isListening(address)));
    if (!isClosed) {
      throw new UsageError(
        `Port ${address.port} is still open after all processes of --exec "${command}" were killed: something left its process group. Start the receiver in the foreground, without a daemon or a container in the background.`,
      );
    }
    await start();
  };

  const dispose = async (): Promise<void> => {
    isStopping = true;
    await end('stop');
    // A start that has been under way meanwhile.
    await inTurn(() => end('stop'));
    marker.killAll();
  };

  if (await isListening(address)) throw portTaken(address);
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
