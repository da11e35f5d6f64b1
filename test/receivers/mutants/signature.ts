/**
 * Mutants that accept invalid signatures.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import type { Mutant } from './mutant.ts';
import { SIGNATURE_FAILING_MUTANTS } from './signature-failing.ts';
import { remembering, verifying, type Seen } from './verifying.ts';

const TRUNCATED = 'a digest that is cut off is malformed, too';

const hmac = (key: string, content: Buffer | string, algorithm = 'sha256'): string =>
  createHmac(algorithm, key).update(content).digest('hex');

/** The value after the prefix. */
const digits = ({ given = '' }: Seen): string => given.replace('sha256=', '');

const wellFormed = ({ given = '' }: Seen): boolean => /^sha256=[0-9a-f]{64}$/.test(given);

export const SIGNATURE_MUTANTS: readonly Mutant[] = [
  verifying(
    'missing-accepted',
    'verifies only when there is a signature',
    ({ given, right }) => given === undefined || right,
  ),
  verifying('error-swallowed', 'logs the wrong signature and goes on', () => true),
  verifying(
    'presence-only',
    'looks only whether there is a signature',
    ({ given }) => given !== undefined,
  ),
  verifying(
    'empty-accepted',
    'takes an empty signature for none due',
    ({ given, right }) => given === '' || right,
  ),
  verifying(
    'malformed-accepted',
    'an error while reading the signature counts as right',
    (seen) => (seen.given !== undefined && !wellFormed(seen)) || seen.right,
    {
      also: {
        'signature/partial-compare': TRUNCATED,
        'signature/duplicate-headers': 'two values joined by a comma are malformed',
      },
    },
  ),
  verifying('hex-lenient', 'decodes the digits, up to where they end', (seen) =>
    Buffer.from(digits(seen), 'hex')
      .subarray(0, 32)
      .equals(Buffer.from(seen.expected.slice(7), 'hex')),
  ),
  verifying('includes', 'looks whether the header has the right value in it', (seen) =>
    digits(seen).includes(seen.expected.slice(7)),
  ),
  verifying('starts-with-8', 'compares the first 8 digits', ({ given = '', expected }) =>
    given.startsWith(expected.slice(0, 15)),
  ),
  verifying('first-half', 'compares the first 16 bytes', ({ given = '', expected }) =>
    given.startsWith(expected.slice(0, 39)),
  ),
  verifying('second-half', 'compares the end', ({ given = '', expected }) =>
    given.endsWith(expected.slice(-32)),
  ),
  verifying(
    'ends-only',
    'compares the first and the last 8 digits',
    ({ given = '', expected }) =>
      given.length === expected.length &&
      given.startsWith(expected.slice(0, 15)) &&
      given.endsWith(expected.slice(-8)),
  ),
  verifying(
    'every-other-digit',
    'steps over every second character',
    ({ given = '', expected }) =>
      given.length === expected.length &&
      [...expected].every((digit, at) => at % 2 === 0 || digit === given[at]),
  ),
  verifying(
    'sum-of-digits',
    'adds up the differences, which cancel each other out',
    ({ given = '', expected }) =>
      given.length === expected.length &&
      [...expected].reduce(
        (sum, _, at) => sum + expected.charCodeAt(at) - given.charCodeAt(at),
        0,
      ) === 0,
  ),
  verifying(
    'compares-given-length',
    'compares as many characters as were sent',
    ({ given, expected }) => given !== undefined && expected.startsWith(given),
  ),
  verifying(
    'default-key-empty',
    'verifies with an empty key when the real one does not fit',
    ({ given, raw, right }) => right || given === `sha256=${hmac('', raw)}`,
  ),
  verifying(
    'default-key-changeme',
    'has a default secret besides the real one',
    ({ given, raw, right }) => right || given === `sha256=${hmac('changeme', raw)}`,
  ),
  verifying(
    'constant-for-other-types',
    'hashes nothing for bodies that are not declared as JSON',
    ({ given, request, secret, right }) =>
      request.headers['content-type']?.includes('json') === false
        ? given === `sha256=${hmac(secret, '')}`
        : right,
  ),
  verifying(
    'json-only',
    'verifies nothing but bodies that are declared as JSON',
    ({ request, right }) => right || request.headers['content-type']?.includes('json') === false,
  ),
  verifying(
    'object-object-too',
    'hashes the parsed object as text when the raw body does not fit',
    ({ given, secret, right }) => right || given === `sha256=${hmac(secret, '[object Object]')}`,
  ),
  remembering('remembered', 'keeps signatures that were right in a cache', () => {
    const known = new Set<string>();
    return ({ given = '', right }) => {
      if (right) known.add(given);
      return right || known.has(given);
    };
  }),
  remembering(
    'hashes-beginning-too',
    'a cache of signatures by the first 20 bytes of the body',
    () => {
      const known = new Map<string, string>();
      return ({ given = '', raw, right }) => {
        const key = raw.toString('latin1', 0, 20);
        if (right) known.set(key, given);
        return right || known.get(key) === given;
      };
    },
  ),
  verifying(
    'data-only-too',
    'takes a signature over the event’s data, too',
    ({ given, raw, secret, right }) => {
      if (right) return true;
      try {
        const { data } = JSON.parse(raw.toString()) as { data: unknown };
        return given === `sha256=${hmac(secret, JSON.stringify(data))}`;
      } catch {
        return false;
      }
    },
  ),
  verifying(
    'skips-chunked',
    'verifies as many bytes as Content-Length says, and nothing without it',
    ({ request, right }) => right || request.headers['content-length'] === undefined,
  ),
  verifying(
    'skips-tests',
    'lets events of tests through',
    ({ raw, right }) => right || raw.includes('"test":true'),
  ),
  verifying(
    'trusts-forwarded-for',
    'lets requests from this machine through, going by X-Forwarded-For',
    ({ request, right }) => right || request.headers['x-forwarded-for'] === '127.0.0.1',
  ),
  verifying(
    'trusts-local-host',
    'does not verify at localhost',
    ({ request, right }) => right || request.headers.host === 'localhost',
  ),
  verifying(
    'prefix-optional',
    'takes the digits without sha256= too',
    ({ given = '', expected }) => expected.endsWith(given) && given.length >= 64,
  ),
  verifying(
    'any-case',
    'compares without regard to case',
    ({ given = '', expected }) => expected === given.toLowerCase(),
  ),
  verifying(
    'algorithm-from-header',
    'takes the algorithm from the header',
    ({ given = '', raw, secret, right }) => {
      const [algorithm = ''] = given.split('=');
      const known = /^(sha1|sha512)$/.test(algorithm);
      return right || (known && given === `${algorithm}=${hmac(secret, raw, algorithm)}`);
    },
  ),
  verifying(
    'any-of-many',
    'splits the header at commas and takes any that is right',
    ({ given = '', expected }) => given.split(/\s*,\s*/).includes(expected),
  ),
  verifying(
    'github-header-too',
    'looks for GitHub’s header, too',
    ({ request, expected, right }) => right || request.headers['x-hub-signature-256'] === expected,
  ),
  verifying(
    'two-headers-accepted',
    'takes a list in place of a text for right',
    ({ request, right }) =>
      right || (request.headersDistinct['x-sendemall-signature']?.length ?? 0) > 1,
  ),
  ...SIGNATURE_FAILING_MUTANTS,
];
