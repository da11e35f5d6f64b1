/**
 * Flags that several commands share, and parsers for their values.
 *
 * @module
 */
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { DEFAULT_API_KEY, DEFAULT_SANDBOX_URL } from '../domain/defaults.ts';
import { parseFilter, type Filter } from '../deliveries/filter.ts';
import { UsageError } from './usage-error.ts';

/** Heading in the help for the flags that select a sandbox and an account. */
const SANDBOX_GROUP = 'Sandbox:';

export const jsonOption = () =>
  new Option('--json', 'print JSON').env('SENDEMALL_MOCK_JSON').helpGroup('Options:');

export const sandboxUrlOption = () =>
  new Option('--sandbox-url <url>', 'URL of the sandbox')
    .env('SENDEMALL_MOCK_SANDBOX_URL')
    .default(DEFAULT_SANDBOX_URL)
    .argParser(httpUrl)
    .helpGroup(SANDBOX_GROUP);

/** Reads the environment itself: commander's error messages would print the key. */
export const apiKeyOption = () =>
  new Option(
    '--api-key <key>',
    `API key of the account (default: "${DEFAULT_API_KEY}", env: SENDEMALL_MOCK_API_KEY)`,
  ).helpGroup(SANDBOX_GROUP);

/** Reads the environment itself: commander's error messages would print the secret. */
export const secretOption = (description: string) =>
  new Option('--secret <secret>', `${description} (env: SENDEMALL_MOCK_SECRET)`);

/** Maximum number of items to list. */
export const limitOption = (max = 1_000_000) =>
  new Option('--limit <number>', 'maximum number of items to list')
    .default(50)
    .argParser(wholeNumber(1, max));

/** Terms that deliveries must match: the language of the page's filter. */
export const filterOption = (description: string) =>
  new Option('--filter <filter>', description).argParser((value: string): Filter => {
    const filter = parseFilter(value);
    const [problem] = filter.problems;
    if (problem === undefined) return filter;
    throw new InvalidArgumentError(problem);
  });

/** Collects the values of a repeatable flag. */
export const gather = (value: string, before: readonly string[] | undefined): string[] => [
  ...(before ?? []),
  value,
];

/**
 * Create a parser for a whole number.
 *
 * @param from smallest value accepted
 * @param to largest value accepted
 */
export const wholeNumber =
  (from: number, to: number) =>
  (value: string): number => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= from && number <= to) return number;
    throw new InvalidArgumentError(`Pass a whole number from ${from} to ${to}.`);
  };

const PORT_ONLY = /^:?(\d{1,5})(\/.*)?$/;

/** A host that is certainly one: with a port, this machine's name, or an address. */
const HOST_FIRST =
  /^(?:[\w.-]+:\d{1,5}|\[[\da-f:]+\](?::\d{1,5})?|localhost|(?:\d{1,3}\.){3}\d{1,3})(?:[/?].*)?$/i;

/** Complete what people type: `5000`, `:5000/hook` and `localhost:5000/hook`. */
const completed = (value: string): string => {
  const [, port, path = ''] = PORT_ONLY.exec(value) ?? [];
  if (port !== undefined) return `http://localhost:${port}${path}`;
  return HOST_FIRST.test(value) ? `http://${value}` : value;
};

/**
 * Parse an http(s) URL; scheme and host may be left out for a local one. A URL with credentials is rejected without
 * printing them.
 *
 * @throws {InvalidArgumentError} if it is not an http(s) URL
 * @throws {UsageError} if it holds a user name or password
 */
export const httpUrl = (value: string): string => {
  const whole = completed(value);
  const url = URL.parse(whole);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError(
      'Pass a URL such as http://localhost:3000/webhooks/sendemall, or in short :3000/webhooks/sendemall.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`The URL for ${url.host} contains a user name or password. Remove them.`);
  }
  return whole;
};

export interface KeyOptions {
  readonly apiKey?: string | undefined;
}

const MAX_KEY_LENGTH = 256;

/**
 * Check that a key can be sent as a header value.
 *
 * @throws {UsageError} without quoting the key
 */
export const checkKey = (key: string): string => {
  if (key === '' || key.length > MAX_KEY_LENGTH || !/^[\u0021-\u00FF]+$/.test(key)) {
    throw new UsageError(
      `Invalid --api-key: it is empty, longer than ${MAX_KEY_LENGTH} characters, or contains white space or characters that a header cannot carry. Pass 1 to ${MAX_KEY_LENGTH} printable characters.`,
    );
  }
  return key;
};

/** Keys in `SENDEMALL_MOCK_API_KEY`, separated by commas. */
export const keysOf = (env: NodeJS.ProcessEnv): readonly string[] =>
  (env['SENDEMALL_MOCK_API_KEY'] ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');

/** The account's key: the flag, else the first key in the environment, else the default. */
export const keyOf = ({ apiKey }: KeyOptions, env: NodeJS.ProcessEnv): string =>
  checkKey(apiKey ?? keysOf(env)[0] ?? DEFAULT_API_KEY);

/**
 * Check a secret against the limits of the provider's registration.
 *
 * @throws {UsageError} without quoting the secret
 */
export const checkSecret = (secret: string): string => {
  if (secret.length >= 8 && secret.length <= 256) return secret;
  throw new UsageError(
    `Invalid --secret: its length is ${secret.length}. Pass 8 to 256 characters.`,
  );
};

/**
 * The secret from the flag or the environment.
 *
 * @throws {UsageError} if both are missing or empty
 */
export const secretOf = (
  { secret }: { readonly secret?: string | undefined },
  env: NodeJS.ProcessEnv,
): string => {
  const given = secret ?? env['SENDEMALL_MOCK_SECRET'];
  if (given !== undefined && given !== '') return given;
  throw new UsageError(
    'Missing --secret. Pass it, or set SENDEMALL_MOCK_SECRET to keep it out of the process list.',
  );
};

const SWITCHES = ['ALLOW_PUBLIC_TARGETS', 'NO_RATE_LIMIT', 'VERBOSE', 'JSON'];

/**
 * Remove switches that the environment turns off with `0` or `false`: commander reads any value as on.
 *
 * @throws {UsageError} for a value that is neither on nor off
 */
export const checkSwitches = (env: NodeJS.ProcessEnv): void => {
  for (const name of SWITCHES.map((suffix) => `SENDEMALL_MOCK_${suffix}`)) {
    const value = env[name]?.toLowerCase();
    if (value === undefined) continue;
    if (['', '0', 'false', 'no', 'off'].includes(value)) delete env[name];
    else if (!['1', 'true', 'yes', 'on'].includes(value)) {
      throw new UsageError(`Invalid ${name} "${env[name]}". Set it to 1 or 0.`);
    }
  }
};
