/**
 * `trigger`: triggers an event, through a sandbox or straight to a receiver.
 *
 * @module
 */
import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import type { TriggerRequest, TriggerResult } from '../../../schemas/sandbox.ts';
import { parseTime, toProviderTime } from '../../domain/time.ts';
import { connect, type SandboxOptions } from '../connect.ts';
import { eventDataOf, eventTypeOf, type DataOptions } from '../event-data.ts';
import { examples, exitStatus } from '../help.ts';
import {
  apiKeyOption,
  gather,
  httpUrl,
  jsonOption,
  sandboxUrlOption,
  secretOf,
  secretOption,
  wholeNumber,
} from '../options.ts';
import { harmless, table } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { waitForAll } from '../wait.ts';

interface Options extends SandboxOptions, DataOptions {
  readonly count?: number | undefined;
  readonly id?: string | undefined;
  readonly timestamp?: string | undefined;
  readonly webhook?: string | undefined;
  readonly wait?: true | undefined;
  readonly json?: true | undefined;
}

/** Above this many, only totals are printed. */
const MAX_SHOWN = 20;

const printTriggered = ({ events, deliveries }: TriggerResult, terminal: Terminal): void => {
  if (events.length > MAX_SHOWN) {
    terminal.print(`${events.length} events, ${deliveries.length} deliveries.`);
    return;
  }
  const rows = events.flatMap(({ id, event }) => {
    const own = deliveries.filter(({ event_id }) => event_id === id);
    return own.length === 0
      ? [[event, id, '(no subscribers)']]
      : own.map((one) => [event, id, one.id, harmless(one.url)]);
  });
  for (const line of table(rows)) terminal.print(line);
};

/** What the request says, without what was left out. */
const requestOf = (event: TriggerRequest['event'], data: object | null, options: Options) =>
  ({
    event,
    ...(data === null ? {} : { data }),
    ...(options.count === undefined ? {} : { count: options.count }),
    ...(options.id === undefined ? {} : { id: options.id }),
    ...(options.timestamp === undefined ? {} : { timestamp: options.timestamp }),
    ...(options.webhook === undefined ? {} : { webhook_id: options.webhook }),
  }) as TriggerRequest;

const throughSandbox = async (name: string, options: Options, terminal: Terminal) => {
  const { signal } = terminal;
  const event = eventTypeOf(name);
  const data = await eventDataOf(options, terminal);
  const client = connect(options, terminal);
  const triggered = await client.events.trigger(requestOf(event, data, options), { signal });
  const json = options.json === true;

  if (!json) printTriggered(triggered, terminal);
  if (triggered.notice !== null) terminal.note(triggered.notice);
  if (!options.wait) {
    if (json) terminal.printJson(triggered, true);
    return;
  }
  if (triggered.deliveries.length === 0) {
    throw new UsageError(
      'No active webhook subscribes to the event, so there is nothing to wait for. Register one, or start the sandbox with `sendemall-mock serve --forward-to http://localhost:3000/webhooks/sendemall`.',
    );
  }
  const ids = triggered.deliveries.map(({ id }) => id);
  const deliveries = await waitForAll(client, ids, terminal, { json, reach: options });
  if (json) terminal.printJson({ ...triggered, deliveries }, true);
};

const timestamp = (text: string): string => {
  const at = parseTime(text);
  if (at !== null) return text.endsWith('Z') ? text : toProviderTime(at);
  throw new InvalidArgumentError('Pass an RFC 3339 time, such as 2026-04-06T12:00:00Z.');
};

/** Lists its choices in help and completion; {@link eventTypeOf} validates them and suggests the nearest. */
const eventArgument = () => {
  const argument = new Argument('<event>', 'event type');
  argument.argChoices = [...EVENT_TYPES];
  return argument;
};

export const trigger = (terminal: Terminal) =>
  new Command('trigger')
    .description(
      'Trigger an event. The sandbox generates its data and delivers it to the subscribed webhooks. With --to, send it once to a receiver, without a sandbox.',
    )
    .addArgument(eventArgument())
    .addOption(
      new Option(
        '--data <key.path=value>',
        'set a field of the data; the value is JSON or else text (repeatable)',
      ).argParser(gather),
    )
    .option(
      '--data-file <file>',
      'JSON object to merge over the generated data; - reads standard input',
    )
    .addOption(
      new Option('--count <number>', 'number of events to trigger (default: 1)').argParser(
        wholeNumber(1, 10_000),
      ),
    )
    .addOption(new Option('--id <id>', 'event ID (default: generated)').conflicts('count'))
    .addOption(
      new Option('--timestamp <time>', 'event timestamp, RFC 3339 (default: now)').argParser(
        timestamp,
      ),
    )
    .option('--webhook <id>', 'deliver only to this webhook, whatever it subscribes to')
    .option('--wait', 'wait until all deliveries have settled; exit 1 unless all are delivered')
    .addOption(
      new Option('--to <url>', 'send once to this receiver, without a sandbox')
        .argParser(httpUrl)
        .conflicts(['count', 'webhook', 'wait']),
    )
    .addOption(secretOption("the receiver's signing secret, with --to"))
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      [
        exitStatus({
          0: 'triggered; with --to or --wait, delivered',
          1: 'not delivered (with --to or --wait)',
          2: 'invalid usage, or sandbox unreachable',
        }),
        examples(
          'sendemall-mock trigger email.replied',
          'sendemall-mock trigger email.bounced --wait \\',
          `  --data bounce_type=soft --data bounce_code='"421"'`,
          'sendemall-mock trigger email.opened --count 100',
          'sendemall-mock trigger email.replied --secret whsec_your-signing-secret \\',
          '  --to http://localhost:3000/webhooks/sendemall',
        ),
      ].join('\n'),
    )
    .action(async (name, options, command) => {
      const { to } = options;
      if (to === undefined) {
        if (command.getOptionValueSource('secret') === 'cli') {
          throw new UsageError(
            '--secret requires --to: in a sandbox, each webhook has its own secret. Pass --to, or remove --secret.',
          );
        }
        await throughSandbox(name, options, terminal);
        return;
      }
      const event = eventTypeOf(name);
      const secret = secretOf(options, terminal.env);
      const { sendOnce } = await import('../send-once.ts');
      const data = await eventDataOf(options, terminal);
      await sendOnce({ ...options, to, secret, event, data }, terminal);
    });
