/**
 * Claims of due deliveries, and their return. Rows in flight stay pending on disk, so a query for due rows has to skip
 * them.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SignatureMode, StoredEvent, WebhookKey } from '../../domain/delivery.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { Claim, QueueStore } from '../store.ts';
import type { Caches } from './caches.ts';
import { insertMissingRows, type InsertDeferred } from './deferred-rows.ts';
import { CANCEL_IN_FLIGHT } from './deletions.ts';
import type { Flight, InFlight } from './in-flight.ts';
import type { Partition } from './partitions.ts';
import { readText } from './text.ts';
import { transaction } from './transaction.ts';

type DueRow = [seq: number, dueAt: number];
type ClaimRow = [
  partition: Partition,
  attemptsMade: number,
  dueAt: number,
  signature: SignatureMode | null,
  redeliveryBody: Uint8Array | null,
  eventId: string,
  eventType: StoredEvent['type'],
  eventBody: string,
];

const asArrays = (statement: StatementSync): StatementSync => {
  statement.setReturnArrays(true);
  return statement;
};

const createClaiming = (
  db: DatabaseSync,
  inFlight: InFlight,
): Pick<QueueStore, 'claimDue' | 'nextDueAt'> => {
  const due = asArrays(
    db.prepare(
      `SELECT seq, due_at FROM delivery INDEXED BY delivery_due WHERE webhook = ? AND status = ${STATUS_CODES.pending} AND due_at <= ?
         AND (SELECT deleted_at FROM webhook WHERE key = ?1) IS NULL ORDER BY due_at, seq LIMIT ?`,
    ),
  );
  const claimRow = asArrays(
    db.prepare(
      `SELECT e.account, d.attempts_made, d.due_at, d.signature, CAST(d.body AS BLOB), e.id, e.type, e.body
       FROM delivery d JOIN event e ON e.seq = d.event WHERE d.seq = ?`,
    ),
  );
  const webhooksOf = asArrays(
    db.prepare('SELECT key FROM webhook WHERE account = ? AND deleted_at IS NULL'),
  );

  /** Due rows that are not in flight. Those in flight come first in the index, so read that many more. */
  const dueRows = (webhook: WebhookKey, now: number, limit: number): DueRow[] => {
    const rows = due.all(webhook, now, limit + inFlight.count(webhook)) as unknown as DueRow[];
    return rows.filter(([seq]) => !inFlight.has(seq)).slice(0, limit);
  };

  const claim = (webhook: WebhookKey, seq: number): Claim => {
    const row = claimRow.get(seq) as unknown as ClaimRow;
    const [
      partition,
      attemptsMade,
      dueAt,
      signature,
      redeliveryBody,
      eventId,
      eventType,
      eventBody,
    ] = row;
    inFlight.add(seq, { partition, webhook, type: EVENT_TYPE_CODES[eventType], deferred: null });
    return {
      delivery: seq,
      account: partition,
      webhook,
      eventId,
      eventType,
      body: redeliveryBody === null ? eventBody : readText(redeliveryBody),
      signature: signature ?? 'valid',
      attempt: attemptsMade + 1,
      dueAt,
    };
  };

  return {
    claimDue: async (webhook, now, limit) =>
      dueRows(webhook, now, limit).map(([seq]) => claim(webhook, seq)),

    nextDueAt: async (partition) => {
      const next = new Map<WebhookKey, number>();
      for (const [webhook] of webhooksOf.all(partition) as unknown as [number][]) {
        const [first] = dueRows(webhook, Number.MAX_SAFE_INTEGER, 1);
        if (first !== undefined) next.set(webhook, first[1]);
      }
      return next;
    },
  };
};

const createRelease = (
  db: DatabaseSync,
  { inFlight, tallies }: Caches,
  insertDeferred: InsertDeferred,
): QueueStore['release'] => {
  return async (keys) => {
    const released = new Map<number, Flight>();
    for (const key of keys) {
      const flight = inFlight.get(key);
      if (flight !== undefined) released.set(key, flight);
    }
    const partitions = new Set([...released.values()].map(({ partition }) => partition));
    for (const partition of partitions) insertDeferred(partition);
    // The rows are pending on disk and keep their due time. Of a deleted webhook, they count as cancelled from now on.
    transaction(db, () => {
      for (const { partition, webhook } of released.values()) {
        if (inFlight.webhookDeletedAt(webhook) === undefined) continue;
        tallies.move(partition, webhook, 'pending', 'cancelled');
      }
    });
    for (const key of released.keys()) inFlight.remove(key);
  };
};

/** Makes all deliveries that a crash left in flight pending again. */
const createRecover =
  (db: DatabaseSync, { inFlight, tallies, blocks }: Caches): QueueStore['recover'] =>
  async () => {
    const restored = transaction(db, () => {
      const inserted = insertMissingRows(db, blocks);
      db.exec(CANCEL_IN_FLIGHT);
      return inserted;
    });
    inFlight.clear();
    tallies.invalidateAll();
    return restored;
  };

export const createClaims = (
  db: DatabaseSync,
  caches: Caches,
  insertDeferred: InsertDeferred,
): Pick<QueueStore, 'claimDue' | 'nextDueAt' | 'release' | 'recover'> => ({
  ...createClaiming(db, caches.inFlight),
  release: createRelease(db, caches, insertDeferred),
  recover: createRecover(db, caches),
});
