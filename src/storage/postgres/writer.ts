/**
 * Writer: one connection on which all writes of this process run, one after the other, in the order of the calls.
 *
 * So what is in memory (claims, counts, next numbers) changes together with what is stored, as in an adapter that writes to
 * a file. Throughput comes from group commit, not from several connections.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Client } from 'pg';
import { StoreClosed, StoreFailure } from '../../domain/store-failure.ts';
import { isConnectionLost } from '../../postgres/result-codes.ts';
import type { Session } from '../../postgres/session.ts';

/** Tries to reach a server that is restarting, before the outcome of a commit is given up as unknown. */
const MAX_TRIES = 50;
const TRY_EVERY_MS = 200;

export interface Writer {
  /** Runs `work` when all earlier work is done. The session is the same object for all work. */
  run<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /**
   * Opens the connection again after it was lost, waiting for a server that is restarting. To be called by the work that is
   * running. What the lost connection was sent has taken effect by then, or never does.
   */
  reopen(): Promise<void>;
  /** Ends the connection, once all work is done. Later work is rejected. */
  close(): Promise<void>;
}

/**
 * @param opened the first connection
 * @param open opens the connection after the previous one was lost
 */
export const createWriter = (
  opened: Client,
  open: (previous: Client) => Promise<Client>,
): Writer => {
  const turns = pLimit(1);
  let current = opened;
  let isUsable = true;
  let isClosed = false;
  const use = (client: Client): void => {
    client.once('end', () => {
      if (current === client) isUsable = false;
    });
    current = client;
    isUsable = true;
  };
  use(opened);
  const session: Session = {
    query: async (config) => {
      const client = current;
      try {
        return await client.query(config);
      } catch (error) {
        // A query that timed out leaves the connection busy.
        if (isConnectionLost(error) && current === client) isUsable = false;
        throw error;
      }
    },
  };
  const reopen = async (): Promise<void> => use(await open(current));
  const reopenPatiently = async (): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await reopen();
      } catch (error) {
        const isTaken = error instanceof StoreFailure && error.reason === 'busy';
        if (tries >= MAX_TRIES || isClosed || isTaken) throw error;
        await delay(TRY_EVERY_MS);
      }
    }
  };
  return {
    run: (work) =>
      isClosed
        ? Promise.reject(new StoreClosed())
        : turns(async () => {
            if (!isUsable) await reopen();
            return work(session);
          }),
    reopen: reopenPatiently,
    close: async () => {
      isClosed = true;
      await turns(async () => {
        await current.end().catch(() => undefined);
      });
    },
  };
};
