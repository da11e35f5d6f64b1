/**
 * `events`: the events of a running sandbox, triggered and simulated.
 *
 * @module
 */
import { Command } from '@commander-js/extra-typings';
import type { WebhookEvent } from '../../../schemas/events.ts';
import { connect } from '../connect.ts';
import { eventOption } from '../event-data.ts';
import { examples } from '../help.ts';
import { apiKeyOption, jsonOption, limitOption, sandboxUrlOption } from '../options.ts';
import { bodyLines } from '../output/body.ts';
import { commandLine, quoted } from '../output/command-line.ts';
import { leadOf } from '../../deliveries/lead.ts';
import { fittedTable, harmless } from '../output/table.ts';
import { take } from '../take.ts';
import type { Terminal } from '../terminal.ts';

const rowOf = (event: WebhookEvent): string[] => [
  event.id,
  event.event,
  harmless(leadOf(JSON.stringify(event)) ?? '-'),
  event.timestamp,
];

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list events, newest first')
    .description('List events, newest first, whether or not a webhook subscribes to them.')
    .addOption(eventOption('only events of this type'))
    .addOption(limitOption())
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock events --event replied --limit 10'))
    .action(async (options) => {
      const { event, limit } = options;
      const { signal } = terminal;
      const query = { event, limit: Math.min(limit, 100), signal };
      const { items, more } = await take(connect(options, terminal).events.list(query), limit);
      if (options.json) {
        terminal.printJson(items, true);
        return;
      }
      if (items.length === 0) {
        const command = commandLine(['trigger', 'email.replied'], options, terminal.env);
        terminal.note(`No events. Create one with ${quoted(command)}.`);
        return;
      }
      const titles = ['id', 'event', 'lead', 'timestamp'];
      for (const line of fittedTable(titles, items.map(rowOf), terminal)) terminal.print(line);
      if (more) terminal.note(`Showing the first ${limit}. Pass a higher --limit to see more.`);
    });

const show = (terminal: Terminal) =>
  new Command('show')
    .summary('show an event with its deliveries')
    .description('Show an event with its data and its deliveries.')
    .argument('<id>', 'event ID, evt_…')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock events show evt_01J…'))
    .action(async (id, options) => {
      const { signal } = terminal;
      const event = await connect(options, terminal).events.get(id, { signal });
      if (options.json) terminal.printJson(event, true);
      else for (const line of bodyLines(JSON.stringify(event), terminal)) terminal.print(line);
    });

export const events = (terminal: Terminal) =>
  new Command('events')
    .description('List and show events of a running sandbox.')
    .addHelpText('after', examples('sendemall-mock events', 'sendemall-mock events show evt_01J…'))
    .addCommand(list(terminal), { isDefault: true })
    .addCommand(show(terminal));
