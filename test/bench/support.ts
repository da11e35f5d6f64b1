/**
 * Child processes and figures for the benchmarks.
 *
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (file: string): string => resolve(fileURLToPath(new URL('.', import.meta.url)), file);

export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  /** The first message from the child. */
  readonly hello: unknown;
}

/** Starts `file`, in this folder, in its own process and waits for its first message. */
export const startChild = async (
  file: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<Child> => {
  const child = fork(here(file), args, { env: { ...process.env, ...env } });
  const [hello] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`${file} ended with status ${String(code)}`)),
    ),
  ])) as [unknown];
  return {
    process: child,
    hello,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
};

/** Makes a child run one round. @returns its answer */
export const ask = async <T>({ process: child }: Child, request: unknown): Promise<T> => {
  const answer = once(child, 'message') as Promise<[T]>;
  child.send(request as object);
  return (await answer)[0];
};

/** Child side of {@link ask}: sends `ready`, then answers every request. */
export const answerRounds = (round: (request: never) => Promise<unknown>): void => {
  process.on('message', (request) => {
    void round(request as never).then((answer) => process.send?.(answer));
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
};

export const startReceiver = async (status = 200): Promise<Child & { readonly url: string }> => {
  const child = await startChild('receiver.ts', { STATUS: String(status) });
  return { ...child, url: `http://127.0.0.1:${String(child.hello)}/webhooks/sendemall` };
};

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};

/** Result of a measurement. */
export interface Measured {
  readonly perSecond: number;
  /** CPU seconds of this process per item. */
  readonly cpuPerItem: number;
}

export const measure = async (items: number, work: () => Promise<void>): Promise<Measured> => {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: items / seconds, cpuPerItem: (user + system) / 1e6 / items };
};
