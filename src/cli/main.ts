/**
 * The command line: which commands there are, how they are called, and with which status the process ends.
 * 0 fine, 1 the thing checked failed, 2 wrong usage, bad configuration or nothing that answers, 130 Ctrl-C.
 *
 * @module
 */
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import packageJson from '../../package.json' with { type: 'json' };
import { ApiError } from '../client/api-error.ts';
import { Problem } from '../domain/problems.ts';
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

type Build = (terminal: Terminal) => CommandUnknownOpts;

interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Loaded when it is called, so that `serve` does not wait for the others. */
  readonly load: () => Promise<Build>;
  /** Closes what it has opened when it is interrupted. All others are ended at once, whatever they wait for. */
  readonly endsInOrder?: true;
}

const COMMANDS: readonly Entry[] = [
  {
    name: 'serve',
    endsInOrder: true,
    summary: 'start the sandbox',
    load: () => import('./commands/serve.ts').then(({ serve }) => serve),
  },
  {
    name: 'verify',
    endsInOrder: true,
    summary: 'judge a receiver by the contract',
    load: () => import('./commands/verify.ts').then(({ verify }) => verify),
  },
  {
    name: 'trigger',
    summary: 'make an event happen, through a sandbox or straight to a receiver',
    load: () => import('./commands/trigger.ts').then(({ trigger }) => trigger),
  },
  {
    name: 'deliveries',
    summary: 'list, show and repeat deliveries',
    load: () => import('./commands/deliveries.ts').then(({ deliveries }) => deliveries),
  },
  {
    name: 'dead-letters',
    summary: 'list, acknowledge and redeliver events that were given up',
    load: () => import('./commands/dead-letters.ts').then(({ deadLetters }) => deadLetters),
  },
  {
    name: 'scenario',
    endsInOrder: true,
    summary: 'run a campaign that is ready to run',
    load: () => import('./commands/scenario.ts').then(({ scenario }) => scenario),
  },
  {
    name: 'faults',
    summary: "make things go wrong on the sender's side",
    load: () => import('./commands/faults.ts').then(({ faults }) => faults),
  },
  {
    name: 'sinks',
    summary: 'see what a receiver calls, and say what it is answered',
    load: () => import('./commands/sinks.ts').then(({ sinks }) => sinks),
  },
  {
    name: 'clock',
    summary: "show, set and advance an account's clock",
    load: () => import('./commands/clock.ts').then(({ clock }) => clock),
  },
  {
    name: 'sign',
    summary: 'sign a body as the provider does',
    load: () => import('./commands/sign.ts').then(({ sign }) => sign),
  },
  {
    name: 'check-signature',
    summary: 'say whether a signature matches a body, and why not',
    load: () => import('./commands/check-signature.ts').then((module) => module.checkSignature),
  },
  {
    name: 'spec',
    summary: 'print the contract, and what in it is assumed',
    load: () => import('./commands/spec.ts').then(({ spec }) => spec),
  },
  {
    name: 'health',
    summary: 'say whether a sandbox is ready',
    load: () => import('./commands/health.ts').then(({ health }) => health),
  },
  {
    name: 'completion',
    summary: 'print a completion script for your shell',
    load: () => import('./commands/completion.ts').then(({ completion }) => completion),
  },
];

const EXAMPLES = `
Examples:
  sendemall-mock serve --forward-to http://localhost:3000/webhooks/sendemall
  sendemall-mock verify http://localhost:3000/webhooks/sendemall --secret whsec_your-signing-secret
  sendemall-mock trigger email.replied --wait
  sendemall-mock clock advance --until settled

Every flag of serve has a twin in the environment: --port is SENDEMALL_MOCK_PORT, and so on.`;

const inherit = (command: CommandUnknownOpts, parent: CommandUnknownOpts): void => {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
};

/** The program with the named commands complete, and the others as names. */
const createProgram = async (
  terminal: Terminal,
  isNeeded: (name: string) => boolean,
): Promise<CommandUnknownOpts> => {
  const program: CommandUnknownOpts = new Command('sendemall-mock')
    .description(
      'A mock SendEmAll: registers webhooks, signs, delivers, retries and dead-letters, on localhost.',
    )
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('Run it with --help for what there is.')
    .configureHelp({ showGlobalOptions: false })
    .exitOverride();
  for (const { name, summary, load } of COMMANDS) {
    const build = isNeeded(name) ? await load() : () => new Command(name);
    const command = build(terminal).summary(summary);
    inherit(command, program);
    program.addCommand(command);
  }
  return program;
};

/** The whole tree, for what describes it. */
export type CompleteProgram = () => Promise<CommandUnknownOpts>;

const statusOf = (error: unknown, terminal: Terminal): number => {
  if (terminal.signal.aborted) return statusOfInterruption(terminal.signal);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    terminal.note(`error: ${error.message}`);
  } else if (error instanceof ApiError) {
    terminal.note(`error: ${error.message}`);
    if (error.code === 'UNREACHABLE' || error.code === 'UNEXPECTED_ANSWER') {
      terminal.note('Pass another address with --sandbox-url, or set SENDEMALL_MOCK_SANDBOX_URL.');
    }
  } else if (error instanceof Problem) {
    terminal.note(`error: ${error.message}`);
  } else {
    terminal.note(
      `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    terminal.note('This is a bug in sendemall-mock: please report it with the lines above.');
  }
  return 2;
};

const run = async (
  args: readonly string[],
  terminal: Terminal & { readonly failed: boolean },
): Promise<number> => {
  try {
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

/** Runs one command line and ends the process with its status. */
export const main = async (args: readonly string[]): Promise<void> => {
  exitWith(await run(args, processTerminal(listenForSignals(), watchOutput())));
};
