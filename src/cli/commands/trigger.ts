/**
 * `trigger`: makes an event happen, through a sandbox or straight to a receiver.
 *
 * @module
 */
import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import type { TriggerRequest, TriggerResult } from '../../../schemas/sandbox.ts';
import { parseTime, toProviderTime } from '../../domain/time.ts';
import { connect, type SandboxOptions } from '../connect.ts';
import { eventDataOf, eventTypeOf, type DataOptions } from '../event-data.ts';
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

/** More than this many are counted, not shown one by one. */
const MAX_SHOWN = 20;

const printTriggered = ({ events, deliveries }: TriggerResult, terminal: Terminal): void => {
  if (events.length > MAX_SHOWN) {
    terminal.print(`${events.length} events, ${deliveries.length} deliveries.`);
    return;
  }
  const rows = events.flatMap(({ id, event }) => {
    const own = deliveries.filter(({ event_id }) => event_id === id);
    return own.length === 0
      ? [[event, id, '(nowhere to deliver to)']]
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
      '--wait has nothing to wait for: no active webhook subscribes to the event. Register one, or start the sandbox with `sendemall-mock serve --forward-to http://localhost:3000/webhooks/sendemall`.',
    );
  }
  const ids = triggered.deliveries.map(({ id }) => id);
  const deliveries = await waitForAll(client, ids, terminal, { json, reach: options });
  if (json) terminal.printJson({ ...triggered, deliveries }, true);
};

const timestamp = (text: string): string => {
  const at = parseTime(text);
  if (at !== null) return text.endsWith('Z') ? text : toProviderTime(at);
  throw new InvalidArgumentError('Give RFC 3339, e.g. 2026-04-06T12:00:00Z.');
};

/** Names its choices to the help and the completion, and leaves the check to what can guess. */
const eventArgument = () => {
  const argument = new Argument('<event>', 'what happens');
  argument.argChoices = [...EVENT_TYPES];
  return argument;
};

export const trigger = (terminal: Terminal) =>
  new Command('trigger')
    .description(
      'Makes an event happen. The sandbox generates its data and delivers it to the webhooks that subscribe; with --to it goes straight to a receiver, once, and no sandbox is needed.',
    )
    .addArgument(eventArgument())
    .addOption(
      new Option(
        '--data <key.path=value>',
        'set a field of its data; repeatable; JSON where it is JSON, else text',
      ).argParser(gather),
    )
    .option(
      '--data-file <file>',
      'a JSON object to lay over the generated data; - is standard input',
    )
    .addOption(new Option('--count <number>', 'so many events').argParser(wholeNumber(1, 10_000)))
    .addOption(new Option('--id <id>', "the event's id (default: a fresh one)").conflicts('count'))
    .addOption(
      new Option('--timestamp <time>', "the event's timestamp (default: now)").argParser(timestamp),
    )
    .option('--webhook <id>', 'deliver to this webhook only, whatever it subscribes to')
    .option('--wait', 'wait until every delivery has settled; status 1 when one was not delivered')
    .addOption(
      new Option('--to <url>', 'send it once to this receiver, without a sandbox')
        .argParser(httpUrl)
        .conflicts(['count', 'webhook', 'wait']),
    )
    .addOption(secretOption("with --to: the receiver's signing secret"))
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Status: 0 fine, 1 when it was not delivered (with --to or --wait).

Examples:
  sendemall-mock trigger email.replied
  sendemall-mock trigger email.bounced --data bounce_type=soft --data bounce_code='"421"' --wait
  sendemall-mock trigger email.opened --count 100
  sendemall-mock trigger email.replied --to http://localhost:3000/webhooks/sendemall --secret whsec_your-signing-secret`,
    )
    .action(async (name, options, command) => {
      const { to } = options;
      if (to === undefined) {
        if (command.getOptionValueSource('secret') === 'cli') {
          throw new UsageError(
            '--secret belongs to --to: through a sandbox, the webhook has its own.',
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
