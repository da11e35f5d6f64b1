/**
 * The composition root: from options to a running sandbox. The only place that picks the sandbox's adapters.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { SystemClock } from './clock/port.ts';
import { systemClock } from './clock/system.ts';
import { startClock } from './clock/virtual.ts';
import type { AccountDirectory } from './cluster/directory.ts';
import { createClusterNode, type ClusterNode } from './cluster/node.ts';
import { defaultNodeUrl } from './cluster/node-url.ts';
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
import { listen, type Listening } from './server/listen.ts';
import { openSimulator, type Simulator } from './simulator/simulator.ts';
import { openMemoryStore } from './storage/memory/memory-store.ts';
import { openSqliteStore } from './storage/sqlite/sqlite-store.ts';
import type { Store } from './storage/store.ts';
import { createSuiteVerifier } from './suite-verifier.ts';

export { SCENARIOS } from './simulator/scenarios.ts';

/** Responses in progress may take this many real milliseconds when the server closes. */
const ANSWER_GRACE_MS = 5000;

/** URL of a node that does not listen: no name ends in `.invalid`. */
const NOWHERE = 'http://does-not-listen.invalid';

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
  /** This node, if the sandbox can be shared by several processes. */
  readonly cluster: ClusterNode | null;
}

const engineFor = (
  { store, wall }: Pick<Place, 'store' | 'wall'>,
  settings: Settings,
  remedies: SandboxRemedyTexts,
): Engine<Simulator> => {
  const { setting, start, seed, timeoutMs, allowPublicTargets } = settings;
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

/** Where a sandbox keeps its state, and this node if others share it. The caller that opened it closes it. */
interface Place {
  readonly store: Store;
  readonly wall: SystemClock;
  readonly shared: { readonly directory: AccountDirectory; readonly secret: Buffer } | null;
}

/** What a sandbox consists of, before it listens. */
const createParts = (
  { store, wall, shared }: Place,
  settings: Settings,
  { remedies = OPTION_REMEDIES, onRequest }: EntryPoint,
) => {
  const { host, allowedHosts, allowPublicTargets } = settings;
  const { profile: defaultProfile, rateLimit } = settings;
  const engine = engineFor({ store, wall }, settings, remedies);
  const cluster = shared === null ? null : createClusterNode({ ...shared, engine, wall });
  const closing = new AbortController();
  const app = createApp({
    engine,
    store,
    cluster,
    wall,
    defaultProfile,
    rateLimit,
    host,
    allowedHosts,
    allowPublicTargets,
    remedies,
    onRequest,
    // The app reads its own sinks for a verification, which cannot begin before the app exists.
    verifier: createSuiteVerifier((request) => app.fetch(request)),
    closing: closing.signal,
  });
  return { engine, cluster, app, closing };
};

/** Call `close` at most once. */
const closeOnce = (
  defaultGraceMs: number,
  close: (graceMs: number) => Promise<void>,
): ((graceMs?: number) => Promise<void>) => {
  let closed: Promise<void> | null = null;
  return (graceMs = defaultGraceMs) => (closed ??= close(graceMs));
};

const listenWith = (
  app: Parameters<typeof listen>[0],
  { port, host }: Settings,
): Promise<Listening | null> =>
  port === null
    ? Promise.resolve(null)
    : listen(app, { port, host, wall: systemClock, lastResort: createLastResort(systemClock) });

/** Start the only process of a sandbox on an open store, which stays open on failure. */
const startAlone = async (
  store: Store,
  settings: Settings,
  entryPoint: EntryPoint,
): Promise<StartedSandbox> => {
  const { engine, app, closing } = createParts(
    { store, wall: systemClock, shared: null },
    settings,
    entryPoint,
  );
  try {
    await engine.start();
    const server = await listenWith(app, settings);
    const close = closeOnce(settings.timeoutMs, async (graceMs) => {
      closing.abort();
      await server?.close(Math.min(graceMs, ANSWER_GRACE_MS));
      await engine.stop(graceMs);
      await store.close();
    });
    const url = server?.url ?? 'http://localhost';
    const dispose = () => close();
    return { url, app, engine, store, cluster: null, close, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await engine.stop(0);
    throw error;
  }
};

/** An app for a server that listens before there is one: requests wait for it. */
const createLateApp = () => {
  let set: (app: Parameters<typeof listen>[0]) => void = () => undefined;
  const ready = new Promise<Parameters<typeof listen>[0]>((resolve) => {
    set = resolve;
  });
  return {
    fetch: async (request: Request, env: HttpBindings) => (await ready).fetch(request, env),
    set,
  };
};

/** Open the store and the directory of a sandbox in PostgreSQL. */
const openShared = async (url: string, nodeUrl: string): Promise<Place> => {
  // Loaded late: most sandboxes do not use the driver.
  const [{ openDirectory }, { openPostgresStore }, { readSecret }, { databaseClock }] =
    await Promise.all([
      import('./cluster/leases.ts'),
      import('./storage/postgres/postgres-store.ts'),
      import('./cluster/secret.ts'),
      import('./cluster/database-clock.ts'),
    ]);
  const directory = await openDirectory({ url, nodeUrl, clock: systemClock });
  const store = await openPostgresStore({ url, fence: directory.fence });
  try {
    const wall = await databaseClock(url, systemClock);
    return { store, wall, shared: { directory, secret: await readSecret(url) } };
  } catch (error) {
    await store.close();
    throw error;
  }
};

/** Start one of the processes that share a sandbox in PostgreSQL. */
const startNode = async (
  db: string,
  settings: Settings,
  entryPoint: EntryPoint,
): Promise<StartedSandbox> => {
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.toReversed()) await close().catch(() => undefined);
  };
  try {
    const lateApp = createLateApp();
    // Listen first: the port is part of the address that the other nodes get.
    const server = await listenWith(lateApp, settings);
    if (server !== null) opened.push(() => server.close(0));
    const url = server?.url ?? 'http://localhost';
    const nodeUrl =
      settings.nodeUrl ?? (server === null ? NOWHERE : defaultNodeUrl(settings.host, url));
    const place = await openShared(db, nodeUrl);
    const { store } = place;
    opened.push(() => store.close());
    const parts = createParts(place, settings, entryPoint);
    const { engine, app, closing } = parts;
    const cluster = parts.cluster!;
    opened.push(() => engine.stop(0));
    await engine.start({ opensAccounts: false });
    await cluster.start();
    opened.push(() => cluster.stop());
    lateApp.set(app);
    const close = closeOnce(settings.timeoutMs, async (graceMs) => {
      await cluster.leave(graceMs);
      closing.abort();
      await server?.close(Math.min(graceMs, ANSWER_GRACE_MS));
      await engine.stop(graceMs);
      await cluster.stop();
      await store.close();
    });
    return { url, app, engine, store, cluster, close, [Symbol.asyncDispose]: () => close() };
  } catch (error) {
    await closeAll();
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
  const { place } = settings;
  if (place.type === 'postgres') return startNode(place.at, settings, entryPoint);
  const store =
    place.type === 'memory' ? openMemoryStore() : await openSqliteStore({ file: place.at });
  try {
    return await startAlone(store, settings, entryPoint);
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
