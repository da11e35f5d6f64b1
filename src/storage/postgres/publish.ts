/**
 * Inserts events and their deliveries: all of a call, or none.
 *
 * @module
 */
import type { AccountKey } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import type { NewEvent, PublishResult, QueueStore } from '../store.ts';
import type { AccountState, Flight } from './account-states.ts';
import type { PartChange, Rows } from './commit-statement.ts';
import type { Write } from './group-commit.ts';
import { CODE, codeOf } from '../../postgres/result-codes.ts';
import { all, statement, type Session } from '../../postgres/session.ts';

const EXISTING = statement('SELECT id FROM event WHERE part = $1 AND id = ANY ($2)');

/** The first id that exists already or occurs twice in `events`. */
const firstDuplicate = async (
  session: Session,
  part: number,
  events: readonly NewEvent[],
): Promise<string | undefined> => {
  const ids = events.map(({ event }) => event.id);
  const rows = await all<{ id: string }>(session, EXISTING, [part, ids]);
  const existing = new Set(rows.map(({ id }) => id));
  const seen = new Set<string>();
  return ids.find((id) => existing.has(id) || seen.size === seen.add(id).size);
};

/** Adds the rows of one call. @returns the keys of the deliveries, and those in flight */
const addRows = (
  account: AccountKey,
  events: readonly NewEvent[],
  change: PartChange,
  rows: Rows,
): { keys: number[]; flights: (readonly [number, Flight])[] } => {
  const { part } = change;
  const keys: number[] = [];
  const flights: (readonly [number, Flight])[] = [];
  for (const { event, deliveries } of events) {
    const seq = change.nextEvent++;
    rows.events.part.push(part);
    rows.events.seq.push(seq);
    rows.events.id.push(event.id);
    rows.events.type.push(event.type);
    rows.events.createdAt.push(event.createdAt);
    rows.events.body.push(event.body);
    rows.events.firstDelivery.push(change.nextDelivery);
    rows.events.deliveries.push(deliveries.length);
    for (const { webhook, dueAt, claimed } of deliveries) {
      const delivery = change.nextDelivery++;
      keys.push(rowKey(account, delivery));
      rows.deliveries.part.push(part);
      rows.deliveries.seq.push(delivery);
      rows.deliveries.event.push(seq);
      rows.deliveries.webhook.push(webhook);
      rows.deliveries.createdAt.push(event.createdAt);
      rows.deliveries.dueAt.push(dueAt);
      if (claimed) flights.push([delivery, { webhook, attempt: 1 }]);
    }
  }
  change.more.events += events.length;
  change.more.pending += keys.length;
  return { keys, flights };
};

const weightOf = (events: readonly NewEvent[]): number =>
  events.reduce(
    (sum, { event, deliveries }) => sum + event.body.length + 500 * (1 + deliveries.length),
    0,
  );

export const createPublish =
  (join: (write: Write) => void): QueueStore['publish'] =>
  (account, events, emitted) =>
    new Promise<PublishResult>((resolve, fail) => {
      join({
        account,
        weight: weightOf(events),
        fail,
        refuse: fail,
        prepare: (state: AccountState, change, rows) => {
          const { keys, flights } = addRows(account, events, change, rows);
          if (emitted !== undefined) change.emitted = emitted;
          return () => {
            for (const [delivery, flight] of flights) state.flights.add(delivery, flight);
            resolve({ duplicateId: null, deliveries: keys });
          };
        },
        reject: async (session, { part }, error) => {
          const isDuplicate = codeOf(error) === CODE.uniqueViolation;
          const duplicateId = isDuplicate ? await firstDuplicate(session, part, events) : undefined;
          if (duplicateId !== undefined) resolve({ duplicateId });
          else fail(error instanceof Error ? error : new Error(String(error)));
        },
      });
    });
