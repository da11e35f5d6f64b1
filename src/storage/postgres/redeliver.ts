/**
 * Creates redeliveries, and returns claims without an attempt.
 *
 * @module
 */
import { deliveryKey, rowAccount, rowKey, rowNumber } from '../../domain/delivery-id.ts';
import { afterRelease } from '../../domain/delivery-transitions.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { QueueStore } from '../store.ts';
import type { Context } from './context.ts';
import { deliveryRow, toDelivery } from './delivery-rows.ts';
import { groupBy } from './group-by.ts';
import { numbers, run, statement } from '../../postgres/session.ts';
import { writeText } from './text.ts';

const INSERT = statement(
  `INSERT INTO delivery (part, seq, event, webhook, status, attempts_made, created_at, due_at, redelivery_of, signature, body)
   SELECT part, $2, event, webhook, ${STATUS_CODES.pending}, 0, $4, $4, seq, $5, coalesce($6, body)
   FROM delivery WHERE part = $1 AND seq = $3
     AND EXISTS (SELECT 1 FROM webhook w WHERE w.key = delivery.webhook AND w.deleted_at IS NULL)`,
);
const TAKE_NUMBER = statement('UPDATE part SET next_delivery = $2 WHERE part = $1');
const CANCEL = statement(
  `UPDATE delivery d SET status = ${STATUS_CODES.cancelled}, due_at = NULL, settled_at = r.at
   FROM unnest($2::bigint[], $3::bigint[]) AS r (seq, at) WHERE d.part = $1 AND d.seq = r.seq`,
);

export const createRedeliver =
  ({ change }: Context): QueueStore['redeliver'] =>
  async (account, { of, body, signature, dueAt }) => {
    const key = deliveryKey(account, of);
    if (key === null) return null;
    return change(account, async ({ session, state, count, afterCommit }) => {
      const { part, nextDelivery: seq, flights } = state;
      const text = body === null ? null : writeText(body);
      const values = [part, seq, rowNumber(key), dueAt, signature, text];
      if ((await run(session, INSERT, values)) === 0) return null;
      await run(session, TAKE_NUMBER, [part, seq + 1]);
      await count({ pending: 1 });
      afterCommit(() => {
        state.nextDelivery = seq + 1;
      });
      const row = await deliveryRow(session, part, seq);
      return row && toDelivery(account, row, { part, claimed: flights.all, flights });
    });
  };

export const createRelease =
  ({ change, states }: Context): QueueStore['release'] =>
  async (deliveries) => {
    for (const [account, keys] of groupBy(deliveries, rowAccount)) {
      // Nothing is in flight of an account that was never used, or that another node owns.
      if (states.peek(account) === undefined) continue;
      await change(account, async ({ session, state, count, afterCommit }) => {
        const { flights, part } = state;
        const released = keys.flatMap((key) => {
          const seq = key - rowKey(account, 0);
          const flight = flights.all.get(seq);
          if (flight === undefined) return [];
          // The row is pending on disk and keeps its due time, which is therefore not needed here.
          return [{ seq, update: afterRelease(null, flights.webhookDeletedAt(flight.webhook)) }];
        });
        const cancelled = released.filter(({ update }) => update.status === 'cancelled');
        if (cancelled.length > 0) {
          const seqs = numbers(cancelled.map(({ seq }) => seq));
          const times = numbers(cancelled.map(({ update }) => update.settledAt));
          await run(session, CANCEL, [part, seqs, times]);
          await count({ pending: -cancelled.length, cancelled: cancelled.length });
        }
        afterCommit(() => {
          for (const { seq } of released) flights.remove(seq);
        });
      });
    }
  };
