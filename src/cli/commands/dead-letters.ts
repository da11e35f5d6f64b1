/**
 * `dead-letters`: events that a webhook failed to take, over all webhooks of the account.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import { ApiError } from '../../client/api-error.ts';
import type { Client } from '../../client/create-client.ts';
import type { FailedEvent } from '../../../schemas/control.ts';
import { connect } from '../connect.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption, wholeNumber } from '../options.ts';
import { commandLine, quoted } from '../output/command-line.ts';
import { harmless, table } from '../output/table.ts';
import { take } from '../take.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { waitForAll } from '../wait.ts';

const webhookOption = () => new Option('--webhook <id>', 'only of this webhook');

/** The webhooks to look at: the one asked for, or all. */
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

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list those that are not acknowledged, oldest first')
    .description('Lists dead letters that are not acknowledged, webhook by webhook, oldest first.')
    .addOption(webhookOption())
    .addOption(
      new Option('--limit <number>', 'at most this many')
        .default(50)
        .argParser(wholeNumber(1, 1_000_000)),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
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
      const titles = ['event id', 'event', 'webhook', 'failed', 'attempts', 'last error'];
      const rows = items.map(({ id, event, webhook_id, failure }) => [
        id,
        event,
        webhook_id,
        failure.failed_at,
        String(failure.attempts),
        harmless(failure.last_error ?? '-'),
      ]);
      const bold = titles.map((title) => terminal.style('bold', title));
      for (const line of table([bold, ...rows])) terminal.print(line);
      if (more) terminal.note(`There are more than ${options.limit}: see --limit.`);
    });

const noDeadLetter = (eventId: string, listing: string): UsageError =>
  new UsageError(
    `This account has no dead letter "${eventId}". ${quoted(listing)} lists those that there are.`,
  );

/** Acknowledges the event at every webhook that failed to take it. */
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
    .summary('acknowledge: it was dealt with, and is not listed any more')
    .description('Acknowledges dead letters: they were dealt with, and are not listed any more.')
    .argument('<event-id...>', 'evt_…')
    .addOption(webhookOption())
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
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
          terminal.print(`${id} of ${webhook_id} is acknowledged.`);
        }
      }
      if (options.json) terminal.printJson(done, true);
    });

/** The newest given-up delivery of an event to each webhook. */
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

const redeliver = (terminal: Terminal) =>
  new Command('redeliver')
    .summary('send the same bytes again; acknowledge them separately')
    .description('Sends the same bytes again. It does not acknowledge: `dead-letters ack` does.')
    .argument('<event-id...>', 'evt_…')
    .addOption(webhookOption())
    .option('--wait', 'wait until they have settled; status 1 when one was not delivered')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (eventIds, options) => {
      const { signal } = terminal;
      const client = connect(options, terminal);
      const listing = commandLine(['dead-letters'], options, terminal.env);
      const made = [];
      for (const eventId of eventIds) {
        for (const id of await deadDeliveries(
          client,
          eventId,
          options.webhook,
          terminal,
          listing,
        )) {
          const delivery = await client.deliveries.redeliver(id, {}, { signal });
          made.push(delivery);
          if (!options.json) terminal.print(`${delivery.id} repeats ${id} (${eventId}).`);
        }
      }
      const ids = made.map(({ id }) => id);
      const settled = options.wait
        ? await waitForAll(client, ids, terminal, { json: options.json === true, reach: options })
        : null;
      if (options.json) terminal.printJson(settled ?? made, true);
    });

export const deadLetters = (terminal: Terminal) =>
  new Command('dead-letters')
    .description(
      'Lists, acknowledges and redelivers events that were given up after the last retry.',
    )
    .addHelpText(
      'after',
      `
Examples:
  sendemall-mock dead-letters
  sendemall-mock dead-letters redeliver evt_01J… --wait && sendemall-mock dead-letters ack evt_01J…`,
    )
    .addCommand(list(terminal), { isDefault: true })
    .addCommand(ack(terminal))
    .addCommand(redeliver(terminal));
