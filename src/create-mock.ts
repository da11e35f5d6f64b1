/**
 * The composition root: from options to a running sandbox. The only place that picks adapters.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import type { Hono } from 'hono';
import { ulid } from 'ulid';
import { MAX_CLOCK_RATE, parseClockSetting, type ClockSetting } from './clock/setting.ts';
import { systemClock } from './clock/system.ts';
import type { ClockState } from './clock/port.ts';
import { startClock } from './clock/virtual.ts';
import { DELIVERY_POLICY } from '../schemas/contract.ts';
import { ProfileName, type TriggerRequest } from '../schemas/sandbox.ts';
import { createSigner } from './signature/sign.ts';
import { DEFAULT_HOST } from './domain/defaults.ts';
import { isMoment, parseTime, toProviderTime } from './domain/time.ts';
import { deliveryHeaders, makeAttempt, type AttemptEnd } from './engine/delivery/attempt.ts';
import { createEngine } from './engine/create-engine.ts';
import type { Engine } from './engine/engine.ts';
import type { NewRule } from './engine/faults/rules.ts';
import { CHAOS, CHAOS_LEVELS, type ChaosLevel } from './engine/faults/presets.ts';
import { serialise } from './engine/publish.ts';
import { createTransport, targetOf } from './engine/delivery/transport.ts';
import { createApp } from './server/app.ts';
import { isAuthority } from './server/host-name.ts';
import { listen } from './server/listen.ts';
import { createLastResort } from './server/last-resort.ts';
import type { Account } from './domain/account.ts';
import { openCampaigns, type Campaigns } from './simulator/campaigns.ts';
import { createGenerator } from './simulator/generator.ts';
import { completeEvents, prepareEvents } from './simulator/trigger.ts';
import { openMemoryStore } from './storage/memory/memory-store.ts';
import { openSqliteStore } from './storage/sqlite/sqlite-store.ts';
import type { Store } from './storage/store.ts';

export { CHAOS_LEVELS } from './engine/faults/presets.ts';

/** Default number of attempts in flight per webhook. */
export const DEFAULT_CONCURRENCY = 16;
/** Requests that are being answered when it closes have at most so long. */
const ANSWER_GRACE_MS = 2000;

export interface MockOptions {
  /** Port to listen on. 0, the default, takes a free one; null listens nowhere (use `app.fetch`). */
  readonly port?: number | null;
  /** Address to bind. Default 127.0.0.1: this machine only. */
  readonly host?: string;
  /** SQLite file that keeps state. Default null: memory. */
  readonly db?: string | null;
  /** Clock of new accounts: `realtime` (default), `skip`, `frozen`, or a rate such as `60x`. */
  readonly clock?: string;
  /** What the clocks of new accounts show at first, RFC 3339. Default: real time. */
  readonly clockStart?: string;
  /** Seed of everything generated, 0 to 4294967295. Default: another one per account. */
  readonly seed?: number;
  /** Only these keys are accounts. Default: any key is. */
  readonly apiKeys?: readonly string[];
  /** Real milliseconds that an attempt may take. Default: the contract's 10,000. */
  readonly attemptTimeoutMs?: number;
  /** Attempts in flight per webhook. Default 16. */
  readonly concurrency?: number;
  /** Deliver to public addresses too. Default false. */
  readonly allowPublicTargets?: boolean;
  /** How the leads of a new campaign behave: `average` (default), `excellent`, `dangerous` or `silent`. */
  readonly profile?: ProfileName;
  /** The provider's 60 requests, and 10 new campaigns, a minute and key. Default true. */
  readonly rateLimit?: boolean;
  /** What goes wrong in every account: `mild` or `wild`. Default: nothing. */
  readonly chaos?: ChaosLevel;
  /** Further host names that the sandbox answers to, e.g. `sandbox.example.com`. Default: none. */
  readonly allowedHosts?: readonly string[];
}

export interface Mock extends AsyncDisposable {
  /** Where it listens, e.g. `http://127.0.0.1:7363`; the base URL for `app.fetch` when it listens nowhere. */
  readonly url: string;
  readonly app: Pick<Hono, 'fetch'>;
  readonly engine: Engine;
  readonly store: Store;
  /** Takes no more, lets attempts in flight finish within `graceMs` (default: the attempt time-out), lets go of everything. */
  close(graceMs?: number): Promise<void>;
}

