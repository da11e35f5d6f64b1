/**
 * What a run of `verify` is told: by flags, by the environment, by a configuration file, in this order.
 *
 * @module
 */
import { parseSpan } from '../../domain/time.ts';
import { CONTENT_TYPE, SIGNATURE } from '../../../schemas/contract.ts';
import type { VerifyConfig } from '../../conformance/config.ts';
import type { HttpHookOptions } from '../../conformance/hooks/http-hooks.ts';
import { UsageError } from '../usage-error.ts';

/** As commander gives them. */
export interface VerifyFlags {
  readonly secret?: string | undefined;
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly failOn?: 'must' | 'should' | undefined;
  readonly baseline?: string | undefined;
  readonly list?: true | undefined;
  readonly bail?: true | undefined;
  readonly seed?: number | undefined;
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
  readonly sandboxUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly report?: readonly string[] | undefined;
  readonly json?: true | undefined;
}

/** Of one list or text, from a flag that gathers or from the file. */
export const listOf = (given: string | readonly string[] | undefined): readonly string[] =>
  (typeof given === 'string' ? [given] : (given ?? []))
    .flatMap((item) => item.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '');

export const timeoutOf = (text: string): number => {
  const millis = parseSpan(text);
  if (millis !== null && millis >= 50 && millis <= 600_000) return millis;
  throw new UsageError(`--timeout is "${text}": give a span from 50ms to 10m, e.g. 2s.`);
};

const MAX_TIME_MS = 86_400_000;

/** @param name of the flag or the variable that holds it */
export const budgetOf = (text: string, name: string): number => {
  const millis = parseSpan(text);
  if (millis !== null && millis >= 1000 && millis <= MAX_TIME_MS) return millis;
  throw new UsageError(`${name} is "${text}". Give a span from 1s to 24h, e.g. 10m.`);
};

const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const VALUE = /^[\t\u0020-\u007E\u0080-\u00FF]*$/;

/** The suite writes these itself: to send them twice would judge the receiver by a broken request. */
const OWN = new Set([
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
      `--header "${name}" is no header's name: give name and value, e.g. --header 'X-Gateway-Key: abc'.`,
    );
  }
  if (OWN.has(name.toLowerCase())) {
    throw new UsageError(
      `--header ${name} is one that the suite sends itself, as the provider does (Content-Type: ${CONTENT_TYPE}): leave it out.`,
    );
  }
  // Not quoted: it may be a key.
  if (!VALUE.test(value) || value === '') {
    throw new UsageError(
      `--header ${name} has no value, or one with a character that no header can carry: give plain text after the colon.`,
    );
  }
  return [name, value];
};

/** @param lines `Name: value` */
export const headersOf = (
  lines: readonly string[] | undefined,
  given: Readonly<Record<string, string>> | undefined,
): readonly (readonly [string, string])[] => {
  const fromFlags = (lines ?? []).map((line) => {
    const colon = line.indexOf(':');
    if (colon < 1) {
      throw new UsageError(
        "A --header has no colon in it: give name and value, e.g. --header 'X-Gateway-Key: abc'.",
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

/** A recovery or effects that a flag names take the place of the file's, whichever kind they are. */
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
        const what = flag.endsWith('url') ? 'a URL' : 'a command for the shell';
        throw new UsageError(`${flag} is empty: give ${what}, or leave it out.`);
      }
      return [member, value];
    }),
  );
};
