/**
 * What has happened: events, deliveries, dead letters, counts. Reads only, but for acknowledging.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type {
  AccountKey,
  Attempt,
  Delivery,
  DeliveryStatus,
  SignatureMode,
  StoredEvent,
} from '../../domain/delivery.ts';
import { deliveryId, deliveryKey, rowKey } from '../../domain/delivery-id.ts';
import type { DeadLetter, DeliveryFilter, EventRow, HistoryStore } from '../store.ts';
import type { InFlight, Tally } from './in-flight.ts';
import { STATUS } from './schema.ts';

export interface History extends HistoryStore {
  /** Live counts of an account's deliveries; counted once, then kept up to date by whoever writes. */
  tally(account: AccountKey): Tally;
  /** Counts anew when next asked. */
  forget(account: AccountKey): void;
}

interface EventRange {
  readonly seq: number;
  readonly first: number;
  readonly past: number;
}

interface DeliveryRow {
  readonly seq: number;
  readonly webhook: number;
  readonly webhook_id: string;
  readonly url: string;
  readonly event_id: string;
  readonly event_type: StoredEvent['type'];
  readonly event_body: string;
  readonly event_created_at: number;
  readonly event: number;
  readonly status: number;
  readonly attempts_made: number;
  readonly created_at: number;
  readonly due_at: number | null;
  readonly settled_at: number | null;
  readonly acknowledged_at: number | null;
  readonly redelivery_of: number | null;
  readonly signature: SignatureMode | null;
  readonly body: string | null;
  readonly last: string | null;
}

type AttemptFields = [
  Attempt['startedAt'],
  Attempt['endedAt'],
  Attempt['durationMs'],
  Attempt['outcome'],
  Attempt['error'],
  Attempt['url'],
  Attempt['signature'],
  Attempt['response'],
  Attempt['nextAttemptAt'],
];

const SELECT_DELIVERY = `
  SELECT d.*, w.id AS webhook_id, w.url, e.id AS event_id, e.type AS event_type, e.body AS event_body,
    e.created_at AS event_created_at,
    (SELECT record FROM attempt a WHERE a.delivery = d.seq ORDER BY number DESC LIMIT 1) AS last
  FROM delivery d JOIN webhook w ON w.key = d.webhook JOIN event e ON e.seq = d.event`;

/** Deliveries of one event: those that it was published with, and those that were asked for later. */
const OF_EVENT = '((d.seq >= ? AND d.seq < ?) OR (d.redelivery_of IS NOT NULL AND d.event = ?))';

const NAMES: ReadonlyMap<number, DeliveryStatus> = new Map(
  Object.entries(STATUS).map(([name, code]) => [code, name as DeliveryStatus]),
);

const readAttempt = (number: number, record: string): Attempt => {
  const fields = JSON.parse(record) as AttemptFields;
  const [startedAt, endedAt, durationMs, outcome, error, url, signature, response, nextAttemptAt] =
    fields;
  return {
    number,
    startedAt,
    endedAt,
    durationMs,
    outcome,
    error,
    url,
    signature,
    response,
    nextAttemptAt,
  };
};

/** Where a page ends: never past the account's own rows, whatever a cursor says. */
const before = (account: AccountKey, after: number | undefined): number =>
  Math.min(after ?? Infinity, rowKey(account + 1, 0));

const emptyTally = (): Tally => ({
  pending: 0,
  in_flight: 0,
  delivered: 0,
  dead: 0,
  acknowledged: 0,
  cancelled: 0,
});

