/**
 * Writer: one connection on which all writes of this process run, one after the other, in the order of the calls.
 *
 * So what is in memory (claims, counts, next numbers) changes together with what is stored, as in an adapter that writes to
 * a file. Throughput comes from group commit, not from several connections.
 *
 * @module
 */
import pLimit from 'p-limit';
import type { Client } from 'pg';
import type { Session } from '../../postgres/session.ts';

export interface Writer {
  /** Runs `work` when all earlier work is done. */
  run<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Opens the connection again, after it was lost. To be called by the work that is running. */
  reopen(): Promise<Session>;
  /** Ends the connection, once all work is done. Later work is rejected. */
  close(): Promise<void>;
}

/**
 * @param opened the first connection
 * @param open opens the connection after it was lost
 */
export const createWriter = (
  opened: Client,
  open: (previous: Client) => Promise<Client>,
): Writer => {
  const turns = pLimit(1);
  let current = opened;
  let isUsable = true;
  let isClosed = false;
  const use = (client: Client): Client => {
    const lost = (): void => {
      if (current === client) isUsable = false;
    };
    client.once('end', lost);
    client.once('error', lost);
    current = client;
    isUsable = true;
    return client;
  };
  use(opened);
  const reopen = async (): Promise<Session> => use(await open(current));
  return {
    run: (work) =>
      isClosed
        ? Promise.reject(new Error('The store is closed.'))
        : turns(async () => work(isUsable ? current : await reopen())),
    reopen,
    close: async () => {
      isClosed = true;
      await turns(async () => {
        if (isUsable) await current.end();
      });
    },
  };
};
