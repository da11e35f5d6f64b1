/**
 * The hot path: publish, claim, record. Every statement is prepared once, every call is one transaction.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Attempt, SignatureMode, StoredEvent } from '../../domain/delivery.ts';
import { deliveryId, deliveryKey } from '../../domain/delivery-id.ts';
import type { Claim, QueueStore } from '../store.ts';
import type { Counters } from './counters.ts';
import type { History } from './history.ts';
import type { InFlight } from './in-flight.ts';
import { STATUS, transaction } from './schema.ts';

/** SQLITE_CONSTRAINT_UNIQUE: here always an event's id. */
const UNIQUE_VIOLATION = 2067;

type DueRow = [seq: number, dueAt: number];
type ClaimRow = [
  account: number,
  made: number,
  dueAt: number,
  signature: SignatureMode | null,
  edited: string | null,
  eventId: string,
  eventType: StoredEvent['type'],
  body: string,
];

/** How an attempt is written: everything but its number, which is part of the key. */
export const attemptRecord = (attempt: Attempt): string => {
  const {
    startedAt,
    endedAt,
    durationMs,
    outcome,
    error,
    url,
    signature,
    response,
    nextAttemptAt,
  } = attempt;
  return JSON.stringify([
    startedAt,
    endedAt,
    durationMs,
    outcome,
    error,
    url,
    signature,
    response,
    nextAttemptAt,
  ]);
};

const asArrays = (statement: StatementSync): StatementSync => {
  statement.setReturnArrays(true);
  return statement;
};

export const createQueue = (
  db: DatabaseSync,
  inFlight: InFlight,
  history: History,
  counters: Counters,
): QueueStore => {
  const insertEvent = db.prepare(
    'INSERT INTO event (seq, account, id, type, created_at, body, first_delivery, deliveries) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const insertDelivery = db.prepare(
    'INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at) VALUES (?, ?, ?, ?, 0, ?, ?)',
  );
  const insertRedelivery = db.prepare(
    `INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at, redelivery_of, signature, body)
     SELECT :seq, event, webhook, ${STATUS.pending}, 0, :dueAt, :dueAt, seq, :signature, coalesce(:body, body)
     FROM delivery WHERE seq = :of
       AND EXISTS (SELECT 1 FROM webhook WHERE key = webhook AND deleted_at IS NULL)`,
  );
  const due = asArrays(
    db.prepare(
      `SELECT seq, due_at FROM delivery WHERE webhook = ? AND status = ${STATUS.pending} AND due_at <= ? ORDER BY due_at, seq LIMIT ?`,
    ),
  );
  const claimed = asArrays(
    db.prepare(
      `SELECT e.account, d.attempts_made, d.due_at, d.signature, d.body, e.id, e.type, e.body
       FROM delivery d JOIN event e ON e.seq = d.event WHERE d.seq = ?`,
    ),
  );
  const webhooksOf = asArrays(
    db.prepare('SELECT key FROM webhook WHERE account = ? AND deleted_at IS NULL'),
  );
  const insertAttempt = db.prepare(
    'INSERT INTO attempt (delivery, number, record) VALUES (?, ?, ?)',
  );
  const updateDelivery = db.prepare(
    'UPDATE delivery SET status = ?, attempts_made = ?, due_at = ?, settled_at = ? WHERE seq = ?',
  );

  const deletedWebhook = 'webhook IN (SELECT key FROM webhook WHERE deleted_at IS NOT NULL)';
  const makePending = db.prepare(
    `UPDATE delivery SET status = iif(${deletedWebhook}, ${STATUS.cancelled}, ${STATUS.pending})
     WHERE seq = ? AND status = ${STATUS.in_flight}`,
  );

  /** Rows that are due and not in flight: those in flight are still first in the index, so read past them. */
  const free = (webhook: number, now: number, limit: number): DueRow[] => {
    const rows = due.all(webhook, now, limit + inFlight.count(webhook)) as unknown as DueRow[];
    return rows.filter(([seq]) => !inFlight.has(seq)).slice(0, limit);
  };

  const claim = (webhook: number, seq: number): Claim => {
    const row = claimed.get(seq) as unknown as ClaimRow;
    const [account, made, dueAt, signature, edited, eventId, eventType, body] = row;
    inFlight.add(seq, { account, webhook });
    return {
      delivery: seq,
      account,
      webhook,
      eventId,
      eventType,
      body: edited ?? body,
      signature: signature ?? 'valid',
      attempt: made + 1,
      dueAt,
    };
  };

  return {
    publish: async (account, events) => {
      const deliveries: number[] = [];
      const taken: [delivery: number, webhook: number][] = [];
      const tally = history.tally(account);
      const numbers = counters.of(account);
      let { event: nextEvent, delivery: nextDelivery } = numbers;
      let current = '';
      try {
        transaction(db, () => {
          for (const { event, deliveries: planned } of events) {
            const { id, type, createdAt, body } = event;
            current = id;
            const row = nextEvent++;
            insertEvent.run(row, account, id, type, createdAt, body, nextDelivery, planned.length);
            for (const delivery of planned) {
              const key = nextDelivery++;
              const status = delivery.taken ? STATUS.in_flight : STATUS.pending;
              insertDelivery.run(key, row, delivery.webhook, status, createdAt, delivery.dueAt);
              deliveries.push(key);
              if (delivery.taken) taken.push([key, delivery.webhook]);
            }
          }
        });
      } catch (error) {
        if ((error as { errcode?: number }).errcode === UNIQUE_VIOLATION) return { taken: current };
        throw error;
      }
      numbers.event = nextEvent;
      numbers.delivery = nextDelivery;
      tally.pending += deliveries.length;
      for (const [key, webhook] of taken) inFlight.add(key, { account, webhook });
      return { taken: null, deliveries };
    },

    redeliver: async (account, { of, body, signature, dueAt }) => {
      const key = deliveryKey(account, of);
      if (key === null) return null;
      const numbers = counters.of(account);
      const seq = numbers.delivery;
      const { changes } = insertRedelivery.run({ seq, of: key, dueAt, signature, body });
      if (changes === 0) return null;
      numbers.delivery += 1;
      history.tally(account).pending += 1;
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
      transaction(db, () => {
        for (const { delivery, attempt, status } of records) {
          insertAttempt.run(delivery, attempt.number, attemptRecord(attempt));
          const settledAt = status === 'pending' ? null : attempt.endedAt;
          updateDelivery.run(
            STATUS[status],
            attempt.number,
            attempt.nextAttemptAt,
            settledAt,
            delivery,
          );
        }
      });
      for (const { delivery, status } of records) {
        const flight = inFlight.get(delivery);
        if (flight === undefined) continue;
        inFlight.remove(delivery);
        if (status === 'pending') continue;
        const tally = history.tally(flight.account);
        tally.pending -= 1;
        tally[status] += 1;
      }
    },

    release: async (deliveries) => {
      transaction(db, () => {
        for (const delivery of deliveries) {
          makePending.run(delivery);
          inFlight.remove(delivery);
        }
      });
    },

    recover: async () =>
      transaction(db, () => {
        const { changes } = db
          .prepare(
            `UPDATE delivery SET status = ${STATUS.pending} WHERE status = ${STATUS.in_flight}`,
          )
          .run();
        // What a deleted webhook left pending was in flight when it went.
        db.exec(
          `UPDATE delivery SET status = ${STATUS.cancelled}, settled_at = due_at, due_at = NULL
           WHERE status = ${STATUS.pending} AND ${deletedWebhook}`,
        );
        return Number(changes);
      }),
  };
};
