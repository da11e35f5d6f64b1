/**
 * Number of each account's events, and of each webhook's deliveries by status. Kept in rows, because counting a million
 * deliveries blocks everything else for half a second. The rows of used accounts are cached: one process writes the file.
 *
 * A change belongs to the transaction that is open. It is written at the commit, once per webhook, however many deliveries
 * changed; a rollback reverts it.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStatus, WebhookKey } from '../../domain/delivery.ts';
import type { Partition } from './partitions.ts';

/** Statuses on disk. Deliveries in flight are pending there. */
export type SavedStatus = Exclude<DeliveryStatus, 'in_flight'>;

/** Number of deliveries by status. */
export type Tally = Record<SavedStatus, number>;

interface AccountTally {
  events: number;
  /** All deliveries of this event and of earlier ones have a row: see `deferred-rows.ts`. */
  completeTo: number;
  readonly webhooks: Map<WebhookKey, Tally>;
}

export interface Tallies {
  /** Number of events of an account, and of its deliveries by status. */
  of(partition: Partition): Readonly<Tally> & { readonly events: number };
  /** Number of deliveries to a webhook by status. */
  ofWebhook(partition: Partition, webhook: WebhookKey): Readonly<Tally>;
  /** Counts new events, in the transaction that is open. */
  addEvents(partition: Partition, count: number): void;
  /**
   * Counts deliveries that change their status, in the transaction that is open.
   *
   * @param from null for new deliveries
   */
  move(
    partition: Partition,
    webhook: WebhookKey,
    from: SavedStatus | null,
    to: SavedStatus,
    count?: number,
  ): void;
  /** Notes up to which event all rows exist. Saved with the account's next events. */
  markComplete(partition: Partition, event: number): void;
  /** Up to which event all rows are known to exist. */
  completeTo(partition: Partition): number;
  /** Drops the cached tallies of an account. */
  invalidate(partition: Partition): void;
  invalidateAll(): void;
  /** Writes the changes of the transaction that is open. To be called before its commit. */
  write(this: void): void;
  /** To be called after the commit. */
  committed(this: void): void;
  /** Reverts the changes of a transaction that was rolled back. */
  rolledBack(this: void): void;
}

const noDeliveries = (): Tally => ({
  pending: 0,
  delivered: 0,
  dead: 0,
  acknowledged: 0,
  cancelled: 0,
});

export const STATUSES = ['pending', 'delivered', 'dead', 'acknowledged', 'cancelled'] as const;
const LIST = STATUSES.join(', ');

interface Statements {
  load(partition: Partition): AccountTally;
  saveEvents(partition: Partition, tally: AccountTally): void;
  saveDeliveries(webhook: WebhookKey, tally: Tally): void;
}

const createStatements = (db: DatabaseSync): Statements => {
  const events = db.prepare('SELECT events, complete_to FROM event_tally WHERE account = ?');
  const deliveries = db.prepare(
    `SELECT t.webhook, ${LIST} FROM webhook w JOIN delivery_tally t ON t.webhook = w.key WHERE w.account = ?`,
  );
  const saveEvents = db.prepare(
    'INSERT OR REPLACE INTO event_tally (account, events, complete_to) VALUES (?, ?, ?)',
  );
  const saveDeliveries = db.prepare(
    `INSERT OR REPLACE INTO delivery_tally (webhook, ${LIST}) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  return {
    load: (partition) => {
      const row = events.get(partition);
      const webhooks = new Map<WebhookKey, Tally>();
      for (const { webhook, ...tally } of deliveries.all(partition)) {
        webhooks.set(Number(webhook), tally as unknown as Tally);
      }
      const completeTo = Number(row?.['complete_to'] ?? 0);
      return { events: Number(row?.['events'] ?? 0), completeTo, webhooks };
    },
    saveEvents: (partition, tally) =>
      void saveEvents.run(partition, tally.events, tally.completeTo),
    saveDeliveries: (webhook, tally) =>
      void saveDeliveries.run(webhook, ...STATUSES.map((column) => tally[column])),
  };
};

export const createTallies = (db: DatabaseSync): Tallies => {
  const { load, saveEvents, saveDeliveries } = createStatements(db);
  const cached = new Map<Partition, AccountTally>();
  /** Changed in the open transaction, with the previous values. */
  const changedEvents = new Map<Partition, { readonly tally: AccountTally; before: number }>();
  const changedDeliveries = new Map<WebhookKey, { readonly tally: Tally; before: Tally }>();

  const accountOf = (partition: Partition): AccountTally => {
    let tally = cached.get(partition);
    if (tally === undefined) cached.set(partition, (tally = load(partition)));
    return tally;
  };
  const webhookOf = (partition: Partition, webhook: WebhookKey): Tally => {
    const { webhooks } = accountOf(partition);
    let tally = webhooks.get(webhook);
    if (tally === undefined) webhooks.set(webhook, (tally = noDeliveries()));
    return tally;
  };
  const committed = (): void => {
    changedEvents.clear();
    changedDeliveries.clear();
  };
  return {
    of: (partition) => {
      const { events, webhooks } = accountOf(partition);
      const sum = { events, ...noDeliveries() };
      for (const tally of webhooks.values()) {
        for (const column of STATUSES) sum[column] += tally[column];
      }
      return sum;
    },
    ofWebhook: webhookOf,
    addEvents: (partition, count) => {
      const tally = accountOf(partition);
      if (!changedEvents.has(partition))
        changedEvents.set(partition, { tally, before: tally.events });
      tally.events += count;
    },
    move: (partition, webhook, from, to, count = 1) => {
      const tally = webhookOf(partition, webhook);
      if (!changedDeliveries.has(webhook)) {
        changedDeliveries.set(webhook, { tally, before: { ...tally } });
      }
      if (from !== null) tally[from] -= count;
      tally[to] += count;
    },
    markComplete: (partition, event) => {
      accountOf(partition).completeTo = event;
    },
    completeTo: (partition) => accountOf(partition).completeTo,
    invalidate: (partition) => cached.delete(partition),
    invalidateAll: () => cached.clear(),
    write: () => {
      for (const [partition, { tally }] of changedEvents) saveEvents(partition, tally);
      for (const [webhook, { tally }] of changedDeliveries) saveDeliveries(webhook, tally);
    },
    committed,
    rolledBack: () => {
      for (const { tally, before } of changedEvents.values()) tally.events = before;
      for (const { tally, before } of changedDeliveries.values()) Object.assign(tally, before);
      committed();
    },
  };
};