export const createHistory = (db: DatabaseSync, inFlight: InFlight): History => {
  const tallies = new Map<AccountKey, Tally>();
  const countStatuses = db.prepare(
    'SELECT status, count(*) AS n FROM delivery WHERE seq > ? AND seq < ? GROUP BY status',
  );
  const oneDelivery = db.prepare(`${SELECT_DELIVERY} WHERE d.seq = ?`);
  const attemptsOf = db.prepare(
    'SELECT number, record FROM attempt WHERE delivery = ? ORDER BY number',
  );
  const oneEvent = db.prepare(
    'SELECT seq, id, type, created_at AS createdAt, body FROM event WHERE account = ? AND id = ?',
  );
  const rangeOf = db.prepare(
    'SELECT seq, first_delivery AS first, first_delivery + deliveries AS past FROM event WHERE account = ? AND id = ?',
  );
  const deadLetters = db.prepare(
    `SELECT max(seq) AS newest FROM delivery
     WHERE webhook = ? AND status = ${STATUS.dead} AND event > ? GROUP BY event ORDER BY event LIMIT ?`,
  );
  const deadLetter = db.prepare(
    `SELECT max(seq) AS newest FROM delivery d
     WHERE ${OF_EVENT} AND webhook = ? AND status IN (${STATUS.dead}, ${STATUS.acknowledged})`,
  );
  const acknowledgeEvent = db.prepare(
    `UPDATE delivery SET status = ${STATUS.acknowledged}, acknowledged_at = ?
     WHERE webhook = ? AND status = ${STATUS.dead} AND event = (SELECT seq FROM event WHERE account = ? AND id = ?)`,
  );

  const toDelivery = (row: DeliveryRow): Delivery => {
    const last = row.last === null ? null : readAttempt(row.attempts_made, row.last);
    return {
      seq: row.seq,
      id: deliveryId(row.seq),
      webhook: row.webhook,
      webhookId: row.webhook_id,
      url: row.url,
      eventId: row.event_id,
      eventType: row.event_type,
      status: inFlight.has(row.seq) ? 'in_flight' : (NAMES.get(row.status) ?? 'pending'),
      attemptsMade: row.attempts_made,
      createdAt: row.created_at,
      dueAt: row.due_at,
      settledAt: row.settled_at,
      acknowledgedAt: row.acknowledged_at,
      redeliveryOf: row.redelivery_of === null ? null : deliveryId(row.redelivery_of),
      signature: row.signature ?? 'valid',
      lastOutcome: last?.outcome ?? null,
      lastError: last?.error ?? null,
      lastStatusCode: last?.response?.status ?? null,
    };
  };

  const rowOf = (seq: number): DeliveryRow | null =>
    (oneDelivery.get(seq) as unknown as DeliveryRow | undefined) ?? null;

  /** Values for {@link OF_EVENT}; those of no event match nothing. */
  const ofEvent = (account: AccountKey, id: string): [number, number, number] => {
    const range = rangeOf.get(account, id) as unknown as EventRange | undefined;
    return range === undefined ? [0, 0, 0] : [range.first, range.past, range.seq];
  };

  const letterOf = (seq: number | null): DeadLetter | null => {
    const row = seq === null ? null : rowOf(seq);
    if (row === null) return null;
    const event: StoredEvent = {
      id: row.event_id,
      type: row.event_type,
      createdAt: row.event_created_at,
      body: row.event_body,
    };
    return { seq: row.event, event, delivery: toDelivery(row) };
  };

  /** SQL conditions for a filter, and their values. */
  const conditions = (account: AccountKey, filter: DeliveryFilter): [string[], SQLInputValue[]] => {
    const where = ['d.seq > ?'];
    const values: SQLInputValue[] = [rowKey(account, 0)];
    const add = (condition: string, ...more: SQLInputValue[]): void => {
      where.push(condition);
      values.push(...more);
    };
    const { status, event, eventId, webhookId } = filter;
    const flying = JSON.stringify(
      status === 'in_flight' || status === 'pending' ? inFlight.of(account) : [],
    );
    if (status === 'in_flight') add('d.seq IN (SELECT value FROM json_each(?))', flying);
    else if (status !== undefined) {
      add('d.status = ?', STATUS[status]);
      // What was claimed from the queue is pending on disk.
      if (status === 'pending') add('d.seq NOT IN (SELECT value FROM json_each(?))', flying);
    }
    if (event !== undefined) add('e.type = ?', event);
    if (webhookId !== undefined) add('w.id = ?', webhookId);
    if (eventId !== undefined) add(OF_EVENT, ...ofEvent(account, eventId));

    return [where, values];
  };

  const history: History = {
    tally: (account) => {
      const known = tallies.get(account);
      if (known !== undefined) return known;
      const tally = emptyTally();
      for (const { status, n } of countStatuses.all(
        rowKey(account, 0),
        rowKey(account + 1, 0),
      ) as unknown as {
        status: number;
        n: number;
      }[]) {
        // Until it is written otherwise, what is in flight counts as pending.
        tally[status === STATUS.in_flight ? 'pending' : (NAMES.get(status) ?? 'pending')] += n;
      }
      tallies.set(account, tally);
      return tally;
    },
    forget: (account) => tallies.delete(account),

    listEvents: async (account, { event }, { limit, after }) => {
      const type = event === undefined ? '' : 'AND type = :event';
      return db
        .prepare(
          `SELECT seq, id, type, created_at AS createdAt, body FROM event
           WHERE seq > :from AND seq < :after ${type} ORDER BY seq DESC LIMIT :limit`,
        )
        .all({
          from: rowKey(account, 0),
          after: before(account, after),
          limit,
          ...(event === undefined ? {} : { event }),
        }) as unknown as EventRow[];
    },
    getEvent: async (account, id) =>
      (oneEvent.get(account, id) as unknown as EventRow | undefined) ?? null,

    listDeliveries: async (account, filter, { limit, after }) => {
      const [where, values] = conditions(account, filter);
      const sql = `${SELECT_DELIVERY} WHERE ${where.join(' AND ')} AND d.seq < ? ORDER BY d.seq DESC LIMIT ?`;
      const rows = db.prepare(sql).all(...values, before(account, after), limit);
      return (rows as unknown as DeliveryRow[]).map(toDelivery);
    },
    getDelivery: async (account, id) => {
      const key = deliveryKey(account, id);
      const row = key === null ? null : rowOf(key);
      if (row === null) return null;
      const attempts = attemptsOf.all(row.seq) as unknown as { number: number; record: string }[];
      return {
        ...toDelivery(row),
        body: row.body ?? row.event_body,
        attempts: attempts.map(({ number, record }) => readAttempt(number, record)),
      };
    },

    listDeadLetters: async (_account, webhook, { limit, after }) => {
      const rows = deadLetters.all(webhook, after ?? 0, limit) as unknown as { newest: number }[];
      return rows.flatMap(({ newest }) => letterOf(newest) ?? []);
    },
    getDeadLetter: async (account, webhook, eventId) => {
      const { newest } = deadLetter.get(...ofEvent(account, eventId), webhook) as unknown as {
        newest: number | null;
      };
      return letterOf(newest);
    },
    acknowledge: async (account, webhook, eventId, now) => {
      const changes = Number(acknowledgeEvent.run(now, webhook, account, eventId).changes);
      const tally = history.tally(account);
      tally.dead -= changes;
      tally.acknowledged += changes;
      return history.getDeadLetter(account, webhook, eventId);
    },
  };
  return history;
};
