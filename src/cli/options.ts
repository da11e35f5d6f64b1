/**
 * Flags that several commands share, and how values are read.
 *
 * @module
 */
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { UsageError } from './usage-error.ts';

/** The key that the provider's own examples use, so that its curl commands reach the same account. */
export const DEFAULT_API_KEY = 'your-api-key';

export const jsonOption = () =>
  new Option('--json', 'print JSON for machines').env('SENDEMALL_MOCK_JSON');

export const sandboxUrlOption = () =>
  new Option('--sandbox-url <url>', 'the sandbox to talk to')
    .env('SENDEMALL_MOCK_SANDBOX_URL')
    .default('http://127.0.0.1:7363')
    .argParser(httpUrl);

/** Not read by commander, whose error messages would print it. */
export const apiKeyOption = () =>
  new Option(
    '--api-key <key>',
    `the account (env: SENDEMALL_MOCK_API_KEY; default: ${DEFAULT_API_KEY})`,
  );

export const secretOption = (description: string) =>
  new Option('--secret <secret>', `${description} (env: SENDEMALL_MOCK_SECRET)`);

/** Repeatable flags gather their values. */
export const gather = (value: string, before: readonly string[] | undefined): string[] => [
  ...(before ?? []),
  value,
];

/** @returns a parser for a whole number within limits */
export const wholeNumber =
  (from: number, to: number) =>
  (value: string): number => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= from && number <= to) return number;
    throw new InvalidArgumentError(`Give a whole number from ${from} to ${to}.`);
  };

/** Reads an absolute http(s) URL; one with a password in it is refused without being printed. */
export const httpUrl = (value: string): string => {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError(
      'Give an absolute URL, e.g. http://localhost:3000/webhooks/sendemall.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      `A URL for ${url.host} has a user name or password in it: leave them out.`,
    );
  }
  return value;
};

export interface KeyOptions {
  readonly apiKey?: string | undefined;
}

const MAX_KEY_LENGTH = 256;

/** Refuses what no request could carry, without quoting it. */
export const checkKey = (key: string): string => {
  if (key === '' || key.length > MAX_KEY_LENGTH || !/^[\u0021-\u00FF]+$/.test(key)) {
    throw new UsageError(
      `--api-key is empty, longer than ${MAX_KEY_LENGTH} characters, or has white space or characters in it that no header can carry: give 1 to ${MAX_KEY_LENGTH} plain characters.`,
    );
  }
  return key;
};

/** Several keys in the environment are parted by commas. */
export const keysOf = (env: NodeJS.ProcessEnv): readonly string[] =>
  (env['SENDEMALL_MOCK_API_KEY'] ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');

/** The account's key: the flag, else the (first) one in the environment, else the guide's. */
export const keyOf = ({ apiKey }: KeyOptions, env: NodeJS.ProcessEnv): string =>
  checkKey(apiKey ?? keysOf(env)[0] ?? DEFAULT_API_KEY);

/** The limits that the provider's registration has. */
export const checkSecret = (secret: string): string => {
  if (secret.length >= 8 && secret.length <= 256) return secret;
  throw new UsageError(`--secret is ${secret.length} characters long: give 8 to 256.`);
};

/** @throws when there is none */
export const secretOf = (
  { secret }: { readonly secret?: string | undefined },
  env: NodeJS.ProcessEnv,
): string => {
  const given = secret ?? env['SENDEMALL_MOCK_SECRET'];
  if (given !== undefined && given !== '') return given;
  throw new UsageError(
    '--secret is missing: give it, or set SENDEMALL_MOCK_SECRET, which no list of processes shows.',
  );
};

const SWITCHES = ['ALLOW_PUBLIC_TARGETS', 'NO_RATE_LIMIT', 'VERBOSE', 'JSON'];

/** A switch that is "0" or "false" in the environment is off; commander would take any value for on. */
export const checkSwitches = (env: NodeJS.ProcessEnv): void => {
  for (const name of SWITCHES.map((suffix) => `SENDEMALL_MOCK_${suffix}`)) {
    const value = env[name]?.toLowerCase();
    if (value === undefined) continue;
    if (['', '0', 'false', 'no', 'off'].includes(value)) delete env[name];
    else if (!['1', 'true', 'yes', 'on'].includes(value)) {
      throw new UsageError(`${name} is "${env[name]}": use 1 or 0.`);
    }
  }
};
