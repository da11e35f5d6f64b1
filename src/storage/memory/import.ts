/**
 * Builds an account's data from a snapshot, as a whole, before anything of the account is replaced.
 *
 * @module
 */
import type { AccountKey, SignatureMode, StoredEvent, Webhook } from '../../domain/delivery.ts';
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import { readAttempts } from '../rows/attempt-record.ts';
import type { RowOf, TableName } from '../rows/columns.ts';
import { openAttempts } from '../rows/dump-attempts.ts';
import { placedSlicesOf } from '../../domain/sliced-list.ts';
import { invalidSnapshot } from '../../domain/snapshot-error.ts';
import { STATUS_NAMES } from '../rows/status.ts';
import type { AccountDump } from '../store.ts';
import { addDeadEvent } from './dead-letters.ts';
import {
  createAccountData,
  createWebhookEntry,
  returnToQueue,
  type DeliveryEntry,
  type EventEntry,
  type AccountData,
  type WebhookEntry,
} from './entries.ts';

type Placed<Row> = readonly [row: Row, where: string];

async function* rowsOf<Name extends TableName>(
  { tables }: AccountDump,
  name: Name,
): AsyncGenerator<Placed<RowOf<Name>>, void, undefined> {
  const isSliceDone = createPace();
  for await (const { from, items } of placedSlicesOf(tables[name] ?? [])) {
    for (const [index, row] of items.entries()) {
      if (isSliceDone(0)) await nextTurn();
      yield [row as unknown as RowOf<Name>, `tables.${name}[${from + index}]`];
    }
  }
}

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};

/** Adds an entry whose key must be unique. */
const addUnique = <Key, Value>(
  map: Map<Key, Value>,
  key: Key,
  value: Value,
  where: string,
): void => {
  if (map.has(key)) throw invalidSnapshot(where, `repeats ${String(key)}, which must be unique`);
  map.set(key, value);
};

/** Resolves a reference to a row of another table. */
const resolve = <Value>(
  map: ReadonlyMap<number, Value>,
  key: number,
  table: TableName,
  where: string,
): Value => {
  const value = map.get(key);
  if (value === undefined)
    throw invalidSnapshot(where, `refers to ${table} ${key}, which the snapshot does not contain`);
  return value;
};

const byNumber = (a: { readonly number: number }, b: { readonly number: number }): number =>
  a.number - b.number;

const toWebhook = (row: RowOf<'webhook'>, account: AccountKey, key: number): Webhook => ({
  key,
  account,
  id: row.id,
  url: row.url,
  events: JSON.parse(row.events) as Webhook['events'],
  secret: row.secret,
  status: row.status as Webhook['status'],
  createdAt: row.created_at,
});

const toEvent = (row: RowOf<'event'>): EventEntry => ({
  number: row.seq,
  id: row.id,
  type: row.type as StoredEvent['type'],
  createdAt: row.created_at,
  body: row.body,
  firstDelivery: row.first_delivery,
  deliveries: row.deliveries,
  redeliveries: null,
});

const toDelivery = (
  row: RowOf<'delivery'>,
  event: EventEntry,
  webhook: WebhookEntry,
  attempts: string | null,
): DeliveryEntry => ({
  number: row.seq,
  event,
  webhook,
  status: STATUS_NAMES.get(row.status) ?? 'pending',
  attemptsMade: row.attempts_made,
  createdAt: row.created_at,
  dueAt: row.due_at,
  settledAt: row.settled_at,
  acknowledgedAt: row.acknowledged_at,
  redeliveryOf: row.redelivery_of,
  signature: row.signature as SignatureMode | null,
  body: row.body,
  attempts: readAttempts(attempts),
});

/** Adds a delivery to the lists and counts from which it is found. */
const addDelivery = (data: AccountData, delivery: DeliveryEntry): void => {
  const { event, webhook, status } = delivery;
  data.deliveries.push(delivery);
  data.tally[status] += 1;
  if (delivery.redeliveryOf !== null) (event.redeliveries ??= []).push(delivery);
  if (status === 'dead') addDeadEvent(webhook, event);
  if (status === 'pending') returnToQueue(delivery);
};

const addResponses = async (data: AccountData, dump: AccountDump): Promise<void> => {
  const rows = await collect(rowsOf(dump, 'answer'));
  if (rows.length === 0) return;
  const responses = (data.responses ??= new Map());
  for (const [row, where] of rows.toSorted(([a], [b]) => a.remembered_at - b.remembered_at)) {
    const { key, request_hash: requestHash, status, body, remembered_at: storedAt } = row;
    addUnique(responses, key, { requestHash, status, body, storedAt }, where);
  }
};

/**
 * Builds an account's data.
 *
 * @param dump a snapshot whose rows have been checked
 * @param newKey returns an unused webhook key
 * @throws {SnapshotError} if a key occurs twice or a reference leads nowhere
 */
export const dataFromSnapshot = async (
  dump: AccountDump,
  account: AccountKey,
  newKey: () => number,
): Promise<AccountData> => {
  const isSliceDone = createPace();
  const data = createAccountData(account);
  const attempts = await openAttempts(dump);
  const webhooks = new Map<number, WebhookEntry>();
  for await (const [row, where] of rowsOf(dump, 'webhook')) {
    const entry = createWebhookEntry(data, toWebhook(row, account, newKey()), row.deleted_at);
    webhooks.set(row.key, entry);
    addUnique(data.webhooks, row.id, entry, where);
  }
  const events = new Map<number, EventEntry>();
  for await (const [row, where] of rowsOf(dump, 'event')) {
    const event = toEvent(row);
    addUnique(events, row.seq, event, where);
    addUnique((data.eventsById ??= new Map()), row.id, event, where);
  }
  const deliveries = new Map<number, DeliveryEntry>();
  for await (const [row, where] of rowsOf(dump, 'delivery')) {
    const event = resolve(events, row.event, 'event', where);
    const webhook = resolve(webhooks, row.webhook, 'webhook', where);
    if (row.redelivery_of !== null) resolve(deliveries, row.redelivery_of, 'delivery', where);
    if (!attempts.isReady(row.seq)) await attempts.load(row.seq);
    const delivery = toDelivery(row, event, webhook, attempts.take(row.seq));
    addUnique(deliveries, row.seq, delivery, where);
  }
  await addResponses(data, dump);
  const commands = (await collect(rowsOf(dump, 'command'))).map(([row]) => row);
  for (const { done_at: at, emitted, body } of commands.toSorted(byNumber)) {
    data.commands.push({ at, emitted, body });
  }
  for await (const [{ emitted }] of rowsOf(dump, 'progress')) data.emitted = emitted;
  for (const event of [...events.values()].toSorted(byNumber)) data.events.push(event);
  await nextTurn();
  for (const delivery of [...deliveries.values()].toSorted(byNumber)) {
    if (isSliceDone(0)) await nextTurn();
    addDelivery(data, delivery);
  }
  data.nextEvent = (data.events.at(-1)?.number ?? 0) + 1;
  data.nextDelivery = (data.deliveries.at(-1)?.number ?? 0) + 1;
  return data;
};
