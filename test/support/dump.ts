/**
 * A snapshot as one value, whose rows a store gives slice by slice.
 *
 * @module
 */
import type { AccountDump, DumpRow, Store } from '../../src/storage/store.ts';

export const dumpOf = async (
  store: Pick<Store, 'exportAccount'>,
  account: number,
): Promise<AccountDump> => {
  const { slices, ...rest } = await store.exportAccount(account);
  const tables: Record<string, DumpRow[]> = {};
  for await (const { table, rows } of slices) (tables[table] ??= []).push(...rows);
  return structuredClone({ ...rest, tables });
};
