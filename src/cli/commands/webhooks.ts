/**
 * `webhooks`: the account's webhooks, as a program registers them under `/v1/webhooks`.
 *
 * @module
 */
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { CreateWebhookRequest, Webhook } from '../../../schemas/control.ts';
import { connect, type SandboxOptions } from '../connect.ts';
import { eventTypeOf } from '../event-data.ts';
import { examples } from '../help.ts';
import {
  apiKeyOption,
  checkSecret,
  httpUrl,
  jsonOption,
  sandboxUrlOption,
  secretOf,
  secretOption,
} from '../options.ts';
import { commandLine, quoted } from '../output/command-line.ts';
import { fittedTable, harmless } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

type Events = CreateWebhookRequest['events'];

interface Options extends SandboxOptions {
  readonly json?: true | undefined;
}

const subscriptions = (text: string): Events => {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('Pass event types, comma-separated.');
  return names.map((name) => (name === '*' ? name : eventTypeOf(name)));
};

const eventsOption = (description: string) =>
  new Option('--events <types>', description).argParser(subscriptions);

const show = (webhooks: readonly Webhook[], terminal: Terminal): void => {
  const rows = webhooks.map(({ id, status, events, url }) => [
    id,
    status,
    events.join(', '),
    harmless(url),
  ]);
  for (const line of fittedTable(['id', 'status', 'events', 'url'], rows, terminal)) {
    terminal.print(line);
  }
};

const print = (webhook: Webhook, { json }: Options, terminal: Terminal): void => {
  if (json) terminal.printJson(webhook, true);
  else show([webhook], terminal);
};

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list webhooks')
    .description('List the webhooks of the account.')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock webhooks'))
    .action(async (options) => {
      const { signal } = terminal;
      const webhooks = await connect(options, terminal).webhooks.list({ signal });
      if (options.json) terminal.printJson(webhooks, true);
      else if (webhooks.length > 0) show(webhooks, terminal);
      else {
        const words = ['webhooks', 'add', ':3000/webhooks/sendemall'];
        terminal.note(
          `No webhooks. Register one with ${quoted(commandLine(words, options, terminal.env))}.`,
        );
      }
    });

const add = (terminal: Terminal) =>
  new Command('add')
    .summary('register a webhook')
    .description('Register a receiver, as a program does with POST /v1/webhooks.')
    .argument('<url>', 'receiver', httpUrl)
    .addOption(eventsOption('event types, comma-separated (default: all)'))
    .addOption(secretOption('signing secret, 8 to 256 characters'))
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock webhooks add :3000/webhooks/sendemall \\',
        '  --secret whsec_your-signing-secret --events replied,bounced',
      ),
    )
    .action(async (url, options) => {
      const { signal } = terminal;
      const secret = checkSecret(secretOf(options, terminal.env));
      const request = { url, secret, events: options.events ?? (['*'] as Events) };
      const webhook = await connect(options, terminal).webhooks.create(request, { signal });
      print(webhook, options, terminal);
    });

const update = (terminal: Terminal) =>
  new Command('update')
    .summary('change the URL or the event types')
    .description('Change the URL or the event types of a webhook.')
    .argument('<id>', 'webhook ID, whk_…')
    .addOption(new Option('--url <url>', 'new receiver').argParser(httpUrl))
    .addOption(eventsOption('new event types, comma-separated; * for all'))
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock webhooks update whk_01J… --url :4000/hook'))
    .action(async (id, options) => {
      const { signal } = terminal;
      const { url, events } = options;
      const changes = {
        ...(url === undefined ? {} : { url }),
        ...(events === undefined ? {} : { events }),
      };
      const webhook = await connect(options, terminal).webhooks.update(id, changes, { signal });
      print(webhook, options, terminal);
    });

const setStatus = (name: 'pause' | 'resume', status: Webhook['status'], terminal: Terminal) =>
  new Command(name)
    .summary(`${name} a webhook`)
    .description(
      name === 'pause'
        ? 'Pause a webhook: it gets no new events, and its pending retries wait.'
        : 'Resume a paused webhook: its pending retries continue.',
    )
    .argument('<id>', 'webhook ID, whk_…')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples(`sendemall-mock webhooks ${name} whk_01J…`))
    .action(async (id, options) => {
      const { signal } = terminal;
      const webhook = await connect(options, terminal).webhooks.update(id, { status }, { signal });
      print(webhook, options, terminal);
    });

const remove = (terminal: Terminal) =>
  new Command('rm')
    .summary('delete webhooks')
    .description('Delete webhooks, and cancel their pending deliveries.')
    .argument('<id...>', 'webhook IDs, whk_…')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock webhooks rm whk_01J…'))
    .action(async (ids, options) => {
      const client = connect(options, terminal);
      const deleted = [];
      for (const id of ids) {
        deleted.push(await client.webhooks.delete(id, { signal: terminal.signal }));
        if (!options.json) terminal.print(`Deleted ${id}.`);
      }
      if (options.json) terminal.printJson(deleted, true);
    });

const rotateSecret = (terminal: Terminal) =>
  new Command('rotate-secret')
    .summary('sign with a new secret from now on')
    .description('Sign all attempts from now on, including retries, with a new secret.')
    .argument('<id>', 'webhook ID, whk_…')
    .addOption(secretOption('new signing secret, 8 to 256 characters'))
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock webhooks rotate-secret whk_01J… \\',
        '  --secret whsec_your-new-signing-secret',
      ),
    )
    .action(async (id, options) => {
      const { signal } = terminal;
      const secret = checkSecret(secretOf(options, terminal.env));
      const { webhooks } = connect(options, terminal);
      print(await webhooks.rotateSecret(id, secret, { signal }), options, terminal);
    });

export const webhooks = (terminal: Terminal) =>
  new Command('webhooks')
    .description('List, register, change and delete webhooks of a running sandbox.')
    .addHelpText(
      'after',
      examples(
        'sendemall-mock webhooks',
        'sendemall-mock webhooks add :3000/webhooks/sendemall \\',
        '  --secret whsec_your-signing-secret',
        'sendemall-mock webhooks pause whk_01J…',
      ),
    )
    .addCommand(list(terminal), { isDefault: true })
    .addCommand(add(terminal))
    .addCommand(update(terminal))
    .addCommand(remove(terminal))
    .addCommand(setStatus('pause', 'paused', terminal))
    .addCommand(setStatus('resume', 'active', terminal))
    .addCommand(rotateSecret(terminal));
