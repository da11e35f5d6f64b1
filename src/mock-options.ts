/**
 * Options of `createMock`: types, defaults and validation.
 *
 * @module
 */
import { DELIVERY_POLICY } from '../schemas/contract.ts';
import { ProfileName } from '../schemas/sandbox.ts';
import { MAX_CLOCK_RATE, parseClockSetting, type ClockSetting } from './clock/setting.ts';
import { DEFAULT_HOST } from './domain/defaults.ts';
import type { SandboxRemedyTexts } from './domain/remedies.ts';
import { isMoment, parseTime } from './domain/time.ts';
import { CHAOS, CHAOS_LEVELS, type ChaosLevel } from './engine/faults/presets.ts';
import type { NewRule } from './engine/faults/rules.ts';
import { isAuthority } from './server/host-name.ts';

export { CHAOS_LEVELS } from './engine/faults/presets.ts';

/** Default number of attempts in flight per webhook. */
export const DEFAULT_CONCURRENCY = 16;

/**
 * Clock of new accounts. `realtime` runs at 1×, `60x` at 60×; `frozen` moves only when advanced; `skip` jumps to the next
 * due time whenever nothing is in flight.
 */
export type MockClock = 'realtime' | 'skip' | 'frozen' | `${number}x`;

export interface MockOptions {
  /** Port to listen on. 0 takes a free port; null listens nowhere (use `app.fetch`). Default: 0. */
  readonly port?: number | null;
  /** Address to bind. Default: `127.0.0.1`, this machine only. */
  readonly host?: string;
  /**
   * Where the state is kept: an SQLite file, or PostgreSQL at `postgres://user:password@host/database`, which several
   * sandboxes may share. Default: null, in memory.
   */
  readonly db?: string | null;
  /**
   * URL at which the other sandboxes on the same PostgreSQL reach this one. Default: the address it listens on; if it
   * listens on all, the machine's first address in its network.
   */
  readonly nodeUrl?: string;
  /** Clock of new accounts. Default: `realtime`. */
  readonly clock?: MockClock;
  /** Initial time of the clocks of new accounts, RFC 3339. Default: the current time. */
  readonly clockStart?: string;
  /** Seed of everything generated, 0 to 4294967295. Default: random, one per account. */
  readonly seed?: number;
  /** The only API keys accepted. Default: any key is an account. */
  readonly apiKeys?: readonly string[];
  /** Time limit of an attempt in real milliseconds, 1 to 600,000. Default: the contract's 10,000. */
  readonly attemptTimeoutMs?: number;
  /** Maximum number of attempts in flight per webhook, 1 to 1024. Default: 16. */
  readonly concurrency?: number;
  /** Whether to deliver to public addresses, too. Default: false. */
  readonly allowPublicTargets?: boolean;
  /** Behaviour of the leads of new campaigns. Default: `average`. */
  readonly profile?: ProfileName;
  /** Whether to enforce the provider's limits of 60 requests, and 10 new campaigns, per minute and key. Default: true. */
  readonly rateLimit?: boolean;
  /** Level of faults injected into every account. Default: none. */
  readonly chaos?: ChaosLevel;
  /** Additional host names that the sandbox responds to, e.g. `sandbox.example.com`. Default: none. */
  readonly allowedHosts?: readonly string[];
}

/** Remedies that change the sandbox's configuration, in terms of {@link MockOptions} and of Node. */
export const OPTION_REMEDIES: SandboxRemedyTexts = {
  allow_public_targets: 'pass allowPublicTargets: true if this receiver is yours',
  trust_certificate: 'for a private certificate start Node with NODE_EXTRA_CA_CERTS=<its CA>',
  allow_host: (name) => `pass allowedHosts: ['${name}']`,
};

/** {@link MockOptions} with a clock that is not checked by the compiler, e.g. from a flag. */
export interface LooseMockOptions extends Omit<MockOptions, 'clock'> {
  readonly clock?: string;
}

/** Thrown for an invalid option. The message names the option, its value and the remedy. */
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

/** Whether `db` is PostgreSQL rather than a file. */
export const isPostgresUrl = (db: string): boolean => /^postgres(?:ql)?:\/\//.test(db);

const placeOf = (
  db: string | null,
): { readonly type: 'memory' } | { readonly type: 'file' | 'postgres'; readonly at: string } => {
  if (db === null) return { type: 'memory' };
  return { type: isPostgresUrl(db) ? 'postgres' : 'file', at: db };
};

const nodeUrlOf = ({ nodeUrl, db = null }: LooseMockOptions): string | null => {
  if (nodeUrl === undefined) return null;
  const url = URL.canParse(nodeUrl) ? new URL(nodeUrl) : null;
  const isOrigin = url?.protocol === 'http:' && url.href === `${url.origin}/`;
  if (!isOrigin) {
    throw new MockOptionError(
      'nodeUrl',
      nodeUrl,
      'Pass an http URL without user and path, such as http://10.0.0.5:7363.',
    );
  }
  if (placeOf(db).type === 'postgres') return url.origin;
  throw new MockOptionError(
    'nodeUrl',
    nodeUrl,
    'It has an effect only if the state is kept in PostgreSQL. Remove it, or pass a postgres:// URL as db.',
  );
};

/**
 * Validate the options and fill in the defaults.
 *
 * @throws {MockOptionError} for the first invalid option
 */
export const settingsOf = (options: LooseMockOptions) => ({
  place: placeOf(options.db ?? null),
  nodeUrl: nodeUrlOf(options),
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

/** Validated options. */
export type Settings = ReturnType<typeof settingsOf>;
