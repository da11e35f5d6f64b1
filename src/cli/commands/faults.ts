/**
 * `faults`: what is made to go wrong on the sender's side.
 *
 * @module
 */
import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import { FaultName, type AddFaultRequest, type Fault } from '../../../schemas/sandbox.ts';
import { formatSpan } from '../../domain/time.ts';
import { connect } from '../connect.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption, wholeNumber } from '../options.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

const matchText = ({ match: { event, webhook_id, nth } }: Fault): string =>
  [event, webhook_id, nth === null ? null : `number ${nth}`].filter(Boolean).join(', ') || 'any';

const chanceText = ({ probability }: Pick<Fault, 'probability'>): string =>
  probability === 1 ? 'always' : `${Number((probability * 100).toFixed(2))} %`;

const printFaults = (faults: readonly Fault[], terminal: Terminal): void => {
  const titles = ['id', 'fault', 'of', 'how often', 'at most', 'held', 'applied'];
  const rows = faults.map((fault) => [
    fault.id,
    fault.fault,
    matchText(fault),
    chanceText(fault),
    fault.times === null ? '-' : `${fault.times}×`,
    fault.delay_ms === undefined ? '-' : formatSpan(fault.delay_ms),
    String(fault.applied),
  ]);
  const bold = titles.map((title) => terminal.style('bold', title));
  for (const line of table([bold, ...rows])) terminal.print(line);
};

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list what is made to go wrong, and how often it did')
    .description('Lists the rules by which things go wrong, and how often each was applied.')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const faults = await connect(options, terminal).faults.list({ signal: terminal.signal });
      if (options.json) terminal.printJson(faults, true);
      else if (faults.length === 0) terminal.note('Nothing is made to go wrong.');
      else printFaults(faults, terminal);
    });

const chance = (text: string): number => {
  const number = Number(text);
  if (/^(?:0?\.\d+|0\.\d+|1(?:\.0+)?)$/.test(text) && number > 0) return number;
  throw new InvalidArgumentError('Give a number above 0 and up to 1, e.g. 0.1.');
};

const add = (terminal: Terminal) =>
  new Command('add')
    .summary('make something go wrong from now on')
    .description(
      'Makes something go wrong with deliveries that are published from now on. Every attempt that it touched is marked with it.',
    )
    .addArgument(new Argument('<fault>', 'what').choices(FaultName.options))
    .addOption(new Option('--event <event>', 'only with this event').choices(EVENT_TYPES))
    .option('--webhook <id>', 'only to this webhook')
    .addOption(
      new Option('--nth <number>', 'only the one with this number').argParser(
        wholeNumber(1, 1_000_000_000),
      ),
    )
    .addOption(
      new Option(
        '--probability <number>',
        'how likely, above 0 and up to 1 (default: 1)',
      ).argParser(chance),
    )
    .addOption(
      new Option('--times <number>', 'how often at the most').argParser(
        wholeNumber(1, 1_000_000_000),
      ),
    )
    .option('--delay <span>', 'for how long delay, reorder and burst hold back, e.g. 5m')
    .addOption(
      new Option('--count <number>', 'how many events a burst gathers').argParser(
        wholeNumber(2, 10_000),
      ),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (fault, options) => {
      const { event, webhook, nth, probability, times, delay, count } = options;
      const given = Object.entries({
        match: Object.fromEntries(
          Object.entries({ event, webhook_id: webhook, nth }).filter(
            ([, value]) => value !== undefined,
          ),
        ),
        probability,
        times,
        delay,
        count,
      }).filter(([, value]) => value !== undefined);
      const rule = { fault, ...Object.fromEntries(given) } as AddFaultRequest;
      const added = await connect(options, terminal).faults.add(rule, { signal: terminal.signal });
      if (options.json) terminal.printJson(added, true);
      else terminal.print(`${added.id}  ${added.fault}: ${added.does}, ${chanceText(added)}`);
    });

const clear = (terminal: Terminal) =>
  new Command('clear')
    .summary('let nothing more go wrong')
    .description('Removes all rules, or one.')
    .option('--id <id>', 'only this rule')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { faults } = connect(options, terminal);
      const { signal } = terminal;
      const removed =
        options.id === undefined
          ? await faults.clear({ signal })
          : await faults.remove(options.id, { signal }).then(() => 1);
      if (options.json) terminal.printJson({ removed }, true);
      else terminal.print(`${removed} ${removed === 1 ? 'rule' : 'rules'} removed.`);
    });

export const faults = (terminal: Terminal) =>
  new Command('faults')
    .description('What is made to go wrong on the sender’s side, to see what a receiver does then.')
    .addCommand(list(terminal))
    .addCommand(add(terminal))
    .addCommand(clear(terminal));
