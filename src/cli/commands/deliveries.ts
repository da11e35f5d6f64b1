/**
 * `deliveries`: lists, shows, compares and repeats deliveries of a running sandbox.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import { connect } from '../connect.ts';
import { eventOption } from '../event-data.ts';
import { diffBodies } from '../../deliveries/body-diff.ts';
import { examples, exitStatus } from '../help.ts';
import { readInput } from '../input.ts';
import {
  apiKeyOption,
  filterOption,
  jsonOption,
  limitOption,
  sandboxUrlOption,
} from '../options.ts';
import { commandLine, quoted } from '../output/command-line.ts';
import { deliveryDetail, deliveryTable } from '../output/deliveries.ts';
import { filterHelp } from '../output/filter-help.ts';
import { differenceLines, textsToCompare, twoNumbers } from '../output/difference.ts';
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
    .summary('list deliveries, newest first')
    .description('List deliveries, newest first.')
    .addOption(
      new Option('--status <status>', 'only deliveries with this status').choices(STATUSES),
    )
    .addOption(eventOption('only deliveries of this event type'))
    .option('--webhook <id>', 'only deliveries to this webhook')
    .option('--event-id <id>', 'only deliveries of this event')
    .addOption(filterOption("only deliveries that match, e.g. 'lead:sarah@ attempts>2'"))
    .addOption(limitOption())
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock deliveries list --status dead --limit 10',
        'sendemall-mock deliveries list --event email.replied --json',
        "sendemall-mock deliveries --filter 'status:dead lead:sarah@ -is:forged'",
      ),
    )
    .addHelpText('after', filterHelp())
    .action(async (options) => {
      const client = connect(options, terminal);
      const pager = client.deliveries.list({
        status: options.status,
        event: options.event,
        webhook_id: options.webhook,
        event_id: options.eventId,
        filter: options.filter?.text || undefined,
        limit: Math.min(options.limit, 100),
        signal: terminal.signal,
      });
      const { items, more } = await take(pager, options.limit);
      if (options.json) {
        terminal.printJson(items, true);
        return;
      }
      if (items.length === 0) {
        if (options.filter !== undefined) {
          terminal.note('No delivery matches.');
          return;
        }
        const command = commandLine(['trigger', 'email.replied'], options, terminal.env);
        terminal.note(`No deliveries. Create one with ${quoted(command)}.`);
        return;
      }
      for (const line of deliveryTable(items, terminal)) terminal.print(line);
      if (more)
        terminal.note(`Showing the first ${options.limit}. Pass a higher --limit to see more.`);
    });

const show = (terminal: Terminal) =>
  new Command('show')
    .summary('show a delivery with its attempts')
    .description('Show a delivery with its body, and the request and response of each attempt.')
    .argument('<id>', 'delivery ID, dlv_…')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock deliveries show dlv_12'))
    .action(async (id, options) => {
      const { signal } = terminal;
      const delivery = await connect(options, terminal).deliveries.get(id, { signal });
      if (options.json) terminal.printJson(delivery, true);
      else for (const line of deliveryDetail(delivery, terminal, options)) terminal.print(line);
    });

const redeliver = (terminal: Terminal) =>
  new Command('redeliver')
    .summary('send a delivery again')
    .description(
      'Send a delivery again, with its own retries. Creates a new delivery of the same bytes, unless another body or signature is given.',
    )
    .argument('<id>', 'delivery ID, dlv_…')
    .option('--body-file <file>', 'body to send instead; - reads standard input')
    .addOption(
      new Option('--signature <mode>', 'signature to send')
        .choices(['valid', 'wrong', 'missing'] as const)
        .default('valid' as const),
    )
    .option('--wait', 'wait until it has settled; exit 1 unless delivered')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock deliveries redeliver dlv_12 --wait',
        'sendemall-mock deliveries redeliver dlv_12 --signature wrong',
      ),
    )
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
      if (!options.json) terminal.print(`Created ${made.id}, which repeats ${id}.`);
      const settled = options.wait
        ? await waitForAll(client, [made.id], terminal, {
            json: options.json === true,
            reach: options,
          })
        : [];
      if (options.json) terminal.printJson(settled[0] ?? made, true);
    });

const diff = (terminal: Terminal) =>
  new Command('diff')
    .summary('compare the bodies of two deliveries')
    .description(
      'Compare the bodies that two deliveries send, or with --attempts the responses to two attempts of one. A redelivery is compared with the delivery that it repeats unless another is given.',
    )
    .argument('<id>', 'delivery ID, dlv_…')
    .argument('[other]', 'delivery to compare with')
    .addOption(
      new Option('--attempts <numbers>', 'compare the responses to these attempts, e.g. 1,4')
        .argParser(twoNumbers)
        .conflicts('other'),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock deliveries diff dlv_13',
        'sendemall-mock deliveries diff dlv_12 --attempts 1,2',
      ) + exitStatus({ 0: 'equal', 1: 'different' }),
    )
    .action(async (id, other, options) => {
      const client = connect(options, terminal);
      const texts = await textsToCompare(client, id, other, options.attempts, terminal);
      const found = diffBodies(texts.before, texts.after);
      if (options.json) terminal.printJson(found, true);
      else for (const line of differenceLines(found, texts, terminal)) terminal.print(line);
      if (!found.isEqual) terminal.fail();
    });

export const deliveries = (terminal: Terminal) =>
  new Command('deliveries')
    .description('List, show, compare and repeat deliveries of a running sandbox.')
    .addHelpText(
      'after',
      examples(
        'sendemall-mock deliveries --status dead',
        'sendemall-mock deliveries show dlv_12',
        'sendemall-mock deliveries redeliver dlv_12 --signature wrong --wait',
      ),
    )
    .addCommand(list(terminal), { isDefault: true })
    .addCommand(show(terminal))
    .addCommand(diff(terminal))
    .addCommand(redeliver(terminal));
