/**
 * Builds an account's data from a snapshot, as a whole, before anything of the account is replaced.
 *
 * @module
 */
import type { AccountKey, SignatureMode, StoredEvent, Webhook } from '../../domain/delivery.ts';
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import { readAttempts } from '../rows/attempt-record.ts';
import type { RowOf, TableName } from '../rows/columns.ts';
import { attemptsIn } from '../rows/dump-attempts.ts';
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

function* rowsOf<Name extends TableName>(
  { tables }: AccountDump,
  name: Name,
): Iterable<readonly [row: RowOf<Name>, where: string]> {
  for (const [index, row] of (tables[name] ?? []).entries()) {
    yield [row as unknown as RowOf<Name>, `tables.${name}[${index}]`];
  }
}

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
  const attempts = await attemptsIn(dump);
  const webhooks = new Map<number, WebhookEntry>();
  for (const [row, where] of rowsOf(dump, 'webhook')) {
    if (isSliceDone(0)) await nextTurn();
    const entry = createWebhookEntry(data, toWebhook(row, account, newKey()), row.deleted_at);
    webhooks.set(row.key, entry);
    addUnique(data.webhooks, row.id, entry, where);
  }
  const events = new Map<number, EventEntry>();
  for (const [row, where] of rowsOf(dump, 'event')) {
    if (isSliceDone(0)) await nextTurn();
    const event = toEvent(row);
    addUnique(events, row.seq, event, where);
    addUnique((data.eventsById ??= new Map()), row.id, event, where);
  }
  const deliveries = new Map<number, DeliveryEntry>();
  for (const [row, where] of rowsOf(dump, 'delivery')) {
    if (isSliceDone(0)) await nextTurn();
    const event = resolve(events, row.event, 'event', where);
    const webhook = resolve(webhooks, row.webhook, 'webhook', where);
    if (row.redelivery_of !== null) resolve(deliveries, row.redelivery_of, 'delivery', where);
    const delivery = toDelivery(row, event, webhook, attempts.get(row.seq) ?? null);
    addUnique(deliveries, row.seq, delivery, where);
  }
  const responses = [...rowsOf(dump, 'answer')].toSorted(
    ([a], [b]) => a.remembered_at - b.remembered_at,
  );
  for (const [
    { key, request_hash: requestHash, status, body, remembered_at },
    where,
  ] of responses) {
    addUnique(
      (data.responses ??= new Map()),
      key,
      { requestHash, status, body, storedAt: remembered_at },
      where,
    );
  }
  const commands = [...rowsOf(dump, 'command')].map(([row]) => row);
  for (const { done_at: at, emitted, body } of commands.toSorted(byNumber)) {
    data.commands.push({ at, emitted, body });
  }
  for (const [{ emitted }] of rowsOf(dump, 'progress')) data.emitted = emitted;
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
