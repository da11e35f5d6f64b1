/**
 * Campaign commands, and the number of events that the campaigns have emitted.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { CampaignStore, StoredCommand } from '../store.ts';
import { createResponseSaver } from './responses.ts';
import { transaction } from './transaction.ts';

const EMITTED =
  'INSERT INTO progress (account, emitted) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET emitted = excluded.emitted';

/** @returns a function that saves the number of emitted events in the transaction that is open, if any */
export const createEmittedSaver = (
  db: DatabaseSync,
): ((account: number, emitted: number) => void) => {
  const save = db.prepare(EMITTED);
  return (account, emitted) => void save.run(account, emitted);
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
    appendCommand: async (account, { at, emitted: emittedBefore, body }, remember) =>
      transaction(db, () => {
        append.run({ account, at, emitted: emittedBefore, body });
        if (remember !== undefined) saveResponse(account, remember());
      }),
    commands: async (account) => all.all(account) as unknown as StoredCommand[],
    emitted: async (account) => Number(emitted.get(account)?.['emitted'] ?? 0),
    saveEmitted: async (account, count) => save(account, count),
  };
};
