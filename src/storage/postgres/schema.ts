/**
 * Schema, as migrations: numbered, forward only, each in one transaction, one process at a time.
 *
 * @module
 */
import type { ClientBase } from 'pg';
import { STATUS_CODES } from '../rows/status.ts';
import { quoted } from '../../postgres/session.ts';
import { refuse } from '../../postgres/location.ts';

/**
 * - Rows of an account carry the number of its *part*, and are numbered within it from 1. A reset or an import fills a new
 *   part and makes it the account's in one small transaction; the rows of the old part are deleted later.
 * - `part` also has the account's counts and next numbers, so that nothing has to be counted, and a take-over reads one row.
 *   `part.flush` identifies the last group commit that wrote to the account (see `group-commit.ts`).
 * - `account_lease` exists before its account does: it assigns the account's key. `epoch` rises whenever the owner changes.
 * - `cluster` has one row: the secret that all nodes share.
 * - `node` are the running nodes. A lease is valid as long as the row of its node exists.
 * - `delivery.attempts` are serialised attempts, separated by commas. Bodies of redeliveries are bytes, because they may
 *   contain NUL, which PostgreSQL does not allow in text. `answer` contains stored responses.
 * - There are no foreign keys: checking them would cost as much as the rows, and every writer is this program.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE node (
     id text PRIMARY KEY,
     url text NOT NULL,
     started timestamptz NOT NULL,
     lock_key bigint NOT NULL,
     expires_at timestamptz NOT NULL,
     leaving boolean NOT NULL DEFAULT false
   );
   CREATE TABLE cluster (
     is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
     secret bytea NOT NULL
   );
   CREATE TABLE account_lease (
     key_hash text COLLATE "C" PRIMARY KEY,
     account int NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
     node text,
     epoch bigint NOT NULL DEFAULT 0
   ) WITH (fillfactor = 50);
   CREATE INDEX account_lease_node ON account_lease (node);
   CREATE TABLE account (
     key int PRIMARY KEY,
     key_hash text COLLATE "C" NOT NULL UNIQUE,
     part int NOT NULL,
     seed bigint NOT NULL,
     opens bigint NOT NULL,
     clock_mode text NOT NULL,
     clock_rate float8 NOT NULL,
     clock_virtual float8 NOT NULL,
     clock_wall float8 NOT NULL
   );
   CREATE TABLE part (
     part int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     account int NOT NULL,
     next_event bigint NOT NULL DEFAULT 1,
     next_delivery bigint NOT NULL DEFAULT 1,
     events bigint NOT NULL DEFAULT 0,
     pending bigint NOT NULL DEFAULT 0,
     delivered bigint NOT NULL DEFAULT 0,
     dead bigint NOT NULL DEFAULT 0,
     acknowledged bigint NOT NULL DEFAULT 0,
     cancelled bigint NOT NULL DEFAULT 0,
     emitted bigint,
     flush bigint NOT NULL DEFAULT 0
   ) WITH (fillfactor = 20);
   CREATE INDEX part_account ON part (account);
   CREATE TABLE webhook (
     key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     part int NOT NULL,
     id text COLLATE "C" NOT NULL,
     url text NOT NULL,
     events text NOT NULL,
     secret text NOT NULL,
     status text NOT NULL,
     created_at bigint NOT NULL,
     deleted_at bigint,
     UNIQUE (part, id)
   );
   CREATE TABLE event (
     part int NOT NULL,
     seq bigint NOT NULL,
     id text COLLATE "C" NOT NULL,
     type text NOT NULL,
     created_at bigint NOT NULL,
     body text NOT NULL,
     first_delivery bigint NOT NULL,
     deliveries bigint NOT NULL,
     PRIMARY KEY (part, seq),
     UNIQUE (part, id)
   );
   CREATE TABLE delivery (
     part int NOT NULL,
     seq bigint NOT NULL,
     event bigint NOT NULL,
     webhook bigint NOT NULL,
     status smallint NOT NULL,
     attempts_made bigint NOT NULL,
     created_at bigint NOT NULL,
     due_at bigint,
     settled_at bigint,
     acknowledged_at bigint,
     redelivery_of bigint,
     signature text,
     body bytea,
     attempts text,
     PRIMARY KEY (part, seq)
   );
   CREATE INDEX delivery_due ON delivery (webhook, due_at, seq) WHERE status = ${STATUS_CODES.pending};
   CREATE INDEX delivery_dead ON delivery (webhook, event) WHERE status = ${STATUS_CODES.dead};
   CREATE INDEX delivery_again ON delivery (part, event) WHERE redelivery_of IS NOT NULL;
   CREATE TABLE answer (
     part int NOT NULL,
     key text COLLATE "C" NOT NULL,
     request_hash text NOT NULL,
     status bigint NOT NULL,
     body text NOT NULL,
     remembered_at bigint NOT NULL,
     PRIMARY KEY (part, key)
   );
   CREATE TABLE command (
     part int NOT NULL,
     number bigint NOT NULL,
     done_at bigint NOT NULL,
     emitted bigint NOT NULL,
     body text NOT NULL,
     PRIMARY KEY (part, number)
   );`,
  // The time at which the node's lock was last taken, which tells whether that was after a restart of the server.
  'ALTER TABLE node ADD COLUMN locked_at timestamptz NOT NULL DEFAULT clock_timestamp()',
];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Name of the lock that is held while the schema is created or migrated. */
const MIGRATION_LOCK = 'sendemall-mock migration';

