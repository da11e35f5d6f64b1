/**
 * `dead-letters`: events that could not be delivered, across all webhooks of the account.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import { ApiError } from '../../client/api-error.ts';
import type { Client } from '../../client/create-client.ts';
import type { FailedEvent } from '../../../schemas/control.ts';
import type { Delivery, DeliveryDetail } from '../../../schemas/sandbox.ts';
import { connect, type SandboxOptions } from '../connect.ts';
import { examples } from '../help.ts';
import { apiKeyOption, jsonOption, limitOption, sandboxUrlOption } from '../options.ts';
import { commandLine, quoted } from '../output/command-line.ts';
import { leadOf } from '../../deliveries/lead.ts';
import { fittedTable, harmless } from '../output/table.ts';
import { take } from '../take.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { waitForAll } from '../wait.ts';

const webhookOption = () => new Option('--webhook <id>', 'only dead letters of this webhook');

/** The webhook given by --webhook, or all of the account. */
const webhookIds = async (
  client: Client,
  webhook: string | undefined,
  { signal }: Terminal,
): Promise<readonly string[]> =>
  webhook === undefined ? (await client.webhooks.list({ signal })).map(({ id }) => id) : [webhook];

type Listed = FailedEvent & { readonly webhook_id: string };

async function* failedEvents(
  client: Client,
  webhooks: readonly string[],
  { signal }: Terminal,
): AsyncGenerator<Listed> {
  for (const webhook_id of webhooks) {
    for await (const event of client.failedEvents.list(webhook_id, { limit: 100, signal })) {
      yield { webhook_id, ...event };
    }
  }
}

const rowOf = (listed: Listed): string[] => {
  const { id, event, webhook_id, failure } = listed;
  return [
    id,
    event,
    harmless(leadOf(JSON.stringify(listed)) ?? '-'),
    webhook_id,
    failure.failed_at,
    String(failure.attempts),
    harmless(failure.last_error ?? '-'),
  ];
};

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list unacknowledged dead letters')
    .description('List unacknowledged dead letters by webhook, oldest first.')
    .addOption(webhookOption())
    .addOption(limitOption())
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock dead-letters list --webhook whk_01J…'))
    .action(async (options) => {
      const client = connect(options, terminal);
      const ids = await webhookIds(client, options.webhook, terminal);
      const { items, more } = await take(failedEvents(client, ids, terminal), options.limit);
      if (options.json) {
        terminal.printJson(items, true);
        return;
      }
      if (items.length === 0) {
        terminal.note('No dead letters.');
        return;
      }
      const titles = ['event id', 'event', 'lead', 'webhook', 'failed', 'attempts', 'last error'];
      const optional = ['webhook', 'failed', 'attempts'];
      for (const line of fittedTable(titles, items.map(rowOf), terminal, optional)) {
        terminal.print(line);
      }
      if (more)
        terminal.note(`Showing the first ${options.limit}. Pass a higher --limit to see more.`);
    });

const noDeadLetter = (eventId: string, listing: string): UsageError =>
  new UsageError(
    `Dead letter "${eventId}" not found in this account. List dead letters with ${quoted(listing)}.`,
  );

/**
 * Acknowledge the event at every webhook that has it as a dead letter.
 *
 * @throws {UsageError} if none has
 */
const acknowledge = async (
  client: Client,
  webhooks: readonly string[],
  eventId: string,
  { signal }: Terminal,
  listing: string,
): Promise<readonly Listed[]> => {
  const done: Listed[] = [];
  for (const webhook_id of webhooks) {
    try {
      const event = await client.failedEvents.acknowledge(webhook_id, eventId, { signal });
      done.push({ webhook_id, ...event });
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'FAILED_EVENT_NOT_FOUND')) throw error;
    }
  }
  if (done.length > 0) return done;
  throw noDeadLetter(eventId, listing);
};

const ack = (terminal: Terminal) =>
  new Command('ack')
    .summary('acknowledge dead letters')
    .description('Acknowledge dead letters: mark them as handled and remove them from the list.')
    .argument('<event-id...>', 'event IDs, evt_…')
    .addOption(webhookOption())
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock dead-letters ack evt_01J…'))
    .action(async (eventIds, options) => {
      const client = connect(options, terminal);
      const listing = commandLine(['dead-letters'], options, terminal.env);
      const webhooks = await webhookIds(client, options.webhook, terminal);
      const done: Listed[] = [];
      for (const id of eventIds) {
        const acknowledged = await acknowledge(client, webhooks, id, terminal, listing);
        done.push(...acknowledged);
        if (options.json) continue;
        for (const { webhook_id } of acknowledged) {
          terminal.print(`Acknowledged ${id} of ${webhook_id}.`);
        }
      }
      if (options.json) terminal.printJson(done, true);
    });

