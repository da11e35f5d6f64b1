/**
 * The real command as a child process, run to its end or kept running.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../../src/cli/bin.js', import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

const start = (
  args: readonly string[],
  { env = {}, cwd }: RunOptions,
): ChildProcessWithoutNullStreams => {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(SENDEMALL_MOCK_|NO_COLOR|FORCE_COLOR|NODE_OPTIONS|VITEST)/.test(name),
  );
  return spawn(process.execPath, [BIN, ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    cwd,
    stdio: 'pipe',
  });
};

/** Runs the command to its end. */
export const run = async (args: readonly string[], options: RunOptions = {}): Promise<Ran> => {
  const child = start(args, options);
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
};

export interface Running extends AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  /** Every line of stdout so far. */
  readonly lines: readonly string[];
  /** Everything on stderr so far. */
  stderr(): string;
  /** The first line, from now or before, that `test` likes. */
  line(test: (line: string) => boolean): Promise<string>;
  /** Sends the signal and gives the status. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the command and keeps it running. */
export const keepRunning = (args: readonly string[], options: RunOptions = {}): Running => {
  const child = start(args, options);
  const lines: string[] = [];
  const looking = new Set<() => void>();
  let errors = '';
  let over = false;
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const look = (): void => {
    for (const one of looking) one();
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    look();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.on('close', () => {
    over = true;
    look();
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    const [status] = await exit;
    return status;
  };
  return {
    child,
    lines,
    stderr: () => errors,
    stop,
    line: (test) =>
      new Promise((resolve, reject) => {
        const one = (): void => {
          const found = lines.find(test);
          if (found === undefined && !over) return;
          looking.delete(one);
          if (found === undefined) reject(new Error(`It ended without that line: ${errors}`));
          else resolve(found);
        };
        looking.add(one);
        one();
      }),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL');
    },
  };
};

export interface Served extends Running {
  readonly url: string;
  /** The first line of `--json`. */
  readonly started: Readonly<Record<string, any>>;
}

/** `serve` on a free port, once it listens. */
export const serve = async (
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Served> => {
  const running = keepRunning(['serve', '--port', '0', '--json', ...args], options);
  const first = await running.line((line) => line.includes('"listening"'));
  const started = JSON.parse(first) as Record<string, any>;
  return { ...running, url: String(started['url']), started };
};

/** Matches what would colour or move a terminal. */
// oxlint-disable-next-line no-control-regex
export const ESCAPES = /\u001B/;
