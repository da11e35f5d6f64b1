/**
 * `clock`: shows and controls the account's virtual clock, which schedules retries.
 *
 * @module
 */
import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { AdvanceRequest, Clock, SetClockRequest } from '../../../schemas/sandbox.ts';
import { formatDuration, parseDuration, parseTime, toSandboxTime } from '../../domain/time.ts';
import { connect } from '../connect.ts';
import { examples } from '../help.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption } from '../options.ts';
import { withAttempts } from '../progress.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const modeOf = ({ mode, rate }: Clock): string => (mode === 'scaled' ? `${rate}x` : mode);

const printClock = (clock: Clock, json: boolean | undefined, terminal: Terminal): void => {
  if (json) {
    terminal.printJson(clock, true);
    return;
  }
  const lines = table([
    ['mode', modeOf(clock)],
    ['now', clock.now],
    ['next due', clock.next_due_at ?? '-'],
    ['in flight', String(clock.in_flight)],
    ['pending', String(clock.pending)],
  ]);
  for (const line of lines) terminal.print(line);
};

const show = (terminal: Terminal) =>
  new Command('show')
    .summary('show mode, time and pending deliveries')
    .description('Show the mode, the time, the next due attempt and pending deliveries.')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock clock show'))
    .action(async (options) => {
      const { signal } = terminal;
      const clock = await connect(options, terminal).clock.get({ signal });
      printClock(clock, options.json, terminal);
    });

/** Parse `realtime`, `skip`, `frozen`, or a rate such as `60x`. */
const setting = (text: string): SetClockRequest => {
  if (text === 'realtime' || text === 'skip' || text === 'frozen') return { mode: text };
  const rate = Number(/^(\d+(?:\.\d+)?)x$/.exec(text)?.[1]);
  if (rate > 0) return { mode: 'scaled', rate };
  throw new InvalidArgumentError('Pass realtime, skip, frozen, or a rate such as 60x.');
};

/** Lists the modes in completion; {@link setting} also takes rates. */
const modeArgument = () => {
  const argument = new Argument('<mode>', 'realtime, skip, frozen, or a rate such as 60x');
  const parsed = argument.argParser(setting);
  argument.argChoices = ['realtime', 'skip', 'frozen', '60x'];
  return parsed;
};

const set = (terminal: Terminal) =>
  new Command('set')
    .summary('set the mode: realtime, skip, frozen, or a rate such as 60x')
    .description(
      'Set the mode. realtime: real speed; 60x: 60 times faster; skip: jumps to the next due attempt; frozen: moves only with `clock advance`.',
    )
    .addArgument(modeArgument())
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock clock set skip', 'sendemall-mock clock set 60x'))
    .action(async (mode, options) => {
      const { signal } = terminal;
      const clock = await connect(options, terminal).clock.set(mode, { signal });
      printClock(clock, options.json, terminal);
    });

const duration = (text: string): number => {
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    throw new InvalidArgumentError(
      `${text} what? Pass ${text}s for seconds or ${text}m for minutes.`,
    );
  }
  const millis = parseDuration(text);
  if (millis !== null) return millis;
  throw new InvalidArgumentError('Pass a duration such as 5m, 1h30m, 90s or PT5M.');
};

const time = (text: string): string => {
  const at = parseTime(text);
  if (at !== null) return toSandboxTime(at);
  throw new InvalidArgumentError('Pass an RFC 3339 time, such as 2026-04-06T12:00:00Z.');
};

interface Targets {
  readonly to?: string | undefined;
  readonly until?: 'settled' | 'next-attempt' | undefined;
}

const targetOf = (by: number | undefined, { to, until }: Targets): AdvanceRequest => {
  const given = [by, to, until].filter((one) => one !== undefined).length;
  if (given !== 1) {
    throw new UsageError(
      `${given === 0 ? 'No target given' : 'More than one target given'}. Pass one of <duration>, --to and --until.`,
    );
  }
  if (by !== undefined) return { by };
  if (to !== undefined) return { to };
  return { until: until === 'settled' ? 'settled' : 'next_attempt' };
};

const advance = (terminal: Terminal) =>
  new Command('advance')
    .summary('advance the clock and make every attempt that falls due')
    .description(
      'Advance the clock and make every attempt that falls due, each at its exact time. Returns when all of them have settled.',
    )
    .argument('[duration]', 'how far to advance: 5m, 1h30m, 90s', duration)
    .addOption(new Option('--to <time>', 'advance to this time (RFC 3339)').argParser(time))
    .addOption(
      new Option(
        '--until <state>',
        'advance until all deliveries have settled, or until the next attempt',
      ).choices(['settled', 'next-attempt'] as const),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('sendemall-mock clock advance 5m', 'sendemall-mock clock advance --until settled'),
    )
    .action(async (by, options) => {
      const target = targetOf(by, options);
      const { signal } = terminal;
      const client = connect(options, terminal);
      const result = await withAttempts(client, terminal, () =>
        client.clock.advance(target, { signal }),
      );
      if (options.json) {
        terminal.printJson(result, true);
        return;
      }
      const moved = formatDuration(Date.parse(result.to) - Date.parse(result.from));
      terminal.print(`${result.from} → ${result.to} (${moved}), ${result.attempts} attempts.`);
    });

export const clock = (terminal: Terminal) =>
  new Command('clock')
    .description("Show, set and advance the account's virtual clock, which schedules retries.")
    .addHelpText(
      'after',
      examples(
        'sendemall-mock clock',
        'sendemall-mock clock set frozen',
        'sendemall-mock clock advance 5m',
        'sendemall-mock clock advance --until settled',
      ),
    )
    .addCommand(show(terminal), { isDefault: true })
    .addCommand(set(terminal))
    .addCommand(advance(terminal));
