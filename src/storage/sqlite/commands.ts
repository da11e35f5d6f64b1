/**
 * Campaign commands, and the number of events that the campaigns have emitted.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { CampaignStore, StoredCommand } from '../store.ts';
import { createResponseSaver } from './responses.ts';
import type { Partition } from './partitions.ts';
import { transaction } from './transaction.ts';

const EMITTED =
  'INSERT INTO progress (account, emitted) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET emitted = excluded.emitted';

/** @returns a function that saves the number of emitted events in the transaction that is open, if any */
export const createEmittedSaver = (
  db: DatabaseSync,
): ((partition: Partition, emitted: number) => void) => {
  const save = db.prepare(EMITTED);
  return (partition, emitted) => void save.run(partition, emitted);
};

export const createCommands = (db: DatabaseSync): CampaignStore => {
  const append = db.prepare(
    `INSERT INTO command (account, number, done_at, emitted, body)
     SELECT :account, coalesce(max(number), 0) + 1, :at, :emitted, :body FROM command WHERE account = :account`,
  );
  const all = db.prepare(
    'SELECT done_at AS at, emitted, body FROM command WHERE account = ? ORDER BY number',
  );
  const emitted = db.prepare('SELECT emitted FROM progress WHERE account = ?');
  const save = createEmittedSaver(db);
  const saveResponse = createResponseSaver(db);
  return {
    appendCommand: async (partition, { at, emitted: emittedBefore, body }, remember) =>
      transaction(db, () => {
        append.run({ account: partition, at, emitted: emittedBefore, body });
        if (remember !== undefined) saveResponse(partition, remember());
      }),
    commands: async (partition) => all.all(partition) as unknown as StoredCommand[],
    emitted: async (partition) => Number(emitted.get(partition)?.['emitted'] ?? 0),
    saveEmitted: async (partition, count) => save(partition, count),
  };
};