/**
 * Names of the schema's tables. The catalog itself is read: functions such as `to_regclass` may remember for a while that a
 * table did not exist, although another process has created it.
 */
const tablesOf = async (client: ClientBase, schema: string): Promise<ReadonlySet<string>> => {
  const { rows } = await client.query<{ name: string }>(
    'SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1',
    [schema],
  );
  return new Set(rows.map(({ name }) => name));
};

const versionOf = async (client: ClientBase, schema: string): Promise<number> => {
  const { rows } = await client.query<{ version: number }>(
    `SELECT version FROM ${quoted(schema)}.schema_version`,
  );
  return rows[0]?.version ?? 0;
};

/** Creates the schema if it does not exist. @returns its version, 0 if it is new */
const enter = async (client: ClientBase, schema: string, location: string): Promise<number> => {
  const tables = await tablesOf(client, schema);
  if (tables.has('schema_version')) return versionOf(client, schema);
  if (tables.size > 0) {
    return refuse(
      location,
      `the schema ${schema} belongs to another program`,
      (db) => `Pass another ${db}: its database must not have a schema of this name.`,
    );
  }
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`);
  await client.query(
    `CREATE TABLE ${quoted(schema)}.schema_version (version int NOT NULL, owner bigint)`,
  );
  await client.query(`INSERT INTO ${quoted(schema)}.schema_version VALUES (0, NULL)`);
  return 0;
};

/**
 * Migrates the schema, in one transaction for all missing steps.
 *
 * @param steps SQL of each version; tests pass their own
 * @throws {StoreError} if a newer version wrote the schema, or another program owns it; it is unchanged then
 */
export const migrate = async (
  client: ClientBase,
  { schema, location }: { readonly schema: string; readonly location: string },
  steps: readonly string[] = MIGRATIONS,
): Promise<void> => {
  // Most processes find everything in place and need neither the lock nor the right to create.
  const isCreated = (await tablesOf(client, schema)).has('schema_version');
  if (isCreated && (await versionOf(client, schema)) === steps.length) return;
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `${MIGRATION_LOCK} ${schema}`,
    ]);
    const version = await enter(client, schema, location);
    if (version > steps.length) {
      refuse(
        location,
        `a newer version of the sandbox wrote the schema ${schema} (format ${version}, this one reads up to ${steps.length})`,
        (db) => `Update sendemall-mock, or pass another ${db}.`,
      );
    }
    await client.query(`SET LOCAL search_path TO ${quoted(schema)}`);
    for (const sql of steps.slice(version)) await client.query(sql);
    await client.query('UPDATE schema_version SET version = $1', [steps.length]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
};
