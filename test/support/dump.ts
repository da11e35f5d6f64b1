/**
 * Snapshots for tests: exported as one value, and generated.
 *
 * @module
 */
import type { AccountDump, DumpRow, Store } from '../../src/storage/store.ts';

/** A snapshot in memory. */
export interface WholeDump extends AccountDump {
  readonly tables: Readonly<Record<string, readonly DumpRow[]>>;
}

/** Exports an account and collects the slices. */
export const dumpOf = async (
  store: Pick<Store, 'exportAccount'>,
  account: number,
): Promise<WholeDump> => {
  const { slices, ...rest } = await store.exportAccount(account);
  const tables: Record<string, DumpRow[]> = {};
  for await (const { table, rows } of slices) (tables[table] ??= []).push(...rows);
  return structuredClone({ ...rest, tables });
};

/** Deletes a webhook. @returns ids of the cancelled deliveries, oldest first; null if the webhook does not exist */
export const deletedBy = async (
  store: Pick<Store, 'deleteWebhook'>,
  account: number,
  id: string,
  now: number,
): Promise<string[] | null> => {
  const slices = await store.deleteWebhook(account, id, now);
  if (slices === null) return null;
  const ids: string[] = [];
  for await (const slice of slices) ids.push(...slice);
  return ids;
};

/**
 * Tables of a snapshot with one webhook, and events with one pending delivery each.
 *
 * @param prefix prefix of the events' ids: `<prefix>_0`, `<prefix>_1`, …
 */
export const tablesOf = (count: number, prefix: string, dueAt = 1): Record<string, DumpRow[]> => ({
  webhook: [
    {
      key: 1,
      id: `whk_${prefix}`,
      url: 'http://127.0.0.1:9/',
      events: '["*"]',
      secret: 'whsec_large',
      status: 'active',
      created_at: 1,
      deleted_at: null,
    },
  ],
  event: Array.from({ length: count }, (_, index) => ({
    seq: index + 1,
    id: `${prefix}_${index}`,
    type: 'email.sent',
    created_at: 1,
    body: '{}',
    first_delivery: index + 1,
    deliveries: 1,
  })),
  delivery: Array.from({ length: count }, (_, index) => ({
    seq: index + 1,
    event: index + 1,
    webhook: 1,
    status: 0,
    attempts_made: 0,
    created_at: 1,
    due_at: dueAt,
    settled_at: null,
    acknowledged_at: null,
    redelivery_of: null,
    signature: null,
    body: null,
  })),
});
