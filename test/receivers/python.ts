/**
 * Receivers in Python, each in a process of its own that ends with this one.
 *
 * @module
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Why a receiver that needs this module cannot be started here; null when it can. */
export const missingModule = (module: string): string | null => {
  const { status, error } = spawnSync('python3', ['-c', `import ${module}`]);
  if (error !== undefined) return 'python3 is not installed';
  return status === 0 ? null : `${module} is not installed for python3`;
};

export interface PythonProcess {
  readonly child: ChildProcess;
  /** What it printed first: its ports. */
  readonly ports: readonly number[];
}

export const startPython = async (
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<PythonProcess> => {
  // The pipe to its input ends with this process, and so does it.
  const child = spawn('python3', [file], {
    env: { ...process.env, ...env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(([status]) =>
      Promise.reject(new Error(`${file} ended with ${String(status)}`)),
    ),
  ])) as [string];
  return { child, ports: line.split(' ').map(Number) };
};

export const killPython = async ({ child }: PythonProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
};
