/**
 * From the flags of `serve` to a running sandbox.
 *
 * @module
 */
import { startSandbox, type EntryPoint, type StartedSandbox } from '../../create-mock.ts';
import type { SandboxRemedyTexts } from '../../domain/remedies.ts';
import { StartError } from '../../domain/start-error.ts';
import { MockOptionError, type LooseMockOptions } from '../../mock-options.ts';
import { checkKey, checkSecret, keysOf } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import type { ServeFlags } from './options.ts';

/** Remedies that change the sandbox's configuration, in terms of flags and environment variables. */
export const FLAG_REMEDIES: SandboxRemedyTexts = {
  allow_public_targets: 'start it with --allow-public-targets if this receiver is yours',
  trust_certificate:
    'for a private certificate start the sandbox with NODE_EXTRA_CA_CERTS=<its CA>',
  allow_host: (name) => `start it with --allowed-host ${name}`,
};

/** Options of `createMock` whose flag has another name. */
const FLAGS: Readonly<Record<string, string>> = {
  attemptTimeoutMs: '--attempt-timeout',
  apiKeys: '--api-key',
  allowPublicTargets: '--allow-public-targets',
  allowedHosts: '--allowed-host',
  nodeUrl: '--node-url',
};

const flagOf = (option: string): string => FLAGS[option] ?? `--${option}`;

/** Everything that prevents a start is the user's to fix: an invalid option, a port in use, a locked database. */
export const usageErrorOf = (error: unknown): UsageError => {
  if (error instanceof StartError) return new UsageError(error.describe(flagOf(error.option)));
  if (!(error instanceof MockOptionError)) {
    return new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { option, value, remedy } = error;
  return new UsageError(`Invalid ${flagOf(option)} ${JSON.stringify(value)}. ${remedy}`);
};

/** The accounts that are allowed, the first one shown; empty when any key is. */
export const allowedKeysOf = (flags: ServeFlags, { env }: Terminal): readonly string[] =>
  (flags.apiKey ?? keysOf(env)).map(checkKey);

/** The secret for `--forward-to`; null generates or keeps one. */
export const forwardingSecretOf = (flags: ServeFlags, { env }: Terminal): string | null => {
  const secret = flags.secret ?? env['SENDEMALL_MOCK_SECRET'] ?? '';
  return secret === '' ? null : checkSecret(secret);
};

const mockOptionsOf = (
  flags: ServeFlags,
  apiKeys: readonly string[],
  { env }: Terminal,
): LooseMockOptions => {
  const { port, host, clock, concurrency, profile, seed, attemptTimeout, chaos, nodeUrl } = flags;
  return {
    port,
    host,
    clock,
    concurrency,
    profile,
    db: flags.db ?? null,
    ...(nodeUrl === undefined ? {} : { nodeUrl }),
    ...(seed === undefined ? {} : { seed }),
    ...(apiKeys.length === 0 ? {} : { apiKeys }),
    ...(attemptTimeout === undefined ? {} : { attemptTimeoutMs: attemptTimeout }),
    ...(chaos === undefined ? {} : { chaos }),
    rateLimit: flags.rateLimit && !env['SENDEMALL_MOCK_NO_RATE_LIMIT'],
    allowPublicTargets: flags.allowPublicTargets === true,
    allowedHosts: flags.allowedHost ?? [],
  };
};

/** @throws {UsageError} if an option is invalid, the port is in use or the database cannot be opened */
export const startMock = async (
  flags: ServeFlags,
  apiKeys: readonly string[],
  terminal: Terminal,
  onRequest: NonNullable<EntryPoint['onRequest']>,
): Promise<StartedSandbox> => {
  try {
    const options = mockOptionsOf(flags, apiKeys, terminal);
    return await startSandbox(options, { remedies: FLAG_REMEDIES, onRequest });
  } catch (error) {
    throw usageErrorOf(error);
  }
};
