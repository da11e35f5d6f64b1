/**
 * Opens the writer's connection: checks the server, migrates the schema, and locks out a second process.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import type { Client, ClientBase } from 'pg';
import { StoreError } from '../../domain/store-error.ts';
import { StoreFailure } from '../../domain/store-failure.ts';
import {
  connect,
  sessionSettings,
  throwStoreError,
  type Connecting,
} from '../../postgres/connect.ts';
import { refuse } from '../../postgres/location.ts';
import { migrate } from './schema.ts';
import { checkSession } from '../../postgres/session-check.ts';

/** The oldest supported version: 13, the oldest one that PostgreSQL itself supported when this was written. */
const MIN_SERVER_VERSION = 130_000;

/** Name of the lock of the process that owns all accounts. */
const OWNER_LOCK = 'sendemall-mock owner';

const checkVersion = async (client: ClientBase, location: string): Promise<void> => {
  const { rows } = await client.query<{ number: string; name: string }>(
    `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS name`,
  );
  const [row] = rows;
  if (Number(row?.number) >= MIN_SERVER_VERSION) return;
  refuse(
    location,
    `the server is PostgreSQL ${row?.name}`,
    `Update it to version ${MIN_SERVER_VERSION / 10_000} or later.`,
  );
};

/** Connection of the process that holds the lock, for the message. */
const HOLDER = `
  SELECT a.pid, a.client_addr::text AS address FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended($1, 0) AND l.pid <> pg_backend_pid()`;

const lock = async (client: ClientBase, { location, schema }: Connecting): Promise<void> => {
  const name = `${OWNER_LOCK} ${schema}`;
  const { rows } = await client.query<{ ok: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS ok',
    [name],
  );
  if (rows[0]?.ok === true) return;
  const holders = await client.query<{ pid: number; address: string | null }>(HOLDER, [name]);
  const [holder] = holders.rows;
  const who =
    holder === undefined
      ? ''
      : ` (server process ${holder.pid}${holder.address === null ? '' : `, from ${holder.address}`})`;
  refuse(
    location.location,
    `it is open in another process${who}`,
    (db) => `Stop the other sandbox, or pass another ${db}.`,
  );
};

/** The lock is lost with the connection: after that, another process may have been the owner meanwhile. */
const checkOwner = async (client: ClientBase, owner: number): Promise<void> => {
  const { rows } = await client.query<{ owner: number }>('SELECT owner FROM schema_version');
  if (rows[0]?.owner === owner) return;
  throw new StoreFailure('busy', new Error('another process has opened the database meanwhile'));
};

/** Opened connection of the writer. */
export interface Opened {
  readonly client: Client;
  /** Ends a lost connection, also on the server, and opens another. */
  reopen(previous: Client): Promise<Client>;
}

/** A commit takes a fraction of this, even of the largest batch. */
const QUERY_TIMEOUT_MS = 15_000;

const MAX_OWNER = 2 ** 47;

/** @param isAlone whether this process owns all accounts, so that others are locked out */
export const openWriterConnection = async (
  connecting: Connecting,
  isAlone: boolean,
): Promise<Opened> => {
  const { location, schema } = connecting;
  const owner = randomInt(1, MAX_OWNER);
  /** Server processes, by connection. A pooler in between shows another number to the client. */
  const processes = new WeakMap<Client, number>();
  const open = async (prepare: (client: Client) => Promise<void>): Promise<Client> => {
    const client = await connect(connecting, { query_timeout: QUERY_TIMEOUT_MS });
    try {
      await prepare(client);
      await client.query(sessionSettings(schema));
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      processes.set(client, rows[0]?.pid ?? 0);
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  };
  const reopen = async (previous: Client): Promise<Client> => {
    const client = await open(async (one) => {
      previous.end().catch(() => undefined);
      await endProcess(one, processes.get(previous) ?? 0);
      if (isAlone) await lock(one, connecting);
    });
    if (isAlone) await checkOwner(client, owner);
    return client;
  };
  try {
    const client = await open(async (one) => {
      await checkVersion(one, location.location);
      await checkSession(one, connecting);
      if (isAlone) await lock(one, connecting);
      await migrate(one, { schema, location: location.location });
    });
    if (isAlone) await client.query('UPDATE schema_version SET owner = $1', [owner]);
    return {
      client,
      reopen: (previous) =>
        reopen(previous).catch((error: unknown) => {
          throw error instanceof StoreError ? new StoreFailure('busy', error) : error;
        }),
    };
  } catch (error) {
    return throwStoreError(connecting, error);
  }
};

/** Real milliseconds that a process of the server may take to end. */
const END_PROCESS_MS = 5000;
const POLL_MS = 20;

/**
 * Ends the server's process of a lost connection, and waits until it has ended: a commit that it was sent has taken effect by
 * then, or never does.
 */
const endProcess = async (client: Client, pid: number): Promise<void> => {
  for (let waitedMs = 0; waitedMs < END_PROCESS_MS; waitedMs += POLL_MS) {
    const { rowCount } = await client.query(
      `SELECT pg_terminate_backend(pid), pg_sleep($2) FROM pg_stat_activity
       WHERE pid = $1 AND application_name = 'sendemall-mock' AND usename = current_user`,
      [pid, POLL_MS / 1000],
    );
    if (rowCount === 0) return;
  }
  throw new StoreFailure('busy', new Error(`process ${pid} of the server does not end`));
};
