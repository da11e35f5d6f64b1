/**
 * Settings of a run of `verify`. Precedence: flags, environment, config file.
 *
 * @module
 */
import { parseDuration } from '../../domain/time.ts';
import { CONTENT_TYPE, SIGNATURE } from '../../../schemas/contract.ts';
import type { VerifyConfig } from '../../conformance/config.ts';
import type { HttpHookOptions } from '../../conformance/hooks/http-hooks.ts';
import { UsageError } from '../usage-error.ts';

/** Flags as parsed by commander. */
export interface VerifyFlags {
  readonly secret?: string | undefined;
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly failOn?: 'must' | 'should' | undefined;
  readonly baseline?: string | undefined;
  readonly list?: true | undefined;
  readonly hooks?: true | undefined;
  readonly details?: true | undefined;
  readonly thorough?: true | undefined;
  readonly events?: readonly string[] | undefined;
  readonly leadEmail?: string | undefined;
  readonly examples?: string | undefined;
  readonly bail?: true | undefined;
  readonly seed?: number | undefined;
  readonly freshIds?: true | undefined;
  readonly header?: readonly string[] | undefined;
  readonly insecure?: true | undefined;
  readonly timeout?: string | undefined;
  readonly time?: string | undefined;
  readonly concurrency?: number | undefined;
  readonly config?: string | undefined;
  readonly effectsUrl?: string | undefined;
  readonly effectsSink?: string | undefined;
  readonly stateUrl?: string | undefined;
  readonly faultUrl?: string | undefined;
  readonly restartCommand?: string | undefined;
  readonly recoverUrl?: string | undefined;
  readonly recoverCommand?: string | undefined;
  readonly pauses?: true | undefined;
  readonly exec?: string | undefined;
  readonly sinkEnv?: readonly string[] | undefined;
  readonly secretEnv?: string | undefined;
  readonly execTimeout?: string | undefined;
  readonly watch?: true | undefined;
  readonly failed?: true | undefined;
  readonly sandboxUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly docsUrl?: string | undefined;
  readonly report?: readonly string[] | undefined;
  readonly json?: true | undefined;
}

/** Split comma-separated values, from a repeatable flag or the config file. */
export const listOf = (given: string | readonly string[] | undefined): readonly string[] =>
  (typeof given === 'string' ? [given] : (given ?? []))
    .flatMap((item) => item.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '');

/**
 * Parse --timeout.
 *
 * @returns milliseconds
 * @throws {UsageError} if it is not a duration, or out of range
 */
export const timeoutOf = (text: string): number => {
  const millis = parseDuration(text);
  if (millis !== null && millis >= 50 && millis <= 600_000) return millis;
  throw new UsageError(
    `Invalid --timeout "${text}". Pass a duration from 50ms to 10m, such as 2s.`,
  );
};

const MAX_TIME_MS = 86_400_000;

/**
 * Parse the time budget.
 *
 * @param name flag or environment variable that holds it, for the message
 * @returns milliseconds
 * @throws {UsageError} if it is not a duration, or out of range
 */
export const budgetOf = (text: string, name: string): number => {
  const millis = parseDuration(text);
  if (millis !== null && millis >= 1000 && millis <= MAX_TIME_MS) return millis;
  throw new UsageError(`Invalid ${name} "${text}". Pass a duration from 1s to 24h, such as 10m.`);
};

const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const VALUE = /^[\t\u0020-\u007E\u0080-\u00FF]*$/;

/** Headers that the suite sends itself. Sending one twice would test the receiver with a broken request. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'transfer-encoding',
  SIGNATURE.header.toLowerCase(),
]);

const checkHeader = (name: string, value: string): readonly [string, string] => {
  if (!NAME.test(name)) {
    throw new UsageError(
      `Invalid header name in --header "${name}". Pass a name and a value, such as --header 'X-Gateway-Key: abc'.`,
    );
  }
  if (RESERVED.has(name.toLowerCase())) {
    throw new UsageError(
      `--header ${name} is reserved: the suite sends it as the provider does (Content-Type: ${CONTENT_TYPE}). Remove it.`,
    );
  }
  // Do not quote the value: it may be a key.
  if (!VALUE.test(value) || value === '') {
    throw new UsageError(
      `Invalid value in --header ${name}: it is empty or contains a character that a header cannot carry. Pass plain text after the colon.`,
    );
  }
  return [name, value];
};

/**
 * Merge headers from flags and the config file; flags win.
 *
 * @param lines `Name: value`
 * @throws {UsageError} for a malformed or reserved header
 */
export const headersOf = (
  lines: readonly string[] | undefined,
  given: Readonly<Record<string, string>> | undefined,
): readonly (readonly [string, string])[] => {
  const fromFlags = (lines ?? []).map((line) => {
    const colon = line.indexOf(':');
    if (colon < 1) {
      throw new UsageError(
        "Missing colon in --header. Pass a name and a value, such as --header 'X-Gateway-Key: abc'.",
      );
    }
    return checkHeader(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  });
  const replaced = new Set(fromFlags.map(([name]) => name.toLowerCase()));
  const fromFile = Object.entries(given ?? {})
    .filter(([name]) => !replaced.has(name.toLowerCase()))
    .map(([name, value]) => checkHeader(name, value));
  return [...fromFile, ...fromFlags];
};

const HOOK_FLAGS = [
  ['effectsUrl', '--effects-url'],
  ['stateUrl', '--state-url'],
  ['faultUrl', '--fault-url'],
  ['restartCommand', '--restart-command'],
  ['recoverUrl', '--recover-url'],
  ['recoverCommand', '--recover-command'],
] as const;

/**
 * Merge hook URLs and commands from flags and the config file. A flag for effects or recovery replaces the file's setting
 * of either kind.
 *
 * @throws {UsageError} for an empty one
 */
export const hookOptionsOf = (flags: VerifyFlags, config: VerifyConfig): HttpHookOptions => {
  const recovers = flags.recoverUrl !== undefined || flags.recoverCommand !== undefined;
  const effects = flags.effectsUrl !== undefined || flags.effectsSink !== undefined;
  const given = {
    ...config,
    ...(effects ? { effectsUrl: undefined } : {}),
    ...(recovers ? { recoverUrl: undefined, recoverCommand: undefined } : {}),
  };
  return Object.fromEntries(
    HOOK_FLAGS.map(([member, flag]) => {
      const value = flags[member] ?? given[member];
      if (value?.trim() === '') {
        const expected = flag.endsWith('url') ? 'a URL' : 'a shell command';
        throw new UsageError(`${flag} is empty. Pass ${expected}, or remove the flag.`);
      }
      return [member, value];
    }),
  );
};
