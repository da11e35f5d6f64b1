/**
 * Store in PostgreSQL. One process owns all accounts, or several share them behind a {@link Fence}.
 *
 * @module
 */
import pg from 'pg';
import { StoreClosed } from '../../domain/store-failure.ts';
import { createFailures } from '../failures.ts';
import type { Store } from '../store.ts';
import { createAccounts, recoverAccounts } from './accounts.ts';
import { createAccountStates } from './account-states.ts';
import { createClaims } from './claims.ts';
import { createCommands } from './commands.ts';
import { clientConfig, sessionSettings, type Connecting } from '../../postgres/connect.ts';
import { createContext } from './context.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createDump } from './dump.ts';
import { createExport } from './export.ts';
import { SOLE_OWNER, type Fence } from '../../postgres/fence.ts';
import { createGroupCommit } from './group-commit.ts';
import { createHistory } from './history.ts';
import { DEFAULT_SCHEMA, parseLocation } from '../../postgres/location.ts';
import { openWriterConnection } from './open.ts';
import { createParts } from './parts.ts';
import { createPublish } from './publish.ts';
import { createRecording } from './recording.ts';
import { createRedeliver, createRelease } from './redeliver.ts';
import { createResponses } from './responses.ts';
import { toStoreFailure } from '../../postgres/result-codes.ts';
import { run, statement } from '../../postgres/session.ts';
import { createWebhooks } from './webhooks.ts';
import { createWriter } from './writer.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:5432/database`; TLS by `?sslmode=…`. */
  readonly url: string;
  /** Accounts that this process may write. Default: all of them, and a second process is locked out. */
  readonly fence?: Fence;
  /** Name of the schema for all tables, created if it does not exist. Default: `sendemall_mock`. */
  readonly schema?: string;
  /** Maximum number of connections for reads. There is one more for writes. Default: 3. */
  readonly readers?: number;
}

const DEFAULT_READERS = 3;

const CHECK_WRITABLE = statement('UPDATE schema_version SET version = version');

const createReader = (connecting: Connecting, max: number): pg.Pool => {
  const pool = new pg.Pool({
    ...clientConfig(connecting),
    max,
    // A take-over must not wait for new connections, and for their plans.
    idleTimeoutMillis: 0,
    // The pool waits for the promise, whatever its types say.
    onConnect: (client): unknown => client.query(sessionSettings(connecting.schema)),
  });
  // The next query opens another connection.
  pool.on('error', () => undefined);
  return pool;
};

/**
 * Opens a database; creates or migrates the schema if necessary.
 *
 * @throws {StoreError} if the server cannot be used, or another process uses the schema
 */
export const openPostgresStore = async ({
  url,
  fence = SOLE_OWNER,
  schema = DEFAULT_SCHEMA,
  readers = DEFAULT_READERS,
}: PostgresStoreOptions): Promise<Store> => {
  const connecting: Connecting = { location: parseLocation(url), schema };
  const isAlone = fence === SOLE_OWNER;
  const opened = await openWriterConnection(connecting, isAlone);
  const writer = createWriter(opened.client, opened.reopen);
  const reader = createReader(connecting, readers);
  let isClosed = false;
  const context = createContext({ writer, reader, fence, states: createAccountStates(fence) });
  const parts = createParts(context, () => isClosed);
  const join = createGroupCommit(context);
  const failures = createFailures((error) =>
    isClosed ? new StoreClosed(error) : toStoreFailure(error),
  );
  const exportAccount = createExport(context);
  return {
    location: connecting.location.location,
    onFailure: failures.onFailure,
    ...failures.translateErrors({
      ...createAccounts(context, parts),
      ...createDump(context, parts),
      exportAccount: async (account: number) => {
        const saved = await exportAccount(account);
        return { ...saved, slices: failures.translateItemErrors(saved.slices) };
      },
      ...createWebhooks(context),
      publish: createPublish(join),
      redeliver: createRedeliver(context),
      ...createClaims(context),
      recordAttempts: createRecording(join),
      release: createRelease(context),
      recover: () => recoverAccounts(context),
      ...createCommands(context),
      ...createHistory(context),
      ...createDeadLetters(context),
      ...createResponses(context),
      checkWritable: async () => {
        await writer.run((session) => run(session, CHECK_WRITABLE, []));
      },
    }),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await writer.close();
      await reader.end();
    },
  };
};
