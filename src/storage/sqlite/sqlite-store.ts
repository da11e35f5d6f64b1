/**
 * State in one SQLite file: `node:sqlite`, write-ahead log, one writer.
 *
 * @module
 */
import { resolve } from 'node:path';
import { createAccounts, createWebhooks } from './accounts.ts';
import { createResponses } from './responses.ts';
import { byAccount, type PartitionMethods } from './by-account.ts';
import { createShortCheckpoints } from './checkpoints.ts';
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
import { explain, openDatabase } from './open.ts';
import { createPartitions } from './partitions.ts';
import { createQueue } from './queue.ts';
import { createTallies } from './tallies.ts';
import { afterCommit, writeWaiting } from './transaction.ts';
import { createWriteDown } from './unwritten.ts';
import { createWriteBack } from './write-back.ts';
import type { Store } from '../store.ts';

/**
 * Opens a database, making or migrating it. A killed process loses nothing that was answered; a power cut may lose
 * the last commits. The file is held until {@link Store.close} or the end of the process.
 *
 * @param options `file`: a path
 * @throws {StoreError} when another process has it, a newer version wrote it, it is no database of ours, or it cannot
 * be read or written
 */
export const openSqliteStore = async ({ file }: { readonly file: string }): Promise<Store> => {
  const db = openDatabase(file);
  const writeBack = createWriteBack(`${resolve(file)}-wal`);
  afterCommit(db, writeBack.committed);
  const inFlight = createInFlight();
  const { writeDown, readWhole } = createWriteDown(db, inFlight);
  const tallies = createTallies(db, readWhole);
  const counters = createCounters(db);
  const rows = createDeliveryRows(db, inFlight);
  const history = createHistory(db, rows, inFlight, readWhole);
  const queue = createQueue(db, inFlight, history, writeDown, tallies, counters);
  const partitions = createPartitions(db);
  const inShortCheckpoints = createShortCheckpoints(db);
  const hidden = createHiddenAccounts(db, partitions, inShortCheckpoints);
  const { exportAccount } = createExport(db, writeDown);
  const { watch, watchItems, checkWritable, onFailure } = createHealth(db);
  const methods: PartitionMethods = {
    ...createAccounts(db, tallies, inFlight, partitions),
    exportAccount: async (partition) => {
      const saved = await exportAccount(partition);
      return { ...saved, slices: watchItems(saved.slices) };
    },
    ...createWebhooks(db, tallies, inFlight),
    ...queue,
    recover: async () => {
      try {
        await hidden.removeAll();
        return await queue.recover();
      } catch (error) {
        // Much of the file is read for the first time here.
        return explain(resolve(file), error);
      }
    },
    ...history,
    ...createCommands(db),
    ...createDeadLetters(db, rows, tallies),
    ...createResponses(db),
  };
  return {
    location: resolve(file),
    checkWritable,
    onFailure,
    ...watch({
      ...createDump(db, { tallies, inFlight, counters }, hidden, partitions, inShortCheckpoints),
      ...byAccount(methods, partitions),
    }),
    close: async () => {
      if (!db.isOpen) return;
      writeWaiting(db);
      writeBack.close();
      db.close();
    },
  };
};
