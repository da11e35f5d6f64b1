/**
 * Time from the start of the command to the first 200 of an account with 1,000,000 deliveries in a file: after a clean stop,
 * and after SIGKILL in the middle of deliveries.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from './cold-start.ts';
import { copySeeded, SCALE_KEY } from './scale-seed.ts';
import { median } from './support.ts';

const ROUNDS = 5;
const MAX_START_MS = 120_000;
/** Events to trigger before a kill: their deliveries are in flight, and the log is not merged into the file. */
const EVENTS = 2000;
const root = fileURLToPath(new URL('../../', import.meta.url));

const headers = { 'x-user-context': SCALE_KEY, 'content-type': 'application/json' };

interface Started {
  readonly ms: number;
  readonly url: string;
  /** Ends the process, and resolves when it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

const start = async (command: string, file: string): Promise<Started> => {
  const port = await freePort();
  const began = performance.now();
  const args = [command, 'serve', '--db', file, '--port', String(port), '--no-rate-limit'];
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null) child.kill(signal);
    await ended;
  };
  for (;;) {
    const status = await fetch(`${url}/_sandbox/clock`, { headers }).then(
      (response) => response.status,
      () => 0,
    );
    const ms = performance.now() - began;
    if (status === 200) return { ms, url, end };
    if (child.exitCode !== null || ms > MAX_START_MS) {
      await end('SIGKILL');
      throw new Error(`the command does not answer (status ${status})`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
};

export interface StartTimes {
  readonly cleanMs: number;
  readonly killedMs: number;
}

/**
 * @param command path of the command
 * @param seeded a seeded file
 */
export const startTimes = async (command: string, seeded: string): Promise<StartTimes> => {
  const file = await copySeeded(seeded);
  const clean: number[] = [];
  const killed: number[] = [];
  // Fills the compile cache.
  await (await start(command, file)).end('SIGTERM');
  for (let round = 0; round < ROUNDS; round += 1) {
    const first = await start(command, file);
    clean.push(first.ms);
    const body = JSON.stringify({ event: 'email.sent', count: EVENTS });
    await fetch(`${first.url}/_sandbox/events`, { method: 'POST', headers, body });
    await first.end('SIGKILL');
    const second = await start(command, file);
    killed.push(second.ms);
    await second.end('SIGTERM');
  }
  return { cleanMs: median(clean), killedMs: median(killed) };
};
