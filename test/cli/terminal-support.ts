/**
 * The real command at a real pseudo-terminal, which `script` of util-linux provides.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { shellWord } from '../../src/domain/shell.ts';
import { BIN } from './support.ts';

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

/** Starts the command at a terminal of its own, 80 columns wide. */
export const atTerminal = (args: readonly string[], columns = 80): Typed => {
  const line = [process.execPath, BIN, ...args].map(shellWord).join(' ');
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(SENDEMALL_MOCK_|FORCE_COLOR|NODE_OPTIONS|VITEST|CI$)/.test(name),
  );
  // `exec`, so that no shell stands between the terminal and the command.
  const child = spawn('script', ['-qec', `stty cols ${columns}; exec ${line}`, '/dev/null'], {
    env: { ...Object.fromEntries(inherited), NO_COLOR: '1', TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: 'pipe',
  });
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
