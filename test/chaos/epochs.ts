/**
 * Watches the epochs of the leases, which must only rise.
 *
 * @module
 */
import pg from 'pg';
import type { Measures } from './history.ts';

const READ = 'SELECT key_hash, epoch::int AS epoch FROM sendemall_mock.account_lease';

/** Read the epochs every quarter of a second until the run ends. The database may be down in between. */
export const watchEpochs = async (
  url: string,
  { epochs, fallen }: Measures,
  isOver: () => boolean,
): Promise<void> => {
  const pool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 1000 });
  pool.on('error', () => undefined);
  while (!isOver()) {
    const rows = await pool.query<{ key_hash: string; epoch: number }>(READ).then(
      (result) => result.rows,
      () => [],
    );
    for (const { key_hash: account, epoch } of rows) {
      if (epoch < (epochs.get(account) ?? 0)) fallen.push(account);
      else epochs.set(account, epoch);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 250);
    });
  }
  await pool.end();
};
