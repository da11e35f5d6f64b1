/**
 * Connections: how they are set up, and why they cannot be.
 *
 * @module
 */
import pg from 'pg';
import { CODE, codeOf } from './result-codes.ts';
import { refuse, type Location } from './location.ts';
import { quoted } from './session.ts';
import { StoreError } from '../domain/store-error.ts';

/** Real milliseconds until an unreachable server is given up. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Type of 8-byte integers. All that are stored are safe integers. */
const INT8 = 20;

/** Options of all connections of a store. */
export interface Connecting {
  readonly location: Location;
  readonly schema: string;
}

export const clientConfig = ({ location }: Pick<Connecting, 'location'>): pg.ClientConfig => ({
  connectionString: location.connectionString,
  application_name: 'sendemall-mock',
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  keepAlive: true,
  types: {
    getTypeParser: ((oid: number, format?: 'text') =>
      oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as never,
  },
});

/**
 * A process that is stopped, or cut off from the network, in the middle of a transaction keeps its locks, and no other node
 * can take its accounts over. The server ends such a session after this many milliseconds: half the lifetime of a lease.
 */
const MAX_IDLE_IN_TRANSACTION_MS = 5000;

/**
 * Settings of a session. Plans are made while the tables are empty and kept, so the planner must not choose a scan of a
 * whole table, which is fastest only then.
 */
export const sessionSettings = (schema: string): string =>
  `SET search_path TO ${quoted(schema)}; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET plan_cache_mode = force_generic_plan; SET idle_in_transaction_session_timeout = ${MAX_IDLE_IN_TRANSACTION_MS}`;

const TLS_CODES =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_\w+|ERR_SSL_\w+|EPROTO)$/u;

type Reason = readonly [why: string, remedy: string | ((option: string) => string)];

const REASONS: Readonly<Record<string, Reason>> = {
  ENOTFOUND: ['its host is unknown', 'Check the host name.'],
  EAI_AGAIN: ['its host name cannot be looked up', 'Check the host name and the DNS server.'],
  ECONNREFUSED: ['nothing listens there', 'Start PostgreSQL, or check the host and the port.'],
  ENOENT: ['its socket does not exist', 'Start PostgreSQL, or check the folder of the socket.'],
  [CODE.invalidPassword]: [
    'the password is wrong',
    'Check user and password; special characters must be percent-encoded.',
  ],
  [CODE.unknownDatabase]: [
    'the database does not exist',
    (db) => `Create it with createdb, or pass another ${db}.`,
  ],
  [CODE.tooManyConnections]: [
    'the server has no connection left',
    'Raise max_connections, or stop other clients.',
  ],
  [CODE.cannotConnectNow]: ['the server is starting up or shutting down', 'Try again in a moment.'],
  [CODE.readOnly]: [
    'the server is read-only',
    (db) => `Pass a ${db} that names the primary server.`,
  ],
  [CODE.diskFull]: ['no space is left on the device of the server', 'Free some space there.'],
};

const passwordReason = (hasPassword: boolean): Reason => [
  hasPassword ? 'the server refuses the user' : 'the server asks for a password',
  hasPassword
    ? 'Check the user, and pg_hba.conf of the server.'
    : 'Add the password to the URL, as in postgres://user:password@host/database, or set PGPASSWORD.',
];

const reasonFor = (error: Error, hasPassword: boolean, schema: string): Reason | null => {
  const code = codeOf(error);
  const { syscall, path } = error as NodeJS.ErrnoException;
  if (syscall === 'open')
    return [`the file ${path} cannot be read`, 'Check sslrootcert, sslcert and sslkey in the URL.'];
  const known = REASONS[code];
  if (known !== undefined) return known;
  if (
    code === CODE.invalidAuthorization ||
    /password must be a string|no password/u.test(error.message)
  )
    return passwordReason(hasPassword);
  if (code === CODE.insufficientPrivilege) {
    return [
      `the user may not create or use the schema ${schema} (${error.message})`,
      `Run GRANT CREATE ON DATABASE … TO the user, or create the schema with CREATE SCHEMA ${quoted(schema)} AUTHORIZATION the user.`,
    ];
  }
  if (/does not support SSL/u.test(error.message))
    return ['the server does not speak TLS', 'Enable ssl there, or use sslmode=disable.'];
  if (TLS_CODES.test(code)) {
    return [
      `its TLS certificate is not accepted (${error.message})`,
      'Add &sslrootcert=<file> with the certificate authority, or use sslmode=require, which encrypts without checking it.',
    ];
  }
  if (
    code === 'ETIMEDOUT' ||
    code === 'EHOSTUNREACH' ||
    code === 'ENETUNREACH' ||
    error.message.startsWith('timeout e')
  )
    return ['it does not respond', 'Check the host, the port and the firewall.'];
  if (error.message.startsWith('Connection terminated'))
    return [
      'the connection was closed at once',
      'Check that PostgreSQL listens there, and its log.',
    ];
  return null;
};

/** The errors of all addresses of a host name are one. */
const firstOf = (error: unknown): Error => {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error instanceof Error ? error : new Error(String(error));
};

/**
 * Converts an error while a database is opened to a message for the user.
 *
 * @throws {StoreError} always, unless the error has another source than the server and the connection
 */
export const throwStoreError = (
  { location: { location, hasPassword }, schema }: Connecting,
  thrown: unknown,
): never => {
  if (thrown instanceof StoreError) throw thrown;
  const error = firstOf(thrown);
  const reason = reasonFor(error, hasPassword, schema);
  if (reason === null) {
    // The driver reports what the server says, and unreadable certificate files.
    if (codeOf(error) === '') throw error;
    return refuse(location, error.message, 'Check the URL and the log of the server.');
  }
  return refuse(location, ...reason);
};

/** Opens a connection outside of the pool. */
export const connect = async (
  connecting: Connecting,
  over: pg.ClientConfig = {},
): Promise<pg.Client> => {
  const client = new pg.Client({ ...clientConfig(connecting), ...over });
  // An error between two queries also ends the connection; the next query reports it.
  client.on('error', () => undefined);
  await client.connect();
  return client;
};