/** The newest dead delivery of an event to each webhook. */
const deadDeliveries = async (
  client: Client,
  eventId: string,
  webhook: string | undefined,
  { signal }: Terminal,
  listing: string,
): Promise<readonly string[]> => {
  const newest = new Map<string, string>();
  const all = client.deliveries.list({
    event_id: eventId,
    webhook_id: webhook,
    limit: 100,
    signal,
  });
  for await (const { id, webhook_id, status } of all) {
    const isDead = status === 'dead' || status === 'acknowledged';
    if (isDead && !newest.has(webhook_id)) newest.set(webhook_id, id);
  }
  if (newest.size > 0) return [...newest.values()];
  throw noDeadLetter(eventId, listing);
};

interface Redelivery extends SandboxOptions {
  readonly all?: true | undefined;
  readonly ack?: true | undefined;
  readonly wait?: true | undefined;
  readonly webhook?: string | undefined;
  readonly json?: true | undefined;
}

/** @throws {UsageError} unless either events or --all are given */
const eventIdsOf = async (
  given: readonly string[],
  { all, webhook }: Redelivery,
  client: Client,
  terminal: Terminal,
): Promise<readonly string[]> => {
  if ((given.length === 0) === (all === undefined)) {
    throw new UsageError(
      all === undefined
        ? 'No event given. Pass event IDs, or --all for every dead letter.'
        : '--all cannot be used with event IDs. Pass either.',
    );
  }
  if (all === undefined) return given;
  const ids = new Set<string>();
  const webhooks = await webhookIds(client, webhook, terminal);
  for await (const { id } of failedEvents(client, webhooks, terminal)) ids.add(id);
  return [...ids];
};

/** Redeliver each event to every webhook that has it as a dead letter. */
const redeliverEach = async (
  eventIds: readonly string[],
  options: Redelivery,
  client: Client,
  terminal: Terminal,
): Promise<readonly Delivery[]> => {
  const { signal } = terminal;
  const listing = commandLine(['dead-letters'], options, terminal.env);
  const made: Delivery[] = [];
  for (const eventId of eventIds) {
    const { webhook } = options;
    for (const id of await deadDeliveries(client, eventId, webhook, terminal, listing)) {
      const delivery = await client.deliveries.redeliver(id, {}, { signal });
      made.push(delivery);
      if (!options.json) {
        terminal.print(`Created ${delivery.id}, which repeats ${id} (${eventId}).`);
      }
    }
  }
  return made;
};

/** Acknowledge what was delivered this time. */
const acknowledgeDelivered = async (
  settled: readonly DeliveryDetail[],
  client: Client,
  json: boolean,
  terminal: Terminal,
): Promise<void> => {
  const { signal } = terminal;
  for (const { status, event_id, webhook_id } of settled) {
    if (status !== 'delivered') continue;
    try {
      await client.failedEvents.acknowledge(webhook_id, event_id, { signal });
    } catch (error) {
      // Acknowledged before: it may be redelivered all the same.
      if (!(error instanceof ApiError && error.code === 'FAILED_EVENT_NOT_FOUND')) throw error;
      continue;
    }
    if (!json) terminal.print(`Acknowledged ${event_id} of ${webhook_id}.`);
  }
};

const redeliver = (terminal: Terminal) =>
  new Command('redeliver')
    .summary('send dead letters again')
    .description(
      'Send the same bytes again. Dead letters stay in the list until they are acknowledged: by --ack, or with `dead-letters ack`.',
    )
    .argument('[event-id...]', 'event IDs, evt_…')
    .option('--all', 'send all dead letters again')
    .option('--ack', 'wait, and acknowledge those that are delivered')
    .addOption(webhookOption())
    .option('--wait', 'wait until all have settled; exit 1 unless all are delivered')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock dead-letters redeliver evt_01J… --wait',
        'sendemall-mock dead-letters redeliver --all --ack',
      ),
    )
    .action(async (given, options) => {
      const client = connect(options, terminal);
      const json = options.json === true;
      const eventIds = await eventIdsOf(given, options, client, terminal);
      if (eventIds.length === 0 && !json) {
        terminal.note('No dead letters.');
        return;
      }
      const made = await redeliverEach(eventIds, options, client, terminal);
      const ids = made.map(({ id }) => id);
      const settled =
        options.wait || options.ack
          ? await waitForAll(client, ids, terminal, { json, reach: options })
          : null;
      if (options.ack) await acknowledgeDelivered(settled ?? [], client, json, terminal);
      if (json) terminal.printJson(settled ?? made, true);
    });

export const deadLetters = (terminal: Terminal) =>
  new Command('dead-letters')
    .description(
      'List, acknowledge and redeliver dead letters: events that failed their last retry.',
    )
    .addHelpText(
      'after',
      examples(
        'sendemall-mock dead-letters',
        'sendemall-mock dead-letters redeliver evt_01J… --wait',
        'sendemall-mock dead-letters ack evt_01J…',
      ),
    )
    .addCommand(list(terminal), { isDefault: true })
    .addCommand(ack(terminal))
    .addCommand(redeliver(terminal));
