/**
 * The composition root: from options to a running sandbox. The only place that picks the sandbox's adapters.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import type { Hono } from 'hono';
import { systemClock } from './clock/system.ts';
import { startClock } from './clock/virtual.ts';
import type { SandboxRemedyTexts } from './domain/remedies.ts';
import { createTransport } from './engine/delivery/transport.ts';
import { createEngine } from './engine/create-engine.ts';
import type { Engine } from './engine/engine.ts';
import {
  OPTION_REMEDIES,
  settingsOf,
  type LooseMockOptions,
  type MockOptions,
  type Settings,
} from './mock-options.ts';
import { createApp } from './server/app.ts';
import type { AnsweredRequest } from './server/context.ts';
import { createLastResort } from './server/last-resort.ts';
import { listen } from './server/listen.ts';
import { openSimulator, type Simulator } from './simulator/simulator.ts';
import { openMemoryStore } from './storage/memory/memory-store.ts';
import { openSqliteStore } from './storage/sqlite/sqlite-store.ts';
import type { Store } from './storage/store.ts';

export { SCENARIOS } from './simulator/scenarios.ts';

/** Responses in progress may take this many real milliseconds when the server closes. */
const ANSWER_GRACE_MS = 2000;

/** A running sandbox. */
export interface Mock extends AsyncDisposable {
  /** Base URL, e.g. `http://127.0.0.1:7363`; for `app.fetch` if the mock does not listen. */
  readonly url: string;
  /** The server without a socket: `app.fetch(request)` serves both APIs in this process. */
  readonly app: Pick<Hono, 'fetch'>;
  /**
   * Stop accepting requests, wait for attempts in flight, and release all resources. Repeated calls return the same
   * promise. `await using` calls it at the end of the block.
   *
   * @param graceMs real milliseconds to wait for attempts in flight. Default: the attempt time limit
   *
   * @example
   * ```ts
   * const mock = await createMock();
   * await mock.close();
   * ```
   */
  close(graceMs?: number): Promise<void>;
}

/** A mock with its parts, for the command and for tests. Not part of the package's API. */
export interface StartedSandbox extends Mock {
  readonly engine: Engine<Simulator>;
  readonly store: Store;
}

const engineFor = (
  store: Store,
  settings: Settings,
  remedies: SandboxRemedyTexts,
): Engine<Simulator> => {
  const { setting, start, seed, timeoutMs, allowPublicTargets } = settings;
  const wall = systemClock;
  return createEngine({
    store,
    wall,
    transport: createTransport({ wall, timeoutMs, allowPublicTargets }),
    attemptTimeoutMs: timeoutMs,
    concurrency: settings.concurrency,
    apiKeys: settings.apiKeys,
    chaos: settings.chaos,
    remedies,
    openEventSource: openSimulator,
    initial: () => ({
      clock: startClock(setting, start ?? wall.now(), wall.now()),
      seed: seed ?? randomInt(0x1_0000_0000),
    }),
  });
};

/** What an entry point brings along. */
export interface EntryPoint {
  /** How the errors of deliveries word changes to the sandbox's configuration. Default: by options. */
  readonly remedies?: SandboxRemedyTexts;
  /** Called after every response. Must not throw. */
  readonly onRequest?: (request: AnsweredRequest) => void;
}

/** Start a sandbox on an open store, which stays open on failure. */
const startOn = async (
  store: Store,
  settings: Settings,
  { remedies = OPTION_REMEDIES, onRequest }: EntryPoint,
): Promise<StartedSandbox> => {
  const { timeoutMs, port, host, allowedHosts, profile: defaultProfile, rateLimit } = settings;
  const wall = systemClock;
  const engine = engineFor(store, settings, remedies);
  const closing = new AbortController();
  const { signal } = closing;
  const options = {
    engine,
    store,
    wall,
    defaultProfile,
    rateLimit,
    host,
    allowedHosts,
    remedies,
    onRequest,
    cluster: null,
  };
  const app = createApp({ ...options, closing: signal });
  try {
    await engine.start();
    const lastResort = createLastResort(wall);
    const server = port === null ? null : await listen(app, { port, host, wall, lastResort });
    let closed: Promise<void> | null = null;
    const closeOnce = async (graceMs: number): Promise<void> => {
      closing.abort();
      await server?.close(Math.min(graceMs, ANSWER_GRACE_MS));
      await engine.stop(graceMs);
      await store.close();
    };
    const close = (graceMs = timeoutMs): Promise<void> => (closed ??= closeOnce(graceMs));
    const url = server?.url ?? 'http://localhost';
    return { url, app, engine, store, close, [Symbol.asyncDispose]: () => close() };
  } catch (error) {
    await engine.stop(0);
    throw error;
  }
};

/** As {@link createMock}, with access to the engine and the store. */
export const startSandbox = async (
  options: LooseMockOptions = {},
  entryPoint: EntryPoint = {},
): Promise<StartedSandbox> => {
  // Validate everything before anything is opened.
  const settings = settingsOf(options);
  const { file } = settings;
  const store = file === null ? openMemoryStore() : await openSqliteStore({ file });
  try {
    return await startOn(store, settings, entryPoint);
  } catch (error) {
    await store.close();
    throw error;
  }
};

/**
 * Start a simulated SendEmAll in this process.
 *
 * Call {@link Mock.close}, or declare it with `await using`: like any server, it keeps the process alive while it listens.
 * With `port: null` it does so only while a delivery is scheduled.
 *
 * @throws {MockOptionError} for an invalid option
 * @throws {StartError} if the port is in use or the database cannot be opened; the message names the remedy
 *
 * @example
 * ```ts
 * await using mock = await createMock({ clock: 'skip' });
 * const response = await fetch(`${mock.url}/v1/webhooks`, { headers: { 'x-user-context': 'your-api-key' } });
 * console.log(response.status); // 200
 * ```
 */
export const createMock = async (options: MockOptions = {}): Promise<Mock> => {
  const { url, app, close } = await startSandbox(options);
  return { url, app, close, [Symbol.asyncDispose]: () => close() };
};
