/**
 * `scenario`: runs built-in campaign scenarios, against a receiver or in a running sandbox.
 *
 * @module
 */
import { Argument, Command, Option } from '@commander-js/extra-typings';
import { ScenarioName } from '../../../schemas/sandbox.ts';
import { createClient, type Client } from '../../client/create-client.ts';
import { SCENARIOS, startSandbox, type Mock, type StartedSandbox } from '../../create-mock.ts';
import { DEFAULT_API_KEY } from '../../domain/defaults.ts';
import { connect } from '../connect.ts';
import { examples, exitStatus, section } from '../help.ts';
import {
  apiKeyOption,
  checkSecret,
  httpUrl,
  jsonOption,
  sandboxUrlOption,
  secretOf,
  secretOption,
  wholeNumber,
} from '../options.ts';
import { wrap } from '../output/width.ts';
import { judge } from '../scenario/judge.ts';
import { runScenario, type Outcome } from '../scenario/run.ts';
import { FLAG_REMEDIES, usageErrorOf } from '../serve/start.ts';
import { printOutcome } from '../scenario/show.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list scenarios')
    .description('List the scenarios. Needs no sandbox.')
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock scenario list'))
    .action((options) => {
      if (options.json) {
        terminal.printJson(SCENARIOS, true);
        return;
      }
      for (const { name, leads, description } of SCENARIOS) {
        terminal.print(`${terminal.style('bold', name)} (${leads} leads)`);
        for (const line of wrap(description, terminal.width, 2)) terminal.print(line);
      }
    });

/** Scenarios in which the receiver acts after it has answered, which takes real time. */
const PACED: ReadonlySet<ScenarioName> = new Set(['bounce-spike']);
const PACE = '3600x';

interface ToOptions {
  readonly to: string;
  readonly secret: string;
  readonly port: number;
  readonly clock: string;
  readonly seed: number | undefined;
}

/**
 * Start a private sandbox with the receiver registered for all events.
 *
 * @throws {UsageError} if it cannot start
 */
const startPrivateSandbox = async ({ to, secret, port, clock, seed }: ToOptions): Promise<Mock> => {
  let mock: StartedSandbox;
  try {
    const options = { port, clock, ...(seed === undefined ? {} : { seed }) };
    mock = await startSandbox(
      { ...options, allowPublicTargets: true },
      {
        remedies: FLAG_REMEDIES,
      },
    );
  } catch (error) {
    throw usageErrorOf(error);
  }
  const account = await mock.engine.open(DEFAULT_API_KEY);
  await account.register({ url: to, events: ['*'], secret });
  return mock;
};

const RUN_SECTIONS = [
  section(
    'Where it runs',
    'With --to, in a private sandbox. If the receiver calls it, such as to pause',
    'the campaign, give it a --port that the receiver knows. Without --to, in the',
    'sandbox at --sandbox-url, whose clock is advanced until all have settled.',
  ),
  exitStatus({
    0: 'the receiver did what the scenario asks for, as far as a sandbox sees',
    1: 'an event became a dead letter, or the receiver did not pause the campaign',
    2: 'invalid usage, sandbox unreachable, or nothing to judge',
  }),
  examples(
    'sendemall-mock scenario run reply \\',
    '  --to http://localhost:3000/webhooks/sendemall',
    'sendemall-mock scenario run full-campaign --leads 500 \\',
    '  --to http://localhost:3000/webhooks/sendemall',
    'sendemall-mock scenario run bounce-spike',
  ),
].join('\n');

const run = (terminal: Terminal) =>
  new Command('run')
    .summary('run a scenario and report the result')
    .description('Run a scenario to its end and report the deliveries by event.')
    .addArgument(new Argument('<scenario>', 'scenario to run').choices(ScenarioName.options))
    .addOption(new Option('--to <url>', 'receiver; starts a private sandbox').argParser(httpUrl))
    .addOption(secretOption("the receiver's signing secret, with --to"))
    .addOption(new Option('--leads <number>', 'number of leads').argParser(wholeNumber(1, 10_000)))
    .addOption(
      new Option('--seed <number>', 'seed for generated data, with --to').argParser(
        wholeNumber(0, 0xffff_ffff),
      ),
    )
    .addOption(
      new Option(
        '--port <number>',
        'port of the private sandbox, for a receiver that calls it; 0 selects a free one',
      )
        .default(0)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option(
        '--clock <mode>',
        `clock of the private sandbox: frozen runs as fast as the receiver answers, a rate such as 3600x gives it time (default: ${PACE} for bounce-spike, else frozen)`,
      ),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', RUN_SECTIONS)
    .action(async (scenario, options) => {
      const { to, leads, seed, port } = options;
      const play = (client: Client): Promise<Outcome> =>
        runScenario(client, { scenario, ...(leads === undefined ? {} : { leads }) }, terminal);
      const show = (outcome: Outcome): void => {
        const judgement = judge(outcome);
        const { findings, inconclusive } = judgement;
        if (options.json) terminal.printJson({ ...outcome, judgement }, true);
        else printOutcome(outcome, judgement, terminal);
        if (findings.length > 0) terminal.fail();
        if (inconclusive !== null) throw new UsageError(`Nothing to judge: ${inconclusive}.`);
      };
      if (to === undefined) {
        show(await play(connect(options, terminal)));
        return;
      }
      const secret = checkSecret(secretOf(options, terminal.env));
      const clock = options.clock ?? (PACED.has(scenario) ? PACE : 'frozen');
      const mock = await startPrivateSandbox({ to, secret, port, clock, seed });
      try {
        const client = createClient({ baseUrl: mock.url, apiKey: DEFAULT_API_KEY });
        terminal.note(`Private sandbox: ${mock.url}/v1, x-user-context: ${DEFAULT_API_KEY}`);
        show(await play(client));
      } finally {
        await mock.close(0);
      }
    });

export const scenario = (terminal: Terminal) =>
  new Command('scenario')
    .description('Run built-in campaign scenarios.')
    .addHelpText(
      'after',
      examples(
        'sendemall-mock scenario list',
        'sendemall-mock scenario run reply \\',
        '  --to http://localhost:3000/webhooks/sendemall',
      ),
    )
    .addCommand(run(terminal))
    .addCommand(list(terminal));
