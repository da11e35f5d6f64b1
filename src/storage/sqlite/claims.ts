/**
 * Claims of due deliveries. Rows in flight stay pending on disk, so a query for due rows has to skip them.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SignatureMode, StoredEvent, WebhookKey } from '../../domain/delivery.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { Claim, QueueStore } from '../store.ts';
import type { InFlight } from './in-flight.ts';
import { readText } from './text.ts';
import type { Partition } from './partitions.ts';

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

export const createClaims = (
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
