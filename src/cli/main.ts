/**
 * The command line: the commands, their errors and the exit status.
 * 0 success, 1 the check failed, 2 invalid usage, bad configuration or nothing reachable, 130 interrupted.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import packageJson from '../../package.json' with { type: 'json' };
import { ApiError } from '../client/api-error.ts';
import { Problem } from '../domain/problems.ts';
import { command as commandStyle, fitHelp, heading, section } from './help.ts';
import {
  aborted,
  exitWith,
  listenForSignals,
  statusOfInterruption,
  watchOutput,
} from './interruptions.ts';
import { checkSwitches } from './options.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { reword } from './usage-text.ts';
import { CONFIG_FILE } from './verify/config-name.ts';

type Build = (terminal: Terminal) => CommandUnknownOpts;

/** Headings in the help. */
const GROUPS = {
  run: 'Run:',
  inspect: 'Inspect:',
  break: 'Break things:',
  judge: 'Judge a receiver:',
  contract: 'Contract and tools:',
} as const;

interface Entry {
  readonly name: string;
  readonly group: keyof typeof GROUPS;
  readonly summary: string;
  /** Loads the command on demand, so that `serve` does not wait for the others. */
  readonly load: () => Promise<Build>;
  /** True if it cleans up when interrupted. All others end at once, whatever they wait for. */
  readonly endsInOrder?: true;
}

const COMMANDS: readonly Entry[] = [
  {
    name: 'serve',
    group: 'run',
    endsInOrder: true,
    summary: 'start the sandbox',
    load: () => import('./commands/serve.ts').then((module) => module.serve),
  },
  {
    name: 'init',
    group: 'run',
    summary: 'write a correct receiver and its configuration',
    load: () => import('./commands/init.ts').then((module) => module.init),
  },
  {
    name: 'trigger',
    group: 'run',
    summary: 'trigger an event',
    load: () => import('./commands/trigger.ts').then((module) => module.trigger),
  },
  {
    name: 'scenario',
    group: 'run',
    endsInOrder: true,
    summary: 'run a built-in campaign scenario',
    load: () => import('./commands/scenario.ts').then((module) => module.scenario),
  },
  {
    name: 'clock',
    group: 'run',
    summary: "show, set and advance an account's clock",
    load: () => import('./commands/clock.ts').then((module) => module.clock),
  },
  {
    name: 'reset',
    group: 'run',
    summary: 'empty an account',
    load: () => import('./commands/reset.ts').then((module) => module.reset),
  },
  {
    name: 'snapshot',
    group: 'run',
    summary: 'save and load an account',
    load: () => import('./commands/snapshot.ts').then((module) => module.snapshot),
  },
  {
    name: 'tail',
    group: 'inspect',
    summary: 'print attempts as they are made',
    load: () => import('./commands/tail.ts').then((module) => module.tail),
  },
  {
    name: 'deliveries',
    group: 'inspect',
    summary: 'list, show and repeat deliveries',
    load: () => import('./commands/deliveries.ts').then((module) => module.deliveries),
  },
  {
    name: 'events',
    group: 'inspect',
    summary: 'list and show events',
    load: () => import('./commands/events.ts').then((module) => module.events),
  },
  {
    name: 'dead-letters',
    group: 'inspect',
    summary: 'list, acknowledge and redeliver dead letters',
    load: () => import('./commands/dead-letters.ts').then((module) => module.deadLetters),
  },
  {
    name: 'webhooks',
    group: 'inspect',
    summary: 'list, register, change and delete webhooks',
    load: () => import('./commands/webhooks.ts').then((module) => module.webhooks),
  },
  {
    name: 'campaigns',
    group: 'inspect',
    summary: 'list, show and pause campaigns',
    load: () => import('./commands/campaigns.ts').then((module) => module.campaigns),
  },
  {
    name: 'open',
    group: 'inspect',
    summary: 'open the sandbox in the browser',
    load: () => import('./commands/open.ts').then((module) => module.open),
  },
  {
    name: 'health',
    group: 'inspect',
    summary: 'check whether a sandbox is ready',
    load: () => import('./commands/health.ts').then((module) => module.health),
  },
  {
    name: 'faults',
    group: 'break',
    summary: "inject faults on the sender's side",
    load: () => import('./commands/faults.ts').then((module) => module.faults),
  },
  {
    name: 'sinks',
    group: 'break',
    summary: "inspect and stub your receiver's outbound calls",
    load: () => import('./commands/sinks.ts').then((module) => module.sinks),
  },
  {
    name: 'verify',
    group: 'judge',
    endsInOrder: true,
    summary: 'check a receiver against the contract',
    load: () => import('./commands/verify.ts').then((module) => module.verify),
  },
  {
    name: 'check-signature',
    group: 'judge',
    summary: 'check a signature and explain a mismatch',
    load: () => import('./commands/check-signature.ts').then((module) => module.checkSignature),
  },
  {
    name: 'sign',
    group: 'judge',
    summary: 'sign a body as the provider does',
    load: () => import('./commands/sign.ts').then((module) => module.sign),
  },
  {
    name: 'spec',
    group: 'contract',
    summary: 'print the API descriptions',
    load: () => import('./commands/spec.ts').then((module) => module.spec),
  },
  {
    name: 'explain',
    group: 'judge',
    summary: 'explain a check of verify',
    load: () => import('./commands/explain.ts').then((module) => module.explainCommand),
  },
  {
    name: 'docs',
    group: 'contract',
    summary: 'print the documentation',
    load: () => import('./commands/docs.ts').then((module) => module.docs),
  },
  {
    name: 'completion',
    group: 'contract',
    summary: 'print a shell completion script',
    load: () => import('./commands/completion.ts').then((module) => module.completion),
  },
];

