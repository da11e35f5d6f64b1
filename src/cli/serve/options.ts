/**
 * The flags of `serve`, by section of its help.
 *
 * @module
 */
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { ProfileName } from '../../../schemas/sandbox.ts';
import { CHAOS_LEVELS, DEFAULT_CONCURRENCY } from '../../mock-options.ts';
import { DEFAULT_HOST, DEFAULT_PORT } from '../../domain/defaults.ts';
import { parseDuration } from '../../domain/time.ts';
import { gather, httpUrl, jsonOption, secretOption, wholeNumber } from '../options.ts';

const attemptTimeoutMs = (text: string): number => {
  const millis = parseDuration(text);
  if (millis !== null && millis >= 1 && millis <= 600_000) return millis;
  throw new InvalidArgumentError('Pass a duration from 1ms to 10m, such as 500ms or 10s.');
};

/** Collects host names: repeated flags, each a list separated by commas. */
const hosts = (text: string, before: readonly string[] | undefined): string[] => [
  ...(before ?? []),
  ...text
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== ''),
];

const network = () =>
  new Command('serve')
    .argument('[url]', 'receiver; the same as --forward-to', httpUrl)
    .optionsGroup('Network:')
    .addOption(
      new Option('--port <number>', 'port to listen on; 0 selects a free port')
        .env('SENDEMALL_MOCK_PORT')
        .default(DEFAULT_PORT)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option('--host <address>', 'address to bind; 0.0.0.0 binds all interfaces')
        .env('SENDEMALL_MOCK_HOST')
        .default(DEFAULT_HOST),
    )
    .addOption(
      new Option(
        '--allowed-host <name>',
        'additional host name to accept requests for (repeatable)',
      )
        .env('SENDEMALL_MOCK_ALLOWED_HOST')
        .argParser(hosts),
    );

const withForwarding = (command: ReturnType<typeof network>) =>
  command
    .optionsGroup('Delivery:')
    .addOption(
      new Option('--forward-to <url>', 'register this receiver for all events')
        .env('SENDEMALL_MOCK_FORWARD_TO')
        .argParser(httpUrl),
    )
    .addOption(
      secretOption(
        'signing secret for --forward-to, 8 to 256 characters (default: generated, the same at every start in a folder)',
      ),
    )
    .addOption(
      new Option(
        '--attempt-timeout <duration>',
        'real time a receiver has to answer (default: 10s)',
      )
        .env('SENDEMALL_MOCK_ATTEMPT_TIMEOUT')
        .argParser(attemptTimeoutMs),
    )
    .addOption(
      new Option('--concurrency <number>', 'attempts in flight per webhook')
        .env('SENDEMALL_MOCK_CONCURRENCY')
        .default(DEFAULT_CONCURRENCY)
        .argParser(wholeNumber(1, 1024)),
    )
    .addOption(
      new Option('--allow-public-targets', 'also deliver to public addresses').env(
        'SENDEMALL_MOCK_ALLOW_PUBLIC_TARGETS',
      ),
    );

const withSimulation = (command: ReturnType<typeof withForwarding>) =>
  command
    .optionsGroup('Simulation:')
    .addOption(
      new Option('--clock <mode>', 'realtime, skip, frozen, or a rate such as 60x')
        .env('SENDEMALL_MOCK_CLOCK')
        .default('realtime'),
    )
    .addOption(
      new Option('--seed <number>', 'seed for generated data (default: random)')
        .env('SENDEMALL_MOCK_SEED')
        .argParser(wholeNumber(0, 0xffff_ffff)),
    )
    .addOption(
      new Option('--profile <name>', 'how the leads of new campaigns behave')
        .env('SENDEMALL_MOCK_PROFILE')
        .choices(ProfileName.options)
        .default('average' as const),
    )
    .addOption(
      new Option('--chaos <level>', 'inject sender-side faults in every account')
        .env('SENDEMALL_MOCK_CHAOS')
        .choices(CHAOS_LEVELS),
    );

const withAccounts = (command: ReturnType<typeof withSimulation>) =>
  command
    .optionsGroup('Accounts:')
    .addOption(
      new Option(
        '--db <file-or-url>',
        'keep state in this SQLite file, or in PostgreSQL at postgres://… (default: in memory)',
      ).env('SENDEMALL_MOCK_DB'),
    )
    .addOption(
      new Option(
        '--node-url <url>',
        'with PostgreSQL: URL at which the other nodes reach this one (default: its own address)',
      ).env('SENDEMALL_MOCK_NODE_URL'),
    )
    .addOption(
      new Option(
        '--api-key <key>',
        'accept only these API keys (repeatable; env: SENDEMALL_MOCK_API_KEY, comma-separated; default: accept any)',
      ).argParser(gather),
    )
    .addOption(
      new Option(
        '--no-rate-limit',
        'disable the limit of 60 requests and 10 new campaigns per minute and key (env: SENDEMALL_MOCK_NO_RATE_LIMIT)',
      ),
    );

/** The command `serve` with all its flags, without its action. */
export const serveCommand = () =>
  withAccounts(withSimulation(withForwarding(network())))
    .optionsGroup('Options:')
    .addOption(
      new Option(
        '--config <file>',
        'read URL, secret and clock from a config file of verify (default: sendemall-mock.json, if it exists)',
      ).env('SENDEMALL_MOCK_CONFIG'),
    )
    .addOption(
      new Option('--verbose', 'log requests and details to stderr').env('SENDEMALL_MOCK_VERBOSE'),
    )
    .addOption(jsonOption());

/** Values of the flags, as parsed. */
export type ServeFlags = ReturnType<ReturnType<typeof serveCommand>['opts']>;
