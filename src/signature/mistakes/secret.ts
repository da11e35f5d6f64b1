/**
 * What people sign with in place of the whole secret: hypotheses as data.
 *
 * @module
 */
import type { Cause } from '../cause.ts';

/** @returns the key that would have been used; null where the hypothesis does not apply. */
export interface SecretMistake extends Cause {
  readonly apply: (secret: string) => Buffer | string | null;
}

const PREFIX = 'whsec_';
const withoutPrefix = (secret: string): string | null =>
  secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : null;
const base64 = (value: string | null): Buffer | null =>
  value !== null && /^[A-Za-z0-9+/_-]{8,}={0,2}$/.test(value) ? Buffer.from(value, 'base64') : null;
const hex = (value: string | null): Buffer | null =>
  value !== null && /^(?:[0-9a-f]{2})+$/i.test(value) ? Buffer.from(value, 'hex') : null;

const WHOLE =
  'The key is the whole secret as registered, character for character, "whsec_" included.';

const secret = (
  id: string,
  says: string,
  remedy: string,
  apply: SecretMistake['apply'],
): SecretMistake => ({ id: `secret/${id}`, says, remedy, apply });

export const SECRET_MISTAKES: readonly SecretMistake[] = [
  secret(
    'trimmed',
    'was made with this secret without the white space around it',
    'Remove the white space or the newline around the secret that you gave.',
    (s) => s.trim(),
  ),
  secret(
    'newline',
    'was made with this secret and a newline after it',
    'Strip the newline when the secret is read from a file (echo adds one; printf %s does not).',
    (s) => `${s}\n`,
  ),
  secret(
    'crlf',
    'was made with this secret and CR LF after it',
    'Strip the line end when the secret is read from a file.',
    (s) => `${s}\r\n`,
  ),
  secret(
    'double-quoted',
    'was made with this secret in double quotes',
    'The quotes became part of the secret (docker --env-file and some .env readers keep them): remove them.',
    (s) => `"${s}"`,
  ),
  secret(
    'single-quoted',
    'was made with this secret in single quotes',
    'The quotes became part of the secret (docker --env-file and some .env readers keep them): remove them.',
    (s) => `'${s}'`,
  ),
  secret(
    'unquoted',
    'was made with this secret without the quotes around it',
    'Remove the quotes around the secret that you gave.',
    (s) => (/^(["']).*\1$/.test(s) ? s.slice(1, -1) : null),
  ),
  secret('prefix-stripped', 'was made with this secret without "whsec_"', WHOLE, withoutPrefix),
  secret('prefix-added', 'was made with "whsec_" in front of this secret', WHOLE, (s) =>
    s.startsWith(PREFIX) ? null : PREFIX + s,
  ),
  secret(
    'base64-after-prefix',
    'was made with what follows "whsec_" decoded from base64, as Standard Webhooks does',
    WHOLE,
    (s) => base64(withoutPrefix(s)),
  ),
  secret('base64', 'was made with this secret decoded from base64', WHOLE, base64),
  secret('hex-after-prefix', 'was made with what follows "whsec_" decoded from hex', WHOLE, (s) =>
    hex(withoutPrefix(s)),
  ),
  secret('hex', 'was made with this secret decoded from hex', WHOLE, hex),
  secret(
    'empty',
    'was made with an empty secret',
    'The secret was not set where the signature was made: check the environment variable.',
    () => '',
  ),
  secret(
    'undefined',
    'was made with the text "undefined" as its secret',
    'The secret was not set where the signature was made: check the environment variable.',
    () => 'undefined',
  ),
  secret(
    'none',
    'was made with the text "None" as its secret',
    'The secret was not set where the signature was made: check the environment variable.',
    () => 'None',
  ),
  secret(
    'sample',
    'was made with the sample secret of the integration guide',
    'The placeholder is still in place where the signature was made: set your own secret there.',
    () => 'whsec_your-signing-secret',
  ),
  secret(
    'cut-at-hash',
    'was made with this secret up to its "#"',
    'A .env reader took "#" for a comment: put the secret in quotes there.',
    (s) => {
      const at = s.indexOf('#');
      return at > 0 ? s.slice(0, at).trimEnd() : null;
    },
  ),
  secret(
    'dollar-expanded',
    'was made with this secret without its "$…" part',
    'A shell or .env reader expanded "$…": put the secret in single quotes there.',
    (s) => s.replaceAll(/\$\{?\w+\}?/g, ''),
  ),
  secret('lower-case', 'was made with this secret in lower case', WHOLE, (s) => s.toLowerCase()),
  secret('upper-case', 'was made with this secret in upper case', WHOLE, (s) => s.toUpperCase()),
];
