/**
 * Flags and config keys of a receiver that the suite starts itself.
 *
 * @module
 */
import { parseDuration } from '../../../domain/time.ts';
import type { VerifyConfig } from '../../../conformance/config.ts';
import { UsageError } from '../../usage-error.ts';
import { listOf, type VerifyFlags } from '../settings.ts';

export interface ExecOptions {
  readonly command: string;
  /** Environment variables that get the URL of a sink. */
  readonly sinkEnv: readonly string[];
  /** Environment variable that gets the signing secret. */
  readonly secretEnv: string;
  readonly timeoutMs: number;
}

const DEFAULT_SECRET_ENV = 'SENDEMALL_SECRET';
const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_TIMEOUT_MS = 600_000;

const checkName = (flag: string, name: string): string => {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new UsageError(
    `Invalid ${flag} "${name}". Pass the name of an environment variable, such as CRM_URL.`,
  );
};

const timeoutOf = (text: string | undefined): number => {
  if (text === undefined) return DEFAULT_TIMEOUT_MS;
  const millis = parseDuration(text);
  if (millis !== null && millis >= 100 && millis <= MAX_TIMEOUT_MS) return millis;
  throw new UsageError(
    `Invalid --exec-timeout "${text}". Pass a duration from 100ms to 10m, such as 1m.`,
  );
};

const DEPENDENT = [
  ['sinkEnv', '--sink-env'],
  ['secretEnv', '--secret-env'],
  ['execTimeout', '--exec-timeout'],
] as const;

/**
 * Merge flags and config file. Null without a command.
 *
 * @throws {UsageError} for an invalid value, or one that requires a command or excludes it
 */
export const execOptionsOf = (flags: VerifyFlags, config: VerifyConfig): ExecOptions | null => {
  const command = flags.exec ?? config.exec;
  if (command === undefined) {
    const orphan = DEPENDENT.find(([member]) => flags[member] !== undefined);
    if (orphan === undefined) return null;
    throw new UsageError(
      `${orphan[1]} requires --exec: only a receiver that verify starts gets environment variables. Pass --exec with the command that starts it, or remove ${orphan[1]}.`,
    );
  }
  if (command.trim() === '') {
    throw new UsageError(
      '--exec is empty. Pass the command that starts the receiver, such as "flask run -p 5000".',
    );
  }
  if ((flags.restartCommand ?? config.restartCommand) !== undefined) {
    throw new UsageError(
      '--exec and --restart-command are mutually exclusive: with --exec, verify restarts the receiver itself. Pass only one of them.',
    );
  }
  const sinkEnv = listOf(flags.sinkEnv ?? config.sinkEnv);
  if (sinkEnv.length === 0 && (flags.sinkEnv ?? config.sinkEnv) !== undefined) {
    throw new UsageError(
      '--sink-env is empty. Pass the name of the environment variable that holds the URL which the receiver calls, such as CRM_URL.',
    );
  }
  return {
    command,
    sinkEnv: sinkEnv.map((name) => checkName('--sink-env', name)),
    secretEnv: checkName('--secret-env', flags.secretEnv ?? config.secretEnv ?? DEFAULT_SECRET_ENV),
    timeoutMs: timeoutOf(flags.execTimeout ?? config.execTimeout),
  };
};
