/**
 * Store in a SQLite file: `node:sqlite`, write-ahead log, one process.
 *
 * @module
 */
import { resolve } from 'node:path';
import { createAccounts } from './accounts.ts';
import { createShortCheckpoints } from './checkpoints.ts';
import { createBlocks } from './blocks.ts';
import type { Caches } from './caches.ts';
import { createClaims } from './claims.ts';
import { createCommands } from './commands.ts';
import { createCounters } from './counters.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createDeliveryRows } from './delivery-rows.ts';
import { createDump } from './dump.ts';
import { createExport } from './export.ts';
import { createHealth } from './health.ts';
import { createHiddenAccounts } from './hidden-accounts.ts';
import { createHistory } from './history.ts';
import { createInFlight } from './in-flight.ts';
import { throwStoreError, openDatabase } from './open.ts';
import { byAccount, createPartitions, type PartitionMethods } from './partitions.ts';
import { createPublish } from './publish.ts';
import { createRecording } from './recording.ts';
import { createRedeliver } from './redeliver.ts';
import { createResponses } from './responses.ts';
import { createTallies } from './tallies.ts';
import { commitWaiting, onTransactions } from './transaction.ts';
import { createDeferredRows } from './deferred-rows.ts';
import { createWebhooks } from './webhooks.ts';
import { createWriteBack } from './write-back.ts';
import type { Store } from '../store.ts';

/**
 * Opens a database file; creates it if it does not exist, and migrates it if an older version wrote it. Everything that
 * has been committed survives a killed process; a power failure may lose the last commits. The file is locked until
 * {@link Store.close} or the end of the process.
 *
 * @param options `file`: path, relative to the working directory
 * @throws {StoreError} if another process has the file open, a newer version wrote it, it is not a database of the
 * sandbox, or it cannot be read or written
 */
export const openSqliteStore = async ({ file }: { readonly file: string }): Promise<Store> => {
  const db = openDatabase(file);
  const writeBack = createWriteBack(`${resolve(file)}-wal`);
  const tallies = createTallies(db);
  const blocks = createBlocks(db);
  onTransactions(db, {
    beforeCommit: () => {
      tallies.write();
      blocks.write();
    },
    committed: () => {
      tallies.committed();
      blocks.ended();
      writeBack.committed();
    },
    rolledBack: () => {
      tallies.rolledBack();
      blocks.ended();
    },
  });
  const inFlight = createInFlight();
  const caches: Caches = { inFlight, tallies, blocks, counters: createCounters(db) };
  const { insertDeferred, readWithDeferred } = createDeferredRows(db, caches);
  const rows = createDeliveryRows(db, inFlight);
  const history = createHistory(db, rows, caches, readWithDeferred);
  const claims = createClaims(db, caches, insertDeferred);
  const partitions = createPartitions(db);
  const inShortCheckpoints = createShortCheckpoints(db);
  const hidden = createHiddenAccounts(db, { partitions, tallies }, inShortCheckpoints);
  const { exportAccount } = createExport(db, insertDeferred, inFlight);
  const { translateErrors, translateItemErrors, checkWritable, onFailure } = createHealth(db);
  const accounts = createAccounts(db, tallies, inFlight, partitions);
  const methods: PartitionMethods = {
    ...accounts,
    openAccount: async (hash, initial) => {
      const account = await accounts.openAccount(hash, initial);
      const claimed = inFlight.of(partitions.of(account.key));
      if (claimed.length > 0) await claims.release(claimed);
      return account;
    },
    exportAccount: async (partition) => {
      const saved = await exportAccount(partition);
      return { ...saved, slices: translateItemErrors(saved.slices) };
    },
    ...createWebhooks(db, caches),
    publish: createPublish(db, caches),
    redeliver: createRedeliver(db, caches, insertDeferred, history),
    ...claims,
    recordAttempts: createRecording(db, caches),
    recover: async () => {
      try {
        const restored = await claims.recover();
        await hidden.discardAll();
        return restored;
      } catch (error) {
        // This is the first read of most of the file, so damage shows up here.
        return throwStoreError(resolve(file), error);
      }
    },
    ...history,
    ...createCommands(db),
    ...createDeadLetters(db, rows, caches),
    ...createResponses(db),
  };
  return {
    location: resolve(file),
    checkWritable,
    onFailure,
    ...translateErrors({
      ...createDump(db, caches, hidden, partitions, inShortCheckpoints),
      ...byAccount(methods, partitions),
    }),
    close: async () => {
      if (!db.isOpen) return;
      commitWaiting(db);
      writeBack.close();
      db.close();
    },
  };
};
