/**
 * The real command at a real pseudo-terminal, which `script` of util-linux provides.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import xterm from '@xterm/headless';
import { shellWord } from '../../src/domain/shell.ts';
import { BIN } from './support.ts';

const { Terminal } = xterm;

export const hasScript = spawnSync('script', ['--version']).stdout?.includes('util-linux') ?? false;

export const CTRL_C = '\u0003';

export interface Typed extends AsyncDisposable {
  type(keys: string): void;
  /** Everything shown so far, once it has `text` in it. */
  shows(text: string): Promise<string>;
  /** Everything shown so far. */
  screen(): string;
  readonly status: Promise<number | null>;
}

export interface TerminalOptions {
  readonly columns?: number;
  /** Default: without colour. */
  readonly color?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** A row of the screen, and whether it goes on on the next one because it is too long. */
interface Row {
  readonly text: string;
  readonly wraps: boolean;
}

/** What a terminal emulator shows of the output, to the last row that is not empty. */
export const rowsOf = async (output: string, columns: number): Promise<readonly Row[]> => {
  const emulator = new Terminal({
    cols: columns,
    rows: 50,
    scrollback: 10_000,
    allowProposedApi: true,
  });
  await new Promise<void>((resolve) => {
    emulator.write(output, resolve);
  });
  const { active } = emulator.buffer;
  const rows = Array.from({ length: active.length }, (_, at) => ({
    text: active.getLine(at)?.translateToString(true) ?? '',
    wraps: active.getLine(at + 1)?.isWrapped ?? false,
  }));
  emulator.dispose();
  return rows.slice(0, rows.findLastIndex(({ text }) => text !== '') + 1);
};

/** Starts the command at a terminal of its own, 80 columns wide and without colour unless told otherwise. */
export const atTerminal = (args: readonly string[], options?: TerminalOptions): Typed =>
  programAtTerminal([process.execPath, BIN, ...args], options);

/** The same with any program. */
export const programAtTerminal = (
  words: readonly string[],
  { columns = 80, color = false, env = {} }: TerminalOptions = {},
): Typed => {
  const line = words.map(shellWord).join(' ');
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(SENDEMALL_MOCK_|FORCE_COLOR|NODE_OPTIONS|VITEST|CI$|NO_COLOR)/.test(name),
  );
  // `exec`, so that no shell stands between the terminal and the command.
  const child = spawn(
    'script',
    ['-qec', `stty cols ${columns} rows 50; exec ${line}`, '/dev/null'],
    {
      env: {
        ...Object.fromEntries(inherited),
        ...(color ? {} : { NO_COLOR: '1' }),
        TERM: 'xterm-256color',
        TZ: 'UTC',
        SHELL: '/bin/sh',
        ...env,
      },
      stdio: 'pipe',
    },
  );
  let screen = '';
  let over = false;
  const looking = new Set<() => void>();
  const look = (): void => {
    for (const one of looking) one();
  };
  const exit = once(child, 'exit') as Promise<[number | null]>;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      screen += chunk.toString();
      look();
    });
  }
  child.on('close', () => {
    over = true;
    look();
  });
  return {
    type: (keys) => void child.stdin.write(keys),
    screen: () => screen,
    status: exit.then(([status]) => status),
    shows: (text) =>
      new Promise((resolve, reject) => {
        const one = (): void => {
          if (!screen.includes(text) && !over) return;
          looking.delete(one);
          if (screen.includes(text)) resolve(screen);
          else reject(new Error(`It ended without showing "${text}": ${screen}`));
        };
        looking.add(one);
        one();
      }),
    [Symbol.asyncDispose]: async () => {
      if (!over) child.kill('SIGKILL');
      await exit;
    },
  };
};
