/**
 * `sinks`: inspects and stubs a receiver's outbound calls.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import { connect } from '../connect.ts';
import { examples } from '../help.ts';
import { readInput } from '../input.ts';
import {
  apiKeyOption,
  gather,
  jsonOption,
  limitOption,
  sandboxUrlOption,
  wholeNumber,
} from '../options.ts';
import { sinkSettings, sinkRequestLines, sinkTable } from '../output/sinks.ts';
import { take } from '../take.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list sinks and their number of requests')
    .description('List the sinks of the account and their number of requests.')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock sinks list'))
    .action(async (options) => {
      const { signal } = terminal;
      const sinks = await connect(options, terminal).sinks.list({ signal });
      if (options.json) terminal.printJson(sinks, true);
      else if (sinks.length === 0) {
        terminal.note('No sinks. The first request to /_sandbox/sinks/NAME creates one.');
      } else for (const line of sinkTable(sinks, terminal)) terminal.print(line);
    });

const requests = (terminal: Terminal) =>
  new Command('requests')
    .summary('list requests that a sink has recorded')
    .description('List the requests that a sink has recorded, oldest first, with their bodies.')
    .argument('<name>', 'name of the sink')
    .option('--method <method>', 'only requests with this method')
    .option('--path <path>', 'only requests with this path after the name, such as /contacts/7')
    .option('--contains <text>', 'only requests with this text in the body, such as an event ID')
    .addOption(limitOption(1000))
    .addOption(
      new Option('--wait-for <number>', 'wait for this many requests; exit 1 on timeout').argParser(
        wholeNumber(1, 1000),
      ),
    )
    .addOption(
      new Option('--timeout-ms <ms>', 'timeout of --wait-for, in real time')
        .default(30_000)
        .argParser(wholeNumber(0, 60_000)),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock sinks requests crm --method POST',
        'sendemall-mock sinks requests crm --contains evt_01J… --wait-for 1',
      ),
    )
    .action(async (name, options) => {
      const { sinks } = connect(options, terminal);
      const { signal } = terminal;
      const filter = { method: options.method, path: options.path, contains: options.contains };
      const { waitFor, timeoutMs } = options;
      if (waitFor !== undefined) {
        const { reached, requests: there } = await sinks.waitFor(name, waitFor, {
          ...filter,
          timeoutMs,
          signal,
        });
        if (!reached) {
          terminal.fail();
          terminal.note(
            `Timed out after ${timeoutMs} ms: ${there.length} of ${waitFor} requests received.`,
          );
        }
      }
      const pager = sinks.requests(name, { ...filter, limit: 100, signal });
      const { items, more } = await take(pager, options.limit);
      if (options.json) {
        terminal.printJson(items, true);
        return;
      }
      if (items.length === 0) terminal.note(`No matching requests in sink ${name}.`);
      for (const one of items) {
        for (const line of sinkRequestLines(one, terminal)) terminal.print(line);
      }
      if (more)
        terminal.note(`Showing the first ${options.limit}. Pass a higher --limit to see more.`);
    });

/** `Name: value`, as in curl's `-H`. */
const headersOf = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) {
        throw new UsageError(
          `Invalid --header "${line}". Pass a name and a value, such as 'Retry-After: 30'.`,
        );
      }
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );

const jsonOrText = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const answer = (terminal: Terminal) =>
  new Command('answer')
    .summary('set the response of a sink and print its URL')
    .description(
      'Set the response of a sink, from the next request on, and print a URL that needs no API key. Without options, it is 200 {"ok": true}.',
    )
    .argument('<name>', 'name of the sink')
    .addOption(
      new Option('--status <status>', 'response status (default: 200)').argParser(
        wholeNumber(200, 599),
      ),
    )
    .option('--header <name: value>', 'response header (repeatable)', gather)
    .option('--body <body>', 'response body, JSON or text (default: {"ok": true})')
    .option('--body-file <file>', 'read the response body from a file; - reads standard input')
    .addOption(
      new Option(
        '--times <number>',
        'respond like this only to the next number of requests',
      ).argParser(wholeNumber(1, 1000)),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock sinks answer crm --status 503 --times 2',
        `sendemall-mock sinks answer crm --header 'Retry-After: 30' --body '{}'`,
      ),
    )
    .action(async (name, options) => {
      if (options.body !== undefined && options.bodyFile !== undefined) {
        throw new UsageError('--body and --body-file cannot be combined. Pass one of them.');
      }
      const text =
        options.bodyFile === undefined
          ? options.body
          : (await readInput(options.bodyFile, terminal)).toString('utf8');
      const settings = await connect(options, terminal).sinks.answer(
        name,
        {
          status: options.status,
          headers: headersOf(options.header ?? []),
          times: options.times,
          ...(text === undefined ? {} : { body: jsonOrText(text) }),
        },
        { signal: terminal.signal },
      );
      if (options.json) terminal.printJson(settings, true);
      else for (const line of sinkSettings(settings)) terminal.print(line);
    });

const clear = (terminal: Terminal) =>
  new Command('clear')
    .summary('delete the requests of a sink')
    .description('Delete the requests that a sink has recorded. Its response stays as set.')
    .argument('<name>', 'name of the sink')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock sinks clear crm'))
    .action(async (name, options) => {
      const { signal } = terminal;
      const deleted = await connect(options, terminal).sinks.clear(name, { signal });
      if (options.json) terminal.printJson({ deleted }, true);
      else
        terminal.print(
          `Deleted ${deleted} ${deleted === 1 ? 'request' : 'requests'} of sink ${name}.`,
        );
    });

export const sinks = (terminal: Terminal) =>
  new Command('sinks')
    .description(
      "Inspect and stub your receiver's outbound calls. A sink stands in for a service such as a CRM: the sandbox records each request to /_sandbox/sinks/NAME and returns the response you set.",
    )
    .addHelpText(
      'after',
      examples(
        'sendemall-mock sinks answer crm',
        'sendemall-mock sinks answer crm --status 503 --times 2',
        'sendemall-mock sinks requests crm --contains evt_01J… --wait-for 1',
      ),
    )
    .addCommand(list(terminal), { isDefault: true })
    .addCommand(requests(terminal))
    .addCommand(answer(terminal))
    .addCommand(clear(terminal));
