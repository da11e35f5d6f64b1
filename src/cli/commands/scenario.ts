/**
 * `scenario`: campaigns that are ready to run, against a receiver or in a running sandbox.
 *
 * @module
 */
import { Argument, Command, Option } from '@commander-js/extra-typings';
import { ScenarioName } from '../../../schemas/sandbox.ts';
import { createClient, type Client } from '../../client/create-client.ts';
import { DEFAULT_PORT, createMock, type Mock } from '../../create-mock.ts';
import { connect } from '../connect.ts';
import {
  apiKeyOption,
  checkSecret,
  DEFAULT_API_KEY,
  httpUrl,
  jsonOption,
  sandboxUrlOption,
  secretOf,
  secretOption,
  wholeNumber,
} from '../options.ts';
import { table } from '../output/table.ts';
import { runScenario, type Outcome } from '../scenario/run.ts';
import { printOutcome } from '../scenario/show.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list the scenarios')
    .description('Lists the scenarios of a running sandbox.')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { signal } = terminal;
      const scenarios = await connect(options, terminal).scenarios.list({ signal });
      if (options.json) {
        terminal.printJson(scenarios, true);
        return;
      }
      const rows = scenarios.map(({ name, leads, description }) => [
        name,
        String(leads),
        description,
      ]);
      for (const line of table([['scenario', 'leads', 'what happens'], ...rows]))
        terminal.print(line);
    });

/** A receiver that answers first and pauses a campaign afterwards needs real time to do so. */
const PACED: ReadonlySet<ScenarioName> = new Set(['bounce-spike']);
const PACE = '3600x';

interface ToOptions {
  readonly to: string;
  readonly secret: string;
  readonly port: number;
  readonly clock: string;
  readonly seed: number | undefined;
}

/** A sandbox for this run alone, with the receiver registered for all events. */
const ownSandbox = async ({ to, secret, port, clock, seed }: ToOptions): Promise<Mock> => {
  let mock: Mock;
  try {
    mock = await createMock({
      port,
      clock,
      allowPublicTargets: true,
      ...(seed === undefined ? {} : { seed }),
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const account = await mock.engine.open(DEFAULT_API_KEY);
  await account.register({ url: to, events: ['*'], secret });
  return mock;
};

const EXAMPLES = `
Examples:
  sendemall-mock scenario run reply --to http://localhost:3000/webhooks/sendemall
  sendemall-mock scenario run full-campaign --leads 500 --to http://localhost:3000/webhooks/sendemall
  sendemall-mock scenario run bounce-spike

With --to it brings a sandbox of its own, on --port, which the receiver may call: to pause the campaign, say.
Without it the scenario runs in the sandbox at --sandbox-url, whose clock is moved on until all is settled.`;

const run = (terminal: Terminal) =>
  new Command('run')
    .summary('run one, and say what came of it')
    .description(
      'Runs a scenario to its end, and says what came of it. Ends with status 1 when an event was given up.',
    )
    .addArgument(new Argument('<scenario>', 'which one').choices(ScenarioName.options))
    .addOption(new Option('--to <url>', 'the receiver; brings a sandbox along').argParser(httpUrl))
    .addOption(secretOption("the receiver's signing secret; with --to"))
    .addOption(
      new Option('--leads <number>', 'how many leads it has').argParser(wholeNumber(1, 10_000)),
    )
    .addOption(
      new Option('--seed <number>', 'the same seed makes the same stream; with --to').argParser(
        wholeNumber(0, 0xffff_ffff),
      ),
    )
    .addOption(
      new Option('--port <number>', 'where its own sandbox listens; 0 takes a free one')
        .default(DEFAULT_PORT)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option(
        '--clock <mode>',
        `of its own sandbox: frozen goes as fast as the receiver answers, a rate such as 3600x leaves it time (default: ${PACE} for bounce-spike, else frozen)`,
      ),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(async (scenario, options) => {
      const { to, leads, seed, port } = options;
      const play = (client: Client): Promise<Outcome> =>
        runScenario(client, { scenario, ...(leads === undefined ? {} : { leads }) }, terminal);
      const show = (outcome: Outcome): void => {
        if (options.json) terminal.printJson(outcome, true);
        else printOutcome(outcome, terminal);
        if (outcome.dead > 0) terminal.fail();
      };
      if (to === undefined) {
        show(await play(connect(options, terminal)));
        return;
      }
      const secret = checkSecret(secretOf(options, terminal.env));
      const clock = options.clock ?? (PACED.has(scenario) ? PACE : 'frozen');
      const mock = await ownSandbox({ to, secret, port, clock, seed });
      try {
        const client = createClient({ baseUrl: mock.url, apiKey: DEFAULT_API_KEY });
        terminal.note(`The sandbox is ${mock.url}/v1, x-user-context: ${DEFAULT_API_KEY}.`);
        show(await play(client));
      } finally {
        await mock.close(0);
      }
    });

export const scenario = (terminal: Terminal) =>
  new Command('scenario')
    .description('Runs campaigns that are ready to run: what a receiver should be seen to handle.')
    .addCommand(run(terminal))
    .addCommand(list(terminal));
