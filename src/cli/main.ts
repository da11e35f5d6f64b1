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
import { examples, section } from './help.ts';
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
import { CONFIG_FILE } from './verify/config-name.ts';

type Build = (terminal: Terminal) => CommandUnknownOpts;

/** Headings in the help. */
const GROUPS = {
  core: 'Core commands:',
  sandbox: 'Sandbox commands:',
  tools: 'Tools:',
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
    group: 'core',
    endsInOrder: true,
    summary: 'start the sandbox',
    load: () => import('./commands/serve.ts').then(({ serve }) => serve),
  },
  {
    name: 'init',
    group: 'core',
    summary: 'write a correct receiver and its configuration',
    load: () => import('./commands/init.ts').then(({ init }) => init),
  },
  {
    name: 'verify',
    group: 'core',
    endsInOrder: true,
    summary: 'check a receiver against the contract',
    load: () => import('./commands/verify.ts').then(({ verify }) => verify),
  },
  {
    name: 'trigger',
    group: 'core',
    summary: 'trigger an event',
    load: () => import('./commands/trigger.ts').then(({ trigger }) => trigger),
  },
  {
    name: 'deliveries',
    group: 'sandbox',
    summary: 'list, show and repeat deliveries',
    load: () => import('./commands/deliveries.ts').then(({ deliveries }) => deliveries),
  },
  {
    name: 'dead-letters',
    group: 'sandbox',
    summary: 'list, acknowledge and redeliver dead letters',
    load: () => import('./commands/dead-letters.ts').then(({ deadLetters }) => deadLetters),
  },
  {
    name: 'scenario',
    group: 'core',
    endsInOrder: true,
    summary: 'run a built-in campaign scenario',
    load: () => import('./commands/scenario.ts').then(({ scenario }) => scenario),
  },
  {
    name: 'faults',
    group: 'sandbox',
    summary: "inject faults on the sender's side",
    load: () => import('./commands/faults.ts').then(({ faults }) => faults),
  },
  {
    name: 'sinks',
    group: 'sandbox',
    summary: "inspect and stub your receiver's outbound calls",
    load: () => import('./commands/sinks.ts').then(({ sinks }) => sinks),
  },
  {
    name: 'clock',
    group: 'sandbox',
    summary: "show, set and advance an account's clock",
    load: () => import('./commands/clock.ts').then(({ clock }) => clock),
  },
  {
    name: 'sign',
    group: 'tools',
    summary: 'sign a body as the provider does',
    load: () => import('./commands/sign.ts').then(({ sign }) => sign),
  },
  {
    name: 'check-signature',
    group: 'tools',
    summary: 'check a signature and explain a mismatch',
    load: () => import('./commands/check-signature.ts').then((module) => module.checkSignature),
  },
  {
    name: 'spec',
    group: 'tools',
    summary: 'print the API descriptions',
    load: () => import('./commands/spec.ts').then(({ spec }) => spec),
  },
  {
    name: 'docs',
    group: 'tools',
    summary: 'print the documentation',
    load: () => import('./commands/docs.ts').then(({ docs }) => docs),
  },
  {
    name: 'health',
    group: 'sandbox',
    summary: 'check whether a sandbox is ready',
    load: () => import('./commands/health.ts').then(({ health }) => health),
  },
  {
    name: 'completion',
    group: 'tools',
    summary: 'print a shell completion script',
    load: () => import('./commands/completion.ts').then(({ completion }) => completion),
  },
];

const SECTIONS = [
  examples(
    'sendemall-mock serve --forward-to http://localhost:3000/webhooks/sendemall',
    'sendemall-mock verify http://localhost:3000/webhooks/sendemall \\',
    '  --secret whsec_your-signing-secret',
    'sendemall-mock trigger email.replied --wait',
    'sendemall-mock clock advance --until settled',
  ),
  section(
    'Learn more',
    'sendemall-mock <command> --help describes the options of a command.',
    'sendemall-mock docs lists the pages of the documentation.',
  ),
].join('\n');

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
    .addHelpText('after', SECTIONS)
    .showHelpAfterError('Run it with --help for usage.')
    .configureHelp({ showGlobalOptions: false })
    .exitOverride()
    .addHelpCommand(helpCommand().helpGroup(GROUPS.tools));
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

/** Without arguments, start the sandbox if the folder has a configuration for it. */
const argsOrDefault = (given: readonly string[]): readonly string[] =>
  given.length === 0 && existsSync(CONFIG_FILE) ? ['serve'] : given;

const run = async (
  given: readonly string[],
  terminal: Terminal & { readonly failed: boolean },
): Promise<number> => {
  try {
    const args = argsOrDefault(given);
    checkSwitches(terminal.env);
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
