/**
 * One account as a snapshot: the rows that a file would hold.
 *
 * @module
 */
import { nextTurn } from '../../domain/event-loop.ts';
import { writeAttempt } from '../rows/attempt-record.ts';
import { DUMP_VERSION, type RowOf, type TableName } from '../rows/columns.ts';
import { STATUS } from '../rows/status.ts';
import { createSlicer } from '../rows/dump-slices.ts';
import type { AccountExport, DumpRow, DumpSlice, StoredCommand } from '../store.ts';
import type {
  AccountRecord,
  AnswerRecord,
  DeliveryRecord,
  EventRecord,
  Home,
  WebhookRecord,
} from './records.ts';

const webhookRow = ({ webhook, deletedAt }: WebhookRecord): RowOf<'webhook'> => ({
  key: webhook.key,
  id: webhook.id,
  url: webhook.url,
  events: JSON.stringify(webhook.events),
  secret: webhook.secret,
  status: webhook.status,
  created_at: webhook.createdAt,
  deleted_at: deletedAt,
});

const eventRow = (event: EventRecord): RowOf<'event'> => ({
  seq: event.number,
  id: event.id,
  type: event.type,
  created_at: event.createdAt,
  body: event.body,
  first_delivery: event.firstDelivery,
  deliveries: event.deliveries,
});

const deliveryRow = (delivery: DeliveryRecord): RowOf<'delivery'> => ({
  seq: delivery.number,
  event: delivery.event.number,
  webhook: delivery.webhook.webhook.key,
  // What is in flight is lost with the process that sent it: it waits again wherever it is loaded.
  status: STATUS[delivery.status === 'in_flight' ? 'pending' : delivery.status],
  attempts_made: delivery.attemptsMade,
  created_at: delivery.createdAt,
  due_at: delivery.dueAt,
  settled_at: delivery.settledAt,
  acknowledged_at: delivery.acknowledgedAt,
  redelivery_of: delivery.redeliveryOf,
  signature: delivery.signature,
  body: delivery.body,
});

const attemptRows = ({ number: delivery, attempts }: DeliveryRecord): RowOf<'attempt'>[] =>
  attempts.map((attempt, index) => ({
    delivery,
    number: index + 1,
    record: writeAttempt(attempt, attempt.nextAttemptAt),
  }));

/** A table's rows, made one after the other. */
type Rows = readonly [table: TableName, rows: Iterable<DumpRow>];

function* mapped<From>(list: Iterable<From>, row: (one: From) => DumpRow): Iterable<DumpRow> {
  for (const one of list) yield row(one);
}

function* attemptsOf(deliveries: readonly DeliveryRecord[]): Iterable<DumpRow> {
  for (const delivery of deliveries) yield* attemptRows(delivery);
}

const commandRow = ({ at, emitted, body }: StoredCommand, index: number): RowOf<'command'> => ({
  number: index + 1,
  done_at: at,
  emitted,
  body,
});

const answerRow = ([key, answer]: readonly [string, AnswerRecord]): RowOf<'answer'> => ({
  key,
  request_hash: answer.requestHash,
  status: answer.status,
  body: answer.body,
  remembered_at: answer.rememberedAt,
});

const tablesOf = (home: Home): readonly Rows[] => [
  ['webhook', mapped(home.webhooks.values(), webhookRow)],
  ['event', mapped(home.events, eventRow)],
  ['delivery', mapped(home.deliveries, deliveryRow)],
  ['attempt', attemptsOf(home.deliveries)],
  ['command', home.commands.map(commandRow)],
  ['progress', home.emitted === 0 ? [] : [{ emitted: home.emitted }]],
  ['answer', mapped(home.answers, answerRow)],
];

async function* slicesOf(home: Home): AsyncGenerator<DumpSlice, void, undefined> {
  for (const [table, rows] of tablesOf(home)) {
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

export const exportOf = ({ account, home }: AccountRecord): AccountExport => ({
  version: DUMP_VERSION,
  seed: account.seed,
  opens: account.opens,
  clock: { ...account.clock },
  slices: slicesOf(home),
});
