/**
 * One account as a snapshot: the rows that a file would hold.
 *
 * @module
 */
import { writeAttempt } from '../rows/attempt-record.ts';
import { DUMP_VERSION, type RowOf } from '../rows/columns.ts';
import { STATUS } from '../rows/status.ts';
import type { AccountDump } from '../store.ts';
import { checkCountsFit, createSizeCheck } from '../rows/dump-size.ts';
import type { AccountRecord, DeliveryRecord, EventRecord, Home, WebhookRecord } from './records.ts';

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

/** @throws {SnapshotTooLarge} */
const checkSize = ({ events, deliveries }: Home): void => {
  checkCountsFit(events.length, deliveries.length);
  const add = createSizeCheck();
  for (const { body } of events) add({ body });
  for (const { body } of deliveries) add({ body });
};

export const dumpOf = ({ account, home }: AccountRecord): AccountDump => {
  checkSize(home);
  return {
    version: DUMP_VERSION,
    seed: account.seed,
    opens: account.opens,
    clock: { ...account.clock },
    tables: {
      webhook: [...home.webhooks.values()].map(webhookRow),
      event: home.events.map(eventRow),
      delivery: home.deliveries.map(deliveryRow),
      attempt: home.deliveries.flatMap(attemptRows),
      command: home.commands.map(({ at, emitted, body }, index): RowOf<'command'> => ({
        number: index + 1,
        done_at: at,
        emitted,
        body,
      })),
      progress: home.emitted === 0 ? [] : [{ emitted: home.emitted } satisfies RowOf<'progress'>],
      answer: [...home.answers].map(
        ([key, { requestHash, status, body, rememberedAt }]): RowOf<'answer'> => ({
          key,
          request_hash: requestHash,
          status,
          body,
          remembered_at: rememberedAt,
        }),
      ),
    },
  };
};
