/**
 * Connection URLs: checked, and shown without their password.
 *
 * @module
 */
import { StoreError } from '../domain/store-error.ts';

/** Schema of the store and of the tables of nodes. */
export const DEFAULT_SCHEMA = 'sendemall_mock';

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** Nothing between user and database. */
const HOSTLESS = /^[a-z]+:\/\/[^/?#]*@\//u;

/** Removes user and password from a text that may not be a URL. */
const redact = (text: string): string => text.replace(/(^|\/\/)[^/]*@/u, '$1…@');

/** @throws {StoreError} with a message that names the URL, the cause and the remedy */
export const refuse = (
  location: string,
  why: string,
  remedy: string | ((option: string) => string),
): never => {
  throw new StoreError(
    { option: 'db', value: location },
    `Cannot keep state in ${location}: ${why}`,
    typeof remedy === 'string' ? () => remedy : remedy,
  );
};

export interface Location {
  /** For people: without password and connection options. */
  readonly location: string;
  /** For the driver. */
  readonly connectionString: string;
  /** Whether a password was given. */
  readonly hasPassword: boolean;
}

/**
 * Checks a connection URL.
 *
 * @throws {StoreError} if it is not one; the message does not contain the password
 */
export const parseLocation = (url: string): Location => {
  // A socket needs no host, which a URL with a user must have.
  const isHostless = HOSTLESS.test(url);
  const complete = isHostless ? url.replace('@/', '@localhost/') : url;
  const parsed = URL.canParse(complete) ? new URL(complete) : null;
  if (parsed === null || !['postgres:', 'postgresql:'].includes(parsed.protocol)) {
    return refuse(
      redact(url),
      'it is not a PostgreSQL URL',
      'Write it as postgres://user:password@host:5432/database, with special characters percent-encoded.',
    );
  }
  const { username, pathname, searchParams } = parsed;
  const host = isHostless ? '' : parsed.host;
  const socket = searchParams.get('host');
  const location = `${parsed.protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}${socket === null ? '' : `?host=${socket}`}`;
  const mode = searchParams.get('sslmode');
  if (mode !== null && !SSL_MODES.includes(mode)) {
    return refuse(
      location,
      `sslmode ${JSON.stringify(mode)} is unknown`,
      `Use one of ${SSL_MODES.join(', ')}.`,
    );
  }
  if (mode === 'verify-ca' && !searchParams.has('sslrootcert')) {
    return refuse(
      location,
      'sslmode verify-ca needs a certificate authority',
      'Add &sslrootcert=<file>, or use sslmode=verify-full.',
    );
  }
  // The meaning of `sslmode` in libpq, as in psql. The driver's own differs, and it prints a warning.
  if (mode !== null && mode !== 'no-verify') searchParams.set('uselibpqcompat', 'true');
  const hasPassword = parsed.password !== '' || searchParams.has('password');
  return { location, connectionString: parsed.href, hasPassword };
};
