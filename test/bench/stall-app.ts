/**
 * The sandbox in its own process, which measures how long its event loop is blocked. `FILE` is the path of a database.
 * A round without `stop` starts a measurement; one with `stop` ends it and answers with its figures.
 *
 * @module
 */
import { createMock } from '../../src/create-mock.ts';
import { answerRounds } from './support.ts';

/** Longest time between two turns of the event loop. */
export interface Stalls {
  readonly url: string;
  /** Real time: other processes on a busy machine add to it. */
  readonly wallMs: number;
  /** Processor time of the thread: what the sandbox itself needs. */
  readonly cpuMs: number;
  /** Processor time of the thread since the measurement was started. */
  readonly usedMs: number;
}

const mock = await createMock({
  rateLimit: false,
  db: process.env['FILE'] ?? null,
  attemptTimeoutMs: Number(process.env['ATTEMPT_TIMEOUT_MS'] ?? 10_000),
});

const cpuNow = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

let longest = { wallMs: 0, cpuMs: 0 };
let last = { wall: performance.now(), cpu: cpuNow() };
const look = (): void => {
  const now = { wall: performance.now(), cpu: cpuNow() };
  longest = {
    wallMs: Math.max(longest.wallMs, now.wall - last.wall),
    cpuMs: Math.max(longest.cpuMs, now.cpu - last.cpu),
  };
  last = now;
};
let startedAt = 0;
let timer: NodeJS.Timeout | undefined;

answerRounds(async ({ stop }: { stop: boolean }): Promise<Stalls> => {
  look();
  clearInterval(timer);
  const stalls = { url: mock.url, ...longest, usedMs: last.cpu - startedAt };
  if (!stop) {
    longest = { wallMs: 0, cpuMs: 0 };
    startedAt = last.cpu;
    timer = setInterval(look, 1);
  }
  return stalls;
});
