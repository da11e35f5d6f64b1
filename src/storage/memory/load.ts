/**
 * A snapshot as what an account has: looked through and built as a whole before anything of the account is replaced.
 *
 * @module
 */
import type { AccountKey, SignatureMode, StoredEvent, Webhook } from '../../domain/delivery.ts';
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import { readAttempts } from '../rows/attempt-record.ts';
import type { RowOf, TableName } from '../rows/columns.ts';
import { attemptsIn } from '../rows/dump-attempts.ts';
import { snapshotMisfit as misfit } from '../../domain/snapshot-error.ts';
import { NAMES } from '../rows/status.ts';
import type { AccountDump } from '../store.ts';
import { addDead } from './dead-letters.ts';
import {
  createHome,
  createWebhookRecord,
  settle,
  type DeliveryRecord,
  type EventRecord,
  type Home,
  type WebhookRecord,
} from './records.ts';

function* rowsOf<Name extends TableName>(
  { tables }: AccountDump,
  name: Name,
): Iterable<readonly [row: RowOf<Name>, where: string]> {
  for (const [index, row] of (tables[name] ?? []).entries()) {
    yield [row as unknown as RowOf<Name>, `tables.${name}[${index}]`];
  }
}

/** Adds what must not be there yet. */
const addOnce = <Key, Value>(map: Map<Key, Value>, key: Key, value: Value, where: string): void => {
  if (map.has(key)) throw misfit(where, `cannot be kept (${String(key)} is there already)`);
  map.set(key, value);
};

/** What another row's key stands for. */
const named = <Value>(
  map: ReadonlyMap<number, Value>,
  key: number,
  what: TableName,
  where: string,
): Value => {
  const value = map.get(key);
  if (value === undefined) throw misfit(where, `names a ${what} ${key} that is not in it`);
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

const toEvent = (row: RowOf<'event'>): EventRecord => ({
  number: row.seq,
  id: row.id,
  type: row.type as StoredEvent['type'],
  createdAt: row.created_at,
  body: row.body,
  firstDelivery: row.first_delivery,
  deliveries: row.deliveries,
  again: null,
});

const toDelivery = (
  row: RowOf<'delivery'>,
  event: EventRecord,
  webhook: WebhookRecord,
  attempts: string | null,
): DeliveryRecord => ({
  number: row.seq,
  event,
  webhook,
  status: NAMES.get(row.status) ?? 'pending',
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

/** Puts a delivery where it is looked for: queue, dead letters, its event's list, the counts. */
const place = (home: Home, delivery: DeliveryRecord): void => {
  const { event, webhook, status } = delivery;
  home.deliveries.push(delivery);
  home.tally[status] += 1;
  if (delivery.redeliveryOf !== null) (event.again ??= []).push(delivery);
  if (status === 'dead') addDead(webhook, event);
  if (status !== 'pending') return;
  // It was in flight when its webhook went.
  if (webhook.deletedAt !== null) settle(delivery, 'cancelled', webhook.deletedAt);
  else webhook.due.push(delivery);
};

/**
 * @param dump whose rows have been checked
 * @param newKey a webhook's key that nobody has
 * @throws {SnapshotError}
 */
export const homeFrom = async (
  dump: AccountDump,
  account: AccountKey,
  newKey: () => number,
): Promise<Home> => {
  const isEnough = createPace();
  const home = createHome(account);
  const attempts = await attemptsIn(dump);
  const webhooks = new Map<number, WebhookRecord>();
  for (const [row, where] of rowsOf(dump, 'webhook')) {
    if (isEnough(0)) await nextTurn();
    const record = createWebhookRecord(home, toWebhook(row, account, newKey()), row.deleted_at);
    webhooks.set(row.key, record);
    addOnce(home.webhooks, row.id, record, where);
  }
  const events = new Map<number, EventRecord>();
  for (const [row, where] of rowsOf(dump, 'event')) {
    if (isEnough(0)) await nextTurn();
    const event = toEvent(row);
    addOnce(events, row.seq, event, where);
    addOnce(home.eventsById, row.id, event, where);
  }
  const deliveries = new Map<number, DeliveryRecord>();
  for (const [row, where] of rowsOf(dump, 'delivery')) {
    if (isEnough(0)) await nextTurn();
    const event = named(events, row.event, 'event', where);
    const webhook = named(webhooks, row.webhook, 'webhook', where);
    if (row.redelivery_of !== null) named(deliveries, row.redelivery_of, 'delivery', where);
    const delivery = toDelivery(row, event, webhook, attempts.get(row.seq) ?? null);
    addOnce(deliveries, row.seq, delivery, where);
  }
  const answers = [...rowsOf(dump, 'answer')].toSorted(
    ([a], [b]) => a.remembered_at - b.remembered_at,
  );
  for (const [{ key, request_hash: requestHash, status, body, remembered_at }, where] of answers) {
    addOnce(home.answers, key, { requestHash, status, body, rememberedAt: remembered_at }, where);
  }
  const commands = [...rowsOf(dump, 'command')].map(([row]) => row);
  for (const { done_at: at, emitted, body } of commands.toSorted(byNumber)) {
    home.commands.push({ at, emitted, body });
  }
  for (const [{ emitted }] of rowsOf(dump, 'progress')) home.emitted = emitted;
  for (const event of [...events.values()].toSorted(byNumber)) home.events.push(event);
  await nextTurn();
  for (const delivery of [...deliveries.values()].toSorted(byNumber)) {
    if (isEnough(0)) await nextTurn();
    place(home, delivery);
  }
  home.nextEvent = (home.events.at(-1)?.number ?? 0) + 1;
  home.nextDelivery = (home.deliveries.at(-1)?.number ?? 0) + 1;
  return home;
};
