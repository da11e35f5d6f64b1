/**
 * `deliveries`: what was sent where, and how it was answered.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import { connect } from '../connect.ts';
import { readInput } from '../input.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption, wholeNumber } from '../options.ts';
import { commandLine, quoted } from '../output/command-line.ts';
import { deliveryDetail, deliveryTable } from '../output/deliveries.ts';
import type { Terminal } from '../terminal.ts';
import { take } from '../take.ts';
import { waitForAll } from '../wait.ts';

const STATUSES = [
  'pending',
  'in_flight',
  'delivered',
  'dead',
  'acknowledged',
  'cancelled',
] as const;

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list them, newest first')
    .description('Lists deliveries, newest first.')
    .addOption(new Option('--status <status>', 'only with this status').choices(STATUSES))
    .addOption(new Option('--event <event>', 'only of this event').choices(EVENT_TYPES))
    .option('--webhook <id>', 'only to this webhook')
    .option('--event-id <id>', 'only of this one event')
    .addOption(
      new Option('--limit <number>', 'at most this many')
        .default(50)
        .argParser(wholeNumber(1, 1_000_000)),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const pager = connect(options, terminal).deliveries.list({
        status: options.status,
        event: options.event,
        webhook_id: options.webhook,
        event_id: options.eventId,
        limit: Math.min(options.limit, 100),
        signal: terminal.signal,
      });
      const { items, more } = await take(pager, options.limit);
      if (options.json) {
        terminal.printJson(items, true);
        return;
      }
      if (items.length === 0) {
        const command = commandLine(['trigger', 'email.replied'], options, terminal.env);
        terminal.note(`No deliveries. ${quoted(command)} makes some.`);
        return;
      }
      for (const line of deliveryTable(items, terminal)) terminal.print(line);
      if (more) terminal.note(`There are more than ${options.limit}: see --limit.`);
    });

const show = (terminal: Terminal) =>
  new Command('show')
    .summary('show one with every attempt, request and answer')
    .description('Shows one delivery with its body and every attempt, request and answer.')
    .argument('<id>', 'dlv_…')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (id, options) => {
      const { signal } = terminal;
      const delivery = await connect(options, terminal).deliveries.get(id, { signal });
      if (options.json) terminal.printJson(delivery, true);
      else for (const line of deliveryDetail(delivery, terminal, options)) terminal.print(line);
    });

const redeliver = (terminal: Terminal) =>
  new Command('redeliver')
    .summary('send one again, with its whole ladder of retries')
    .description(
      'Sends a delivery again: a new delivery of the same bytes, or of others, or with a wrong signature.',
    )
    .argument('<id>', 'dlv_…')
    .option('--body-file <file>', 'other bytes to send; - is standard input')
    .addOption(
      new Option('--signature <mode>', 'how to sign')
        .choices(['valid', 'wrong', 'missing'] as const)
        .default('valid' as const),
    )
    .option('--wait', 'wait until it has settled; status 1 when it was not delivered')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (id, options) => {
      const { signal } = terminal;
      const client = connect(options, terminal);
      const body =
        options.bodyFile === undefined
          ? {}
          : { body: (await readInput(options.bodyFile, terminal)).toString('utf8') };
      const made = await client.deliveries.redeliver(
        id,
        { ...body, signature: options.signature },
        { signal },
      );
      if (!options.json) terminal.print(`${made.id} repeats ${id}.`);
      const settled = options.wait
        ? await waitForAll(client, [made.id], terminal, {
            json: options.json === true,
            reach: options,
          })
        : [];
      if (options.json) terminal.printJson(settled[0] ?? made, true);
    });

export const deliveries = (terminal: Terminal) =>
  new Command('deliveries')
    .description('Lists, shows and repeats deliveries of a running sandbox.')
    .addHelpText(
      'after',
      `
Examples:
  sendemall-mock deliveries --status dead
  sendemall-mock deliveries show dlv_01J…
  sendemall-mock deliveries redeliver dlv_01J… --signature wrong --wait`,
    )
    .addCommand(list(terminal), { isDefault: true })
    .addCommand(show(terminal))
    .addCommand(redeliver(terminal));
