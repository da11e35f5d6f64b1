/**
 * `sinks`: what a receiver called, and what it was answered.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import { connect } from '../connect.ts';
import { readInput } from '../input.ts';
import { apiKeyOption, gather, jsonOption, sandboxUrlOption, wholeNumber } from '../options.ts';
import { sinkSettings, sinkRequestLines, sinkTable } from '../output/sinks.ts';
import { take } from '../take.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list the sinks, and how many requests each holds')
    .description('Lists the sinks of the account, and how many requests each holds.')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { signal } = terminal;
      const sinks = await connect(options, terminal).sinks.list({ signal });
      if (options.json) terminal.printJson(sinks, true);
      else if (sinks.length === 0) {
        terminal.note('No sinks. The first request to /_sandbox/sinks/NAME makes one.');
      } else for (const line of sinkTable(sinks, terminal)) terminal.print(line);
    });

const requests = (terminal: Terminal) =>
  new Command('requests')
    .summary('list what one has recorded, oldest first')
    .description('Lists the requests that a sink has recorded, oldest first, with their bodies.')
    .argument('<name>', 'the sink')
    .option('--method <method>', 'only with this method')
    .option('--path <path>', 'only with this path behind the name, e.g. /contacts/7')
    .option('--contains <text>', "only with this text in the body, e.g. an event's id")
    .addOption(
      new Option('--limit <number>', 'at most this many')
        .default(50)
        .argParser(wholeNumber(1, 1000)),
    )
    .addOption(
      new Option(
        '--wait-for <number>',
        'wait until so many are there; status 1 when they are not',
      ).argParser(wholeNumber(1, 1000)),
    )
    .addOption(
      new Option('--timeout-ms <ms>', 'how long to wait, in real time')
        .default(30_000)
        .argParser(wholeNumber(0, 60_000)),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
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
          terminal.note(`There are ${there.length} of ${waitFor} after ${timeoutMs} ms.`);
        }
      }
      const pager = sinks.requests(name, { ...filter, limit: 100, signal });
      const { items, more } = await take(pager, options.limit);
      if (options.json) {
        terminal.printJson(items, true);
        return;
      }
      if (items.length === 0) terminal.note(`The sink ${name} has no such requests.`);
      for (const one of items) {
        for (const line of sinkRequestLines(one, terminal)) terminal.print(line);
      }
      if (more) terminal.note(`There are more than ${options.limit}: see --limit.`);
    });

/** `Name: value`, as in curl's `-H`. */
const headersOf = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) {
        throw new UsageError(`--header is "${line}": give a name and a value, e.g. "X-Mine: yes".`);
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
    .summary('say what one answers from now on, and print its URL')
    .description(
      'Says what a sink answers from the next request on, and prints a URL that needs no key. Without options: 200 {"ok": true}.',
    )
    .argument('<name>', 'the sink')
    .addOption(new Option('--status <status>', 'default 200').argParser(wholeNumber(200, 599)))
    .option('--header <name: value>', 'a header to answer with (repeatable)', gather)
    .option('--body <body>', 'JSON, or any other text; default {"ok": true}')
    .option('--body-file <file>', 'the body from a file; - is standard input')
    .addOption(
      new Option('--times <number>', 'for so many requests only').argParser(wholeNumber(1, 1000)),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (name, options) => {
      if (options.body !== undefined && options.bodyFile !== undefined) {
        throw new UsageError('--body and --body-file are both given: give one of them.');
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
    .summary('empty one; what it answers stays')
    .description('Empties a sink. What it answers stays as it is set.')
    .argument('<name>', 'the sink')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (name, options) => {
      const { signal } = terminal;
      const deleted = await connect(options, terminal).sinks.clear(name, { signal });
      if (options.json) terminal.printJson({ deleted }, true);
      else terminal.print(`${name} is empty; it had ${deleted}.`);
    });

export const sinks = (terminal: Terminal) =>
  new Command('sinks')
    .description(
      'Sinks stand in for what a receiver calls, such as a CRM: a running sandbox records every request to /_sandbox/sinks/NAME.',
    )
    .addHelpText(
      'after',
      `
Examples:
  sendemall-mock sinks answer crm
  sendemall-mock sinks answer crm --status 503 --times 2
  sendemall-mock sinks requests crm --contains evt_01J… --wait-for 1`,
    )
    .addCommand(list(terminal), { isDefault: true })
    .addCommand(requests(terminal))
    .addCommand(answer(terminal))
    .addCommand(clear(terminal));