/** An option that cannot be used; the message names it, its value and the remedy. */
export class MockOptionError extends Error {
  override readonly name = 'MockOptionError';
  readonly option: keyof MockOptions;
  readonly value: unknown;
  /** What to pass instead: a sentence. */
  readonly remedy: string;
  constructor(option: keyof MockOptions, value: unknown, remedy: string) {
    super(`Invalid ${option} ${JSON.stringify(value)}. ${remedy}`);
    this.option = option;
    this.value = value;
    this.remedy = remedy;
  }
}

const wholeNumber = (
  option: keyof MockOptions,
  value: number,
  from: number,
  to: number,
): number => {
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw new MockOptionError(option, value, `Pass a whole number from ${from} to ${to}.`);
};

const clockSetting = (text: string): ClockSetting => {
  const setting = parseClockSetting(text);
  if (setting !== null) return setting;
  throw new MockOptionError(
    'clock',
    text,
    `Pass realtime, skip, frozen, or a rate such as 60x (up to ${MAX_CLOCK_RATE}x).`,
  );
};

const startOf = (text: string | undefined): number | null => {
  if (text === undefined) return null;
  const start = parseTime(text);
  if (start !== null && isMoment(start)) return start;
  throw new MockOptionError(
    'clockStart',
    text,
    'Pass an RFC 3339 time in 1970 or later, such as 2026-04-06T12:00:00Z.',
  );
};

const chaosOf = (level: string): readonly NewRule[] => {
  if (level === 'mild' || level === 'wild') return CHAOS[level];
  throw new MockOptionError('chaos', level, `Pass ${CHAOS_LEVELS.join(' or ')}.`);
};

const profileOf = (name: string = 'average'): ProfileName => {
  const profile = ProfileName.safeParse(name);
  if (profile.success) return profile.data;
  throw new MockOptionError('profile', name, `Pass one of ${ProfileName.options.join(', ')}.`);
};

const hostsOf = (hosts: readonly string[] = []): readonly string[] => {
  const invalid = hosts.find((host) => !isAuthority(host));
  if (invalid === undefined) return hosts;
  throw new MockOptionError(
    'allowedHosts',
    invalid,
    'Pass a host name without scheme and path, such as sandbox.example.com.',
  );
};

/** @throws {MockOptionError} for the first that cannot be used */
const validated = (options: MockOptions) => ({
  file: options.db ?? null,
  apiKeys: options.apiKeys ?? null,
  allowPublicTargets: options.allowPublicTargets ?? false,
  rateLimit: options.rateLimit ?? true,
  setting: clockSetting(options.clock ?? 'realtime'),
  start: startOf(options.clockStart),
  seed: options.seed === undefined ? null : wholeNumber('seed', options.seed, 0, 0xffff_ffff),
  timeoutMs: wholeNumber(
    'attemptTimeoutMs',
    options.attemptTimeoutMs ?? DELIVERY_POLICY.timeoutMs,
    1,
    600_000,
  ),
  concurrency: wholeNumber('concurrency', options.concurrency ?? DEFAULT_CONCURRENCY, 1, 1024),
  port: options.port === null ? null : wholeNumber('port', options.port ?? 0, 0, 65_535),
  host: options.host ?? DEFAULT_HOST,
  allowedHosts: hostsOf(options.allowedHosts),
  chaos: options.chaos === undefined ? [] : chaosOf(options.chaos),
  profile: profileOf(options.profile),
});

type Settings = ReturnType<typeof validated>;

/** The clock that a new account gets. */
const initialClock = (setting: ClockSetting, start: number | null): ClockState => {
  const wall = systemClock.now();
  return startClock(setting, start ?? wall, wall);
};

