/**
 * Detects a connection pooler that gives each transaction another session (PgBouncer's transaction mode). Locks, prepared
 * statements and notifications of this program last as long as its sessions, so it cannot work behind one.
 *
 * @module
 */
import type { Client } from 'pg';
import { connect, type Connecting } from './connect.ts';
import { refuse } from './location.ts';

const PID = 'SELECT pg_backend_pid() AS pid';

const backendPid = async (client: Client): Promise<number | undefined> =>
  (await client.query<{ pid: number }>(PID)).rows[0]?.pid;

/**
 * Two open connections with the same session share it. A direct connection is recognised by its process id, which the
 * server sends when it connects; a pooler sends one of its own.
 *
 * @throws {StoreError} if sessions are shared
 */
export const checkSession = async (client: Client, connecting: Connecting): Promise<void> => {
  const { processID } = client as Client & { readonly processID: number | null };
  const pid = await backendPid(client);
  if (pid === processID) return;
  const other = await connect(connecting);
  try {
    const shared = (await backendPid(other)) === pid || (await backendPid(client)) !== pid;
    if (!shared) return;
  } finally {
    await other.end();
  }
  refuse(
    connecting.location.location,
    'a connection pooler in transaction mode is in between, which gives each transaction another session',
    'Connect to PostgreSQL itself, or set pool_mode=session for this database.',
  );
};
