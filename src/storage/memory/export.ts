/**
 * Exports an account as a snapshot, with the rows that a database file would hold.
 *
 * @module
 */
import { nextTurn } from '../../domain/event-loop.ts';
import { writeAttempt } from '../rows/attempt-record.ts';
import { DUMP_VERSION, type RowOf, type TableName } from '../rows/columns.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { createSlicer } from '../rows/dump-slices.ts';
import type { AccountExport, DumpRow, DumpSlice, StoredCommand } from '../store.ts';
import type {
  AccountEntry,
  ResponseEntry,
  DeliveryEntry,
  EventEntry,
  AccountData,
  WebhookEntry,
} from './entries.ts';

const webhookRow = ({ webhook, deletedAt }: WebhookEntry): RowOf<'webhook'> => ({
  key: webhook.key,
  id: webhook.id,
  url: webhook.url,
  events: JSON.stringify(webhook.events),
  secret: webhook.secret,
  status: webhook.status,
  created_at: webhook.createdAt,
  deleted_at: deletedAt,
});

const eventRow = (event: EventEntry): RowOf<'event'> => ({
  seq: event.number,
  id: event.id,
  type: event.type,
  created_at: event.createdAt,
  body: event.body,
  first_delivery: event.firstDelivery,
  deliveries: event.deliveries,
});

const deliveryRow = (delivery: DeliveryEntry): RowOf<'delivery'> => ({
  seq: delivery.number,
  event: delivery.event.number,
  webhook: delivery.webhook.webhook.key,
  // An attempt in flight cannot be continued elsewhere, so the delivery is exported as pending.
  status: STATUS_CODES[delivery.status === 'in_flight' ? 'pending' : delivery.status],
  attempts_made: delivery.attemptsMade,
  created_at: delivery.createdAt,
  due_at: delivery.dueAt,
  settled_at: delivery.settledAt,
  acknowledged_at: delivery.acknowledgedAt,
  redelivery_of: delivery.redeliveryOf,
  signature: delivery.signature,
  body: delivery.body,
});

const attemptRows = ({ number: delivery, attempts }: DeliveryEntry): RowOf<'attempt'>[] =>
  attempts.map((attempt, index) => ({
    delivery,
    number: index + 1,
    record: writeAttempt(attempt, attempt.nextAttemptAt),
  }));

/** Rows of a table, created while they are iterated. */
type TableRows = readonly [table: TableName, rows: Iterable<DumpRow>];

function* mapped<Entry>(
  entries: Iterable<Entry>,
  toRow: (entry: Entry) => DumpRow,
): Iterable<DumpRow> {
  for (const entry of entries) yield toRow(entry);
}

function* attemptsOf(deliveries: readonly DeliveryEntry[]): Iterable<DumpRow> {
  for (const delivery of deliveries) yield* attemptRows(delivery);
}

const commandRow = ({ at, emitted, body }: StoredCommand, index: number): RowOf<'command'> => ({
  number: index + 1,
  done_at: at,
  emitted,
  body,
});

const answerRow = ([key, response]: readonly [string, ResponseEntry]): RowOf<'answer'> => ({
  key,
  request_hash: response.requestHash,
  status: response.status,
  body: response.body,
  remembered_at: response.storedAt,
});

const tablesOf = (data: AccountData): readonly TableRows[] => [
  ['webhook', mapped(data.webhooks.values(), webhookRow)],
  ['event', mapped(data.events, eventRow)],
  ['delivery', mapped(data.deliveries, deliveryRow)],
  ['attempt', attemptsOf(data.deliveries)],
  ['command', data.commands.map(commandRow)],
  ['progress', data.emitted === 0 ? [] : [{ emitted: data.emitted }]],
  ['answer', mapped(data.responses ?? [], answerRow)],
];

async function* slicesOf(data: AccountData): AsyncGenerator<DumpSlice, void, undefined> {
  for (const [table, rows] of tablesOf(data)) {
    let slice = createSlicer();
    for (const row of rows) {
      if (!slice.add([row])) continue;
      yield { table, rows: slice.rows };
      await nextTurn();
      slice = createSlicer();
    }
    yield { table, rows: slice.rows };
  }
}

export const exportOf = ({ account, data }: AccountEntry): AccountExport => ({
  version: DUMP_VERSION,
  seed: account.seed,
  opens: account.opens,
  clock: { ...account.clock },
  slices: slicesOf(data),
});