const START_HERE = section(
  'Start here',
  'sendemall-mock serve :3000/webhooks/sendemall     send signed events there',
  'sendemall-mock trigger replied                    send one now',
  'sendemall-mock verify :3000/webhooks/sendemall    check the receiver',
).replace(/^\n/, '');

const LEARN_MORE = section(
  'Learn more',
  'sendemall-mock <command> --help                   options of a command',
  'sendemall-mock docs                               pages of the documentation',
);

const helpCommand = (): Command => {
  const help = new Command('help').description('print help for a command').helpOption(false);
  help.argument('[command]');
  return help;
};

const inherit = (command: CommandUnknownOpts, parent: CommandUnknownOpts): void => {
  command.copyInheritedSettings(parent);
  if (command.commands.length > 0) command.addHelpCommand(helpCommand());
  for (const child of command.commands) inherit(child, command);
};

/** Create the program with only the needed commands loaded; the others have just a name and a summary. */
const createProgram = async (
  terminal: Terminal,
  isNeeded: (name: string) => boolean,
): Promise<CommandUnknownOpts> => {
  const program: CommandUnknownOpts = new Command('sendemall-mock')
    .description(
      'A mock of SendEmAll webhooks on localhost, and a conformance suite for receivers.',
    )
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpText('before', `${START_HERE}\n`)
    .addHelpText('after', LEARN_MORE)
    .showHelpAfterError('Run it with --help for usage.')
    .configureOutput({
      outputError: (text, write) => write(reword(text)),
      writeOut: (text) => terminal.print(fitHelp(text, terminal.width).replace(/\n$/, '')),
    })
    .configureHelp({
      showGlobalOptions: false,
      styleTitle: heading,
      styleCommandText: commandStyle,
      styleSubcommandTerm: commandStyle,
      styleOptionTerm: commandStyle,
    })
    .exitOverride()
    .addHelpCommand(helpCommand().helpGroup(GROUPS.contract));
  for (const { name, group, summary, load } of COMMANDS) {
    const build = isNeeded(name) ? await load() : () => new Command(name);
    const command = build(terminal).summary(summary).helpGroup(GROUPS[group]);
    inherit(command, program);
    program.addCommand(command);
  }
  return program;
};

const statusOf = (error: unknown, terminal: Terminal): number => {
  if (terminal.signal.aborted) return statusOfInterruption(terminal.signal);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    terminal.note(`error: ${error.message}`);
  } else if (error instanceof ApiError) {
    terminal.note(`error: ${error.message}`);
    if (error.code === 'UNREACHABLE' || error.code === 'UNEXPECTED_ANSWER') {
      terminal.note('Pass another URL with --sandbox-url, or set SENDEMALL_MOCK_SANDBOX_URL.');
    }
  } else if (error instanceof Problem) {
    terminal.note(`error: ${error.message}`);
  } else {
    terminal.note(
      `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    terminal.note('This is a bug in sendemall-mock. Please report it with the lines above.');
  }
  return 2;
};

/** What people type for a command. */
const ALIASES: Readonly<Record<string, string>> = {
  listen: 'serve',
  start: 'serve',
  logs: 'tail',
  version: '--version',
  '-v': '--version',
};

/** The arguments as commander takes them: flags of all commands behind the command, and its real name. */
const normalized = (given: readonly string[]): readonly string[] => {
  const flags: string[] = [];
  const rest = [...given];
  for (;;) {
    const [flag = ''] = rest;
    if (!/^--(?:json|(?:sandbox-url|api-key)(?:=.*)?)$/.test(flag)) break;
    const takesNext = flag === '--sandbox-url' || flag === '--api-key';
    flags.push(...rest.splice(0, takesNext ? 2 : 1));
  }
  const [name, ...others] = rest;
  if (name === undefined) return given;
  return [ALIASES[name] ?? name, ...others, ...flags];
};
/** Without arguments, start the sandbox if the folder has a configuration for it. */
const argsOrDefault = (given: readonly string[]): readonly string[] =>
  given.length === 0 && existsSync(CONFIG_FILE) ? ['serve'] : given;

const run = async (
  given: readonly string[],
  terminal: Terminal & { readonly failed: boolean },
): Promise<number> => {
  try {
    checkSwitches(terminal.env);
    const args = normalized(argsOrDefault(given));
    const wanted = args.filter((arg) => !arg.startsWith('-')).slice(0, 2);
    const isNeeded = (name: string): boolean =>
      wanted[0] === 'completion' ||
      wanted[0] === name ||
      (wanted[0] === 'help' && wanted[1] === name);
    const program = await createProgram(terminal, isNeeded);
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return 2;
    }
    const command = program.parseAsync(args, { from: 'user' });
    const endsInOrder = COMMANDS.some((one) => one.name === wanted[0] && one.endsInOrder);
    await (endsInOrder ? command : Promise.race([command, aborted(terminal.signal)]));
    return terminal.failed ? 1 : 0;
  } catch (error) {
    return statusOf(error, terminal);
  }
};

/** Run one command line and exit with its status. */
export const main = async (args: readonly string[]): Promise<void> => {
  exitWith(await run(args, processTerminal(listenForSignals(), watchOutput())));
};