/** Runs a sandbox on an open store, which stays open when that fails. */
const startOn = async (store: Store, settings: Settings): Promise<Mock> => {
  const { setting, start, seed, timeoutMs, port, host, allowedHosts } = settings;
  const transport = createTransport({
    wall: systemClock,
    timeoutMs,
    allowPublicTargets: settings.allowPublicTargets,
  });
  // An account has its campaigns from the moment that it is opened.
  const campaigns = new WeakMap<Account, Campaigns>();
  const engine = createEngine({
    store,
    wall: systemClock,
    transport,
    attemptTimeoutMs: timeoutMs,
    concurrency: settings.concurrency,
    apiKeys: settings.apiKeys,
    chaos: settings.chaos,
    openEventSource: async (account) => {
      const opened = await openCampaigns(account, store);
      campaigns.set(account, opened);
      return opened;
    },
    initial: () => ({
      clock: initialClock(setting, start),
      seed: seed ?? randomInt(0x1_0000_0000),
    }),
  });
  const closing = new AbortController();
  const app = createApp({
    engine,
    store,
    wall: systemClock,
    prepare: prepareEvents,
    campaigns: ({ account }) => campaigns.get(account)!,
    defaultProfile: settings.profile,
    rateLimit: settings.rateLimit,
    host,
    allowedHosts,
    closing: closing.signal,
  });

  const stop = async (graceMs: number): Promise<void> => {
    await engine.stop(graceMs);
    await store.close();
  };
  try {
    await engine.start();
    const server =
      port === null
        ? null
        : await listen(app, {
            port,
            host,
            wall: systemClock,
            lastResort: createLastResort(systemClock),
          });
    let closed: Promise<void> | null = null;
    const close = (graceMs = timeoutMs): Promise<void> => {
      closed ??= (async () => {
        closing.abort();
        await server?.close(Math.min(graceMs, ANSWER_GRACE_MS));
        await stop(graceMs);
      })();
      return closed;
    };
    return {
      url: server?.url ?? 'http://localhost',
      app,
      engine,
      store,
      close,
      [Symbol.asyncDispose]: () => close(),
    };
  } catch (error) {
    await engine.stop(0);
    throw error;
  }
};

/**
 * Starts a simulated SendEmAll in this process.
 *
 * Call {@link Mock.close}, or declare it with `await using`: like any server, it keeps the process alive while it listens.
 * With `port: null` it does so only while a delivery is scheduled.
 *
 * @throws {MockOptionError} for an option that cannot be used
 * @throws for a port that is taken and a database that cannot be opened, with what to do about it
 *
 * @example
 * ```ts
 * await using mock = await createMock({ clock: 'skip' });
 * const response = await fetch(`${mock.url}/v1/webhooks`, { headers: { 'x-user-context': 'your-api-key' } });
 * console.log(response.status); // 200
 * ```
 */
export const createMock = async (options: MockOptions = {}): Promise<Mock> => {
  // Everything that can be wrong with them is found before anything is opened.
  const settings = validated(options);
  const { file } = settings;
  const store = file === null ? openMemoryStore() : await openSqliteStore({ file });
  try {
    return await startOn(store, settings);
  } catch (error) {
    await store.close();
    throw error;
  }
};

export interface OnceRequest {
  readonly url: string;
  readonly secret: string;
  readonly event: Pick<TriggerRequest, 'event' | 'data' | 'id' | 'timestamp'>;
  readonly signal?: AbortSignal;
}

export interface Once extends Omit<AttemptEnd, 'signature'> {
  /** The exact characters that were sent. */
  readonly body: string;
  /** What else there is to know, such as a field that the contract does not name; null when there is nothing. */
  readonly notice: string | null;
  readonly request: {
    readonly url: string;
    readonly headers: readonly (readonly [string, string])[];
  };
}

/**
 * One attempt at a receiver, with no sandbox, no retry and nothing kept. The target is the caller's own choice, so it
 * may be public.
 *
 * @throws {Problem} when the given data does not fit the event
 *
 * @example
 * ```ts
 * const { outcome } = await deliverOnce({
 *   url: 'http://127.0.0.1:3000/webhooks/sendemall',
 *   secret: 'whsec_your-signing-secret',
 *   event: { event: 'email.replied' },
 * });
 * ```
 */
export const deliverOnce = async ({ url, secret, event, signal }: OnceRequest): Promise<Once> => {
  const now = systemClock.now();
  const seed = randomInt(0x1_0000_0000);
  const { events, notice } = await completeEvents(
    await createGenerator({ seed, opens: 0 }),
    event,
    now,
  );
  const [made] = events;
  if (made === undefined) throw new Error('no event was made');
  const body = serialise({
    ...made,
    id: made.id ?? `evt_${ulid(now)}`,
    timestamp: made.timestamp ?? toProviderTime(now),
  });
  const timeoutMs = DELIVERY_POLICY.timeoutMs;
  const transport = createTransport({ wall: systemClock, timeoutMs, allowPublicTargets: true });
  const sendable = {
    target: targetOf(url),
    sign: createSigner(secret),
    body,
    signature: 'valid',
  } as const;
  try {
    const { signature, ...end } = await new Promise<AttemptEnd>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      makeAttempt(transport, timeoutMs, sendable, resolve);
    });
    return { ...end, body, notice, request: { url, headers: deliveryHeaders(signature) } };
  } finally {
    await transport.close();
  }
};
