/**
 * `clock`: the account's virtual clock, on which retries wait.
 *
 * @module
 */
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { AdvanceRequest, Clock, SetClockRequest } from '../../../schemas/sandbox.ts';
import { formatSpan, parseSpan, parseTime, toSandboxTime } from '../../domain/time.ts';
import { connect } from '../connect.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption } from '../options.ts';
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
    ['next due', clock.next_due_at ?? 'nothing waits'],
    ['in flight', String(clock.in_flight)],
    ['pending', String(clock.pending)],
  ]);
  for (const line of lines) terminal.print(line);
};

const show = (terminal: Terminal) =>
  new Command('show')
    .summary('show mode, time and what waits')
    .description('Shows the mode, the time and what waits.')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { signal } = terminal;
      const clock = await connect(options, terminal).clock.get({ signal });
      printClock(clock, options.json, terminal);
    });

/** Reads `realtime`, `skip`, `frozen`, or a rate such as `60x`. */
const setting = (text: string): SetClockRequest => {
  if (text === 'realtime' || text === 'skip' || text === 'frozen') return { mode: text };
  const rate = Number(/^(\d+(?:\.\d+)?)x$/.exec(text)?.[1]);
  if (rate > 0) return { mode: 'scaled', rate };
  throw new InvalidArgumentError('Use realtime, skip, frozen, or a rate such as 60x.');
};

const set = (terminal: Terminal) =>
  new Command('set')
    .summary('change the mode: realtime, skip, frozen, 60x')
    .description(
      'Changes the mode. realtime: as it is; 60x: so many times as fast; skip: jumps to what is due next; frozen: moves by advance only.',
    )
    .argument('<mode>', 'realtime, skip, frozen, or a rate such as 60x', setting)
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (mode, options) => {
      const { signal } = terminal;
      const clock = await connect(options, terminal).clock.set(mode, { signal });
      printClock(clock, options.json, terminal);
    });

const span = (text: string): number => {
  const millis = parseSpan(text);
  if (millis !== null) return millis;
  throw new InvalidArgumentError('Give a span such as 5m, 1h30m, 90s or PT5M.');
};

const time = (text: string): string => {
  const at = parseTime(text);
  if (at !== null) return toSandboxTime(at);
  throw new InvalidArgumentError('Give RFC 3339, e.g. 2026-04-06T12:00:00Z.');
};

interface Targets {
  readonly to?: string | undefined;
  readonly until?: 'settled' | 'next-attempt' | undefined;
}

const targetOf = (by: number | undefined, { to, until }: Targets): AdvanceRequest => {
  const given = [by, to, until].filter((one) => one !== undefined).length;
  if (given !== 1) {
    throw new UsageError(
      `${given === 0 ? 'Nothing says' : 'Too much says'} how far: give one of a span (5m), --to and --until.`,
    );
  }
  if (by !== undefined) return { by };
  if (to !== undefined) return { to };
  return { until: until === 'settled' ? 'settled' : 'next_attempt' };
};

const advance = (terminal: Terminal) =>
  new Command('advance')
    .summary('move it on, making every attempt that falls due')
    .description(
      'Moves the clock on and makes every attempt that falls due on the way, each at its exact time. Answers when all of them have settled.',
    )
    .argument('[span]', 'how far: 5m, 1h30m, 90s', span)
    .addOption(new Option('--to <time>', 'to this time (RFC 3339)').argParser(time))
    .addOption(
      new Option(
        '--until <what>',
        'until nothing waits, or until the next attempt has been made',
      ).choices(['settled', 'next-attempt'] as const),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (by, options) => {
      const target = targetOf(by, options);
      const { signal } = terminal;
      const result = await connect(options, terminal).clock.advance(target, { signal });
      if (options.json) {
        terminal.printJson(result, true);
        return;
      }
      const moved = formatSpan(Date.parse(result.to) - Date.parse(result.from));
      terminal.print(`${result.from} → ${result.to} (${moved}), ${result.attempts} attempts made.`);
    });

export const clock = (terminal: Terminal) =>
  new Command('clock')
    .description("Shows, sets and advances the account's clock, on which retries wait.")
    .addHelpText(
      'after',
      `
Examples:
  sendemall-mock clock
  sendemall-mock clock set frozen
  sendemall-mock clock advance 5m
  sendemall-mock clock advance --until settled`,
    )
    .addCommand(show(terminal), { isDefault: true })
    .addCommand(set(terminal))
    .addCommand(advance(terminal));
