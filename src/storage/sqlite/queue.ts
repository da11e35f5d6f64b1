/**
 * The hot path: publish, claim, record. Every statement is prepared once; calls that come together share a transaction.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Millis, SignatureMode, StoredEvent } from '../../domain/delivery.ts';
import { deliveryId, deliveryKey } from '../../domain/delivery-id.ts';
import type { AttemptRecord, Claim, QueueStore } from '../store.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { writeAttempt } from '../rows/attempt-record.ts';
import { bulkInsert } from './bulk-insert.ts';
import type { Counters } from './counters.ts';
import type { History } from './history.ts';
import type { InFlight } from './in-flight.ts';
import { createPublish } from './publish.ts';
import { isConstraintViolation } from './result-codes.ts';
import { CANCEL_ORPHANS } from './schema.ts';
import type { Tallies } from './tallies.ts';
import { readText } from './text.ts';
import { transaction, transactionWithWaiting } from './transaction.ts';
import { insertMissingRows, type InsertDeferred } from './deferred-rows.ts';

type DueRow = [seq: number, dueAt: number];
type ClaimRow = [
  account: number,
  made: number,
  dueAt: number,
  signature: SignatureMode | null,
  edited: Uint8Array | null,
  eventId: string,
  eventType: StoredEvent['type'],
  body: string,
];

const asArrays = (statement: StatementSync): StatementSync => {
  statement.setReturnArrays(true);
  return statement;
};

export const createQueue = (
  db: DatabaseSync,
  inFlight: InFlight,
  history: History,
  insertDeferred: InsertDeferred,
  tallies: Tallies,
  counters: Counters,
): QueueStore => {
  const insertAttempted = bulkInsert(db, 'delivery', [
    'seq',
    'event',
    'webhook',
    'status',
    'attempts_made',
    'created_at',
    'due_at',
    'settled_at',
    'attempts',
  ]);
  const insertRedelivery = db.prepare(
    `INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at, redelivery_of, signature, body)
     SELECT :seq, event, webhook, ${STATUS_CODES.pending}, 0, :dueAt, :dueAt, seq, :signature, coalesce(:body, body)
     FROM delivery WHERE seq = :of
       AND EXISTS (SELECT 1 FROM webhook WHERE key = webhook AND deleted_at IS NULL)`,
  );
  const due = asArrays(
    db.prepare(
      `SELECT seq, due_at FROM delivery WHERE webhook = ? AND status = ${STATUS_CODES.pending} AND due_at <= ? ORDER BY due_at, seq LIMIT ?`,
    ),
  );
  const claimed = asArrays(
    db.prepare(
      `SELECT e.account, d.attempts_made, d.due_at, d.signature, CAST(d.body AS BLOB), e.id, e.type, e.body
       FROM delivery d JOIN event e ON e.seq = d.event WHERE d.seq = ?`,
    ),
  );
  const webhooksOf = asArrays(
    db.prepare('SELECT key FROM webhook WHERE account = ? AND deleted_at IS NULL'),
  );
  const updateAttempted = db.prepare(
    `UPDATE delivery SET status = ?1, attempts_made = ?2, due_at = ?3, settled_at = ?4,
       attempts = coalesce(attempts || ',', '') || ?5 WHERE seq = ?6 AND attempts_made = ?2 - 1`,
  );
  const cancel = db.prepare(
    `UPDATE delivery SET status = ${STATUS_CODES.cancelled}, due_at = NULL, settled_at = ? WHERE seq = ?`,
  );

  /** Rows that are due and not in flight: those in flight are still first in the index, so read past them. */
  const free = (webhook: number, now: number, limit: number): DueRow[] => {
    const rows = due.all(webhook, now, limit + inFlight.count(webhook)) as unknown as DueRow[];
    return rows.filter(([seq]) => !inFlight.has(seq)).slice(0, limit);
  };

  const claim = (webhook: number, seq: number): Claim => {
    const row = claimed.get(seq) as unknown as ClaimRow;
    const [account, made, dueAt, signature, edited, eventId, eventType, body] = row;
    inFlight.add(seq, { account, webhook, deferred: null });
    return {
      delivery: seq,
      account,
      webhook,
      eventId,
      eventType,
      body: edited === null ? body : readText(edited),
      signature: signature ?? 'valid',
      attempt: made + 1,
      dueAt,
    };
  };

  /** What a delivery becomes: one whose webhook went meanwhile does not wait again. */
  const becomes = ({ delivery, status }: AttemptRecord): AttemptRecord['status'] => {
    if (status !== 'pending') return status;
    const flight = inFlight.get(delivery);
    return flight !== undefined && inFlight.webhookDeletedAt(flight.webhook) !== undefined
      ? 'cancelled'
      : 'pending';
  };

  /** It is written down, so it is in flight no more. */
  const land = (delivery: number, status: AttemptRecord['status']): void => {
    const flight = inFlight.get(delivery);
    if (flight === undefined) return;
    inFlight.remove(delivery);
    const tally = status === 'pending' ? null : tallies.peek(flight.account);
    if (tally === null) return;
    tally.pending -= 1;
    tally[status] += 1;
  };

  /**
   * @param fresh values for rows that are made with this attempt
   * @returns false when the record does not fit its delivery
   */
  const write = (record: AttemptRecord, fresh: SQLInputValue[]): boolean => {
    const { delivery, attempt } = record;
    const status = becomes(record);
    const waits = status === 'pending';
    const dueAt = waits ? attempt.nextAttemptAt : null;
    const settledAt = waits ? null : attempt.endedAt;
    const text = writeAttempt(attempt, dueAt);
    const flight = inFlight.get(delivery);
    if (flight === undefined) return false;
    const { number } = attempt;
    if (flight.deferred === null) {
      const code = STATUS_CODES[status];
      return updateAttempted.run(code, number, dueAt, settledAt, text, delivery).changes > 0;
    }
    if (number !== 1) return false;
    const { event, createdAt } = flight.deferred;
    const { webhook } = flight;
    fresh.push(
      delivery,
      event,
      webhook,
      STATUS_CODES[status],
      number,
      createdAt,
      dueAt,
      settledAt,
      text,
    );
    return true;
  };

  /** All in one transaction. @returns the refused ones */
  const writeAll = (records: readonly AttemptRecord[]): AttemptRecord[] => {
    const written = new Set<number>();
    const refused: AttemptRecord[] = [];
    transactionWithWaiting(db, () => {
      const fresh: SQLInputValue[] = [];
      for (const record of records) {
        // In flight until the transaction is over, so a second record for it is recognised here.
        const fits = !written.has(record.delivery) && write(record, fresh);
        if (fits) written.add(record.delivery);
        else refused.push(record);
      }
      insertAttempted(fresh);
    });
    for (const record of records) {
      if (!refused.includes(record)) land(record.delivery, becomes(record));
    }
    return refused;
  };

  const writeEach = (record: AttemptRecord): readonly AttemptRecord[] => {
    try {
      return writeAll([record]);
    } catch (error) {
      if (isConstraintViolation(error)) return [record];
      throw error;
    }
  };

  return {
    publish: createPublish(db, inFlight, tallies, counters),

    redeliver: async (account, { of, body, signature, dueAt }) => {
      const key = deliveryKey(account, of);
      if (key === null) return null;
      insertDeferred(account);
      const numbers = counters.of(account);
      const seq = numbers.delivery;
      const { changes } = insertRedelivery.run({ seq, of: key, dueAt, signature, body });
      if (changes === 0) return null;
      numbers.delivery += 1;
      const tally = tallies.peek(account);
      if (tally !== null) tally.pending += 1;
      return history.getDelivery(account, deliveryId(seq));
    },

    claimDue: async (webhook, now, limit) =>
      free(webhook, now, limit).map(([seq]) => claim(webhook, seq)),

    nextDueAt: async (account) => {
      const next = new Map<number, number>();
      for (const [webhook] of webhooksOf.all(account) as unknown as [number][]) {
        const [first] = free(webhook, Number.MAX_SAFE_INTEGER, 1);
        if (first !== undefined) next.set(webhook, first[1]);
      }
      return next;
    },

    recordAttempts: async (records) => {
      try {
        return writeAll(records);
      } catch (error) {
        if (!isConstraintViolation(error)) throw error;
        // A row that the database does not take must not cost the others theirs.
        return records.length === 1 ? records : records.flatMap((record) => writeEach(record));
      }
    },

    release: async (deliveries) => {
      const claimed = deliveries.filter((delivery) => inFlight.has(delivery));
      const webhookDeletedAt = (delivery: number): Millis | undefined => {
        const flight = inFlight.get(delivery);
        return flight === undefined ? undefined : inFlight.webhookDeletedAt(flight.webhook);
      };
      for (const account of new Set(claimed.map((delivery) => inFlight.get(delivery)?.account))) {
        if (account !== undefined) insertDeferred(account);
      }
      transaction(db, () => {
        for (const delivery of claimed) {
          const gone = webhookDeletedAt(delivery);
          if (gone !== undefined) cancel.run(gone, delivery);
        }
      });
      for (const delivery of claimed) {
        land(delivery, webhookDeletedAt(delivery) === undefined ? 'pending' : 'cancelled');
      }
    },

    recover: async () => {
      const changes = transaction(db, () => {
        const missing = insertMissingRows(db);
        db.exec(CANCEL_ORPHANS);
        return missing;
      });
      inFlight.clear();
      tallies.invalidateAll();
      return changes;
    },
  };
};
