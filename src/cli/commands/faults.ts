/**
 * `faults`: injects faults on the sender's side.
 *
 * @module
 */
import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import { FaultName, type AddFaultRequest, type Fault } from '../../../schemas/sandbox.ts';
import { formatDuration } from '../../domain/time.ts';
import { connect } from '../connect.ts';
import { examples } from '../help.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption, wholeNumber } from '../options.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

const matchText = ({ match: { event, webhook_id, nth } }: Fault): string =>
  [event, webhook_id, nth === null ? null : `number ${nth}`].filter(Boolean).join(', ') || 'any';

const chanceText = ({ probability }: Pick<Fault, 'probability'>): string =>
  probability === 1 ? 'always' : `${Number((probability * 100).toFixed(2))} %`;

const printFaults = (faults: readonly Fault[], terminal: Terminal): void => {
  const titles = ['id', 'fault', 'match', 'probability', 'limit', 'delay', 'applied'];
  const rows = faults.map((fault) => [
    fault.id,
    fault.fault,
    matchText(fault),
    chanceText(fault),
    fault.times === null ? '-' : `${fault.times}×`,
    fault.delay_ms === undefined ? '-' : formatDuration(fault.delay_ms),
    String(fault.applied),
  ]);
  const bold = titles.map((title) => terminal.style('bold', title));
  for (const line of table([bold, ...rows])) terminal.print(line);
};

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list fault rules')
    .description('List fault rules, and how often each was applied.')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock faults list'))
    .action(async (options) => {
      const faults = await connect(options, terminal).faults.list({ signal: terminal.signal });
      if (options.json) terminal.printJson(faults, true);
      else if (faults.length === 0) terminal.note('No fault rules.');
      else printFaults(faults, terminal);
    });

const chance = (text: string): number => {
  const number = Number(text);
  if (/^(?:0?\.\d+|0\.\d+|1(?:\.0+)?)$/.test(text) && number > 0) return number;
  throw new InvalidArgumentError('Pass a number above 0 and up to 1, such as 0.1.');
};

const add = (terminal: Terminal) =>
  new Command('add')
    .summary('add a fault rule')
    .description(
      'Add a fault rule for deliveries of events published from now on. Attempts that it affects are marked with the fault.',
    )
    .addArgument(new Argument('<fault>', 'fault to inject').choices(FaultName.options))
    .addOption(
      new Option('--event <event>', 'only deliveries of this event type').choices(EVENT_TYPES),
    )
    .option('--webhook <id>', 'only deliveries to this webhook')
    .addOption(
      new Option('--nth <number>', 'only the nth matching delivery').argParser(
        wholeNumber(1, 1_000_000_000),
      ),
    )
    .addOption(
      new Option(
        '--probability <number>',
        'probability, above 0 and up to 1 (default: 1)',
      ).argParser(chance),
    )
    .addOption(
      new Option('--times <number>', 'maximum number of times to apply it').argParser(
        wholeNumber(1, 1_000_000_000),
      ),
    )
    .option('--delay <duration>', 'how long delay, reorder and burst hold deliveries, such as 5m')
    .addOption(
      new Option('--count <number>', 'number of events in a burst').argParser(
        wholeNumber(2, 10_000),
      ),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock faults add duplicate --event email.replied',
        'sendemall-mock faults add delay --delay 5m --probability 0.1',
        'sendemall-mock faults add burst --count 20 --delay 1m --times 1',
      ),
    )
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
    .summary('remove fault rules')
    .description('Remove all fault rules, or one.')
    .option('--id <id>', 'remove only this rule')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('sendemall-mock faults clear', 'sendemall-mock faults clear --id flt_01J…'),
    )
    .action(async (options) => {
      const { faults } = connect(options, terminal);
      const { signal } = terminal;
      const removed =
        options.id === undefined
          ? await faults.clear({ signal })
          : await faults.remove(options.id, { signal }).then(() => 1);
      if (options.json) terminal.printJson({ removed }, true);
      else terminal.print(`Removed ${removed} ${removed === 1 ? 'rule' : 'rules'}.`);
    });

export const faults = (terminal: Terminal) =>
  new Command('faults')
    .description("Inject faults on the sender's side, to see how a receiver copes with them.")
    .addHelpText(
      'after',
      examples(
        'sendemall-mock faults add duplicate --event email.replied',
        'sendemall-mock faults add delay --delay 5m --probability 0.1',
        'sendemall-mock faults list',
        'sendemall-mock faults clear',
      ),
    )
    .addCommand(list(terminal))
    .addCommand(add(terminal))
    .addCommand(clear(terminal));
