/**
 * `serve`: the sandbox on a port, until it is told to stop.
 *
 * @module
 */
import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { ProfileName } from '../../../schemas/sandbox.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import {
  CHAOS_LEVELS,
  createMock,
  DEFAULT_CONCURRENCY,
  DEFAULT_HOST,
  DEFAULT_PORT,
  MockOptionError,
  type Mock,
  type MockOptions,
} from '../../create-mock.ts';
import { parseSpan } from '../../domain/time.ts';
import {
  checkKey,
  checkSecret,
  DEFAULT_API_KEY,
  gather,
  httpUrl,
  jsonOption,
  keysOf,
  secretOption,
  wholeNumber,
} from '../options.ts';
import { announce } from '../serve/announce.ts';
import { registerForwarding, type Account, type Forwarding } from '../serve/forward.ts';
import { keepForwarding } from '../serve/keep-forwarding.ts';
import { logToStderr } from '../serve/log.ts';
import { watchAttempts } from '../serve/watch.ts';
import { Interrupted, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const timeout = (text: string): number => {
  const millis = parseSpan(text);
  if (millis !== null && millis >= 1 && millis <= 600_000) return millis;
  throw new InvalidArgumentError('Give a span from 1ms to 10m, e.g. 500ms or 10s.');
};

const hosts = (text: string, before: readonly string[] | undefined): string[] =>
  text
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '')
    .reduce<string[]>((all, host) => gather(host, all), [...(before ?? [])]);

/** Options of `createMock` by the flag that they come from. */
const FLAGS: Partial<Record<keyof MockOptions, string>> = {
  attemptTimeoutMs: '--attempt-timeout',
  apiKeys: '--api-key',
  allowPublicTargets: '--allow-public-targets',
  allowedHosts: '--allowed-host',
};

/** A port that is taken, a database in use: what goes wrong at the start can be mended, and says how. */
const usageErrorOf = (error: unknown): UsageError => {
  if (!(error instanceof MockOptionError)) {
    return new UsageError(error instanceof Error ? error.message : String(error));
  }
  const flag = FLAGS[error.option] ?? `--${error.option}`;
  return new UsageError(flag + error.message.slice(error.option.length));
};

const start = async (options: MockOptions): Promise<Mock> => {
  try {
    return await createMock(options);
  } catch (error) {
    throw usageErrorOf(error);
  }
};

/** Forwards until it stops, with the secret that the webhook has now. */
const forward = async (
  account: Account,
  forwarding: Forwarding,
  terminal: Terminal,
  json: boolean,
): Promise<void> => {
  const { secret } = await account.webhook(forwarding.webhookId);
  keepForwarding({ account, forwarding, secret }, terminal, json);
};

const EXAMPLES = `
Examples:
  sendemall-mock serve --forward-to http://localhost:3000/webhooks/sendemall
  sendemall-mock serve --clock skip --seed 7
  sendemall-mock serve --db sandbox.db --port 0 --json`;

const describeClock = async (account: Account): Promise<string> => {
  const { mode, rate } = await account.clock();
  return mode === 'scaled' ? `${rate}x` : mode;
};

export const serve = (terminal: Terminal) =>
  new Command('serve')
    .description(
      "Starts the sandbox: the provider's API on /v1, its own on /_sandbox. Every x-user-context is an account of its own. Each attempt of the account shown is printed as a line.",
    )
    .addOption(
      new Option('--port <number>', 'port to listen on; 0 takes a free one')
        .env('SENDEMALL_MOCK_PORT')
        .default(DEFAULT_PORT)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option('--host <address>', 'address to bind; 0.0.0.0 is all of them')
        .env('SENDEMALL_MOCK_HOST')
        .default(DEFAULT_HOST),
    )
    .addOption(
      new Option('--forward-to <url>', 'register this receiver for all events')
        .env('SENDEMALL_MOCK_FORWARD_TO')
        .argParser(httpUrl),
    )
    .addOption(
      secretOption(
        "that receiver's signing secret, 8 to 256 characters; one is made when it is left out",
      ),
    )
    .addOption(
      new Option('--db <file>', 'keep state in this SQLite file (default: memory)').env(
        'SENDEMALL_MOCK_DB',
      ),
    )
    .addOption(
      new Option('--clock <mode>', 'realtime, skip, frozen, or a rate such as 60x')
        .env('SENDEMALL_MOCK_CLOCK')
        .default('realtime'),
    )
    .addOption(
      new Option('--seed <number>', 'seed of everything generated (default: another one each time)')
        .env('SENDEMALL_MOCK_SEED')
        .argParser(wholeNumber(0, 0xffff_ffff)),
    )
    .addOption(
      new Option(
        '--api-key <key>',
        'only these keys are accounts; repeatable (env: SENDEMALL_MOCK_API_KEY, parted by commas; default: any key is)',
      ).argParser(gather),
    )
    .addOption(
      new Option(
        '--attempt-timeout <span>',
        'real time that a receiver has to answer (default: 10s)',
      )
        .env('SENDEMALL_MOCK_ATTEMPT_TIMEOUT')
        .argParser(timeout),
    )
    .addOption(
      new Option('--concurrency <number>', 'attempts in flight per webhook')
        .env('SENDEMALL_MOCK_CONCURRENCY')
        .default(DEFAULT_CONCURRENCY)
        .argParser(wholeNumber(1, 1024)),
    )
    .addOption(
      new Option('--allow-public-targets', 'deliver to public addresses too').env(
        'SENDEMALL_MOCK_ALLOW_PUBLIC_TARGETS',
      ),
    )
    .addOption(
      new Option(
        '--chaos <level>',
        "make things go wrong on the sender's side, in every account; says at the start what",
      )
        .env('SENDEMALL_MOCK_CHAOS')
        .choices(CHAOS_LEVELS),
    )
    .addOption(
      new Option('--profile <name>', 'how the leads of new campaigns behave')
        .env('SENDEMALL_MOCK_PROFILE')
        .choices(ProfileName.options)
        .default('average' as const),
    )
    .addOption(
      new Option(
        '--no-rate-limit',
        'answer more than 60 requests, and 10 new campaigns, a minute and key (env: SENDEMALL_MOCK_NO_RATE_LIMIT)',
      ),
    )
    .addOption(
      new Option(
        '--allowed-host <name>',
        'further host name that the sandbox answers to; repeatable',
      )
        .env('SENDEMALL_MOCK_ALLOWED_HOST')
        .argParser(hosts),
    )
    .addOption(
      new Option('--verbose', 'log requests and details on stderr').env('SENDEMALL_MOCK_VERBOSE'),
    )
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(async (options, command) => {
      const { port, host, clock, concurrency, forwardTo } = options;
      const json = options.json === true;
      const keys = (options.apiKey ?? keysOf(terminal.env)).map(checkKey);
      const given = options.secret ?? terminal.env['SENDEMALL_MOCK_SECRET'] ?? null;
      const secret = given === null || given === '' ? null : checkSecret(given);
      if (forwardTo === undefined && command.getOptionValueSource('secret') === 'cli') {
        throw new UsageError(
          '--secret belongs to --forward-to, which is missing: give the URL of your receiver.',
        );
      }

      await logToStderr(terminal, { json, verbose: options.verbose === true });
      const mock = await start({
        port,
        host,
        clock,
        concurrency,
        db: options.db ?? null,
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        ...(keys.length === 0 ? {} : { apiKeys: keys }),
        ...(options.attemptTimeout === undefined
          ? {}
          : { attemptTimeoutMs: options.attemptTimeout }),
        profile: options.profile,
        ...(options.chaos === undefined ? {} : { chaos: options.chaos }),
        rateLimit: options.rateLimit && !terminal.env['SENDEMALL_MOCK_NO_RATE_LIMIT'],
        allowPublicTargets: options.allowPublicTargets === true,
        allowedHosts: options.allowedHost ?? [],
      });
      try {
        const account = await mock.engine.open(keys[0] ?? DEFAULT_API_KEY);
        const forwarding =
          forwardTo === undefined ? null : await registerForwarding(account, forwardTo, secret);
        announce(
          {
            version: packageJson.version,
            url: mock.url,
            shownKey: keys.length === 0 ? DEFAULT_API_KEY : null,
            givenKeys: keys.length,
            state: mock.store.location,
            clock: await describeClock(account),
            seed: account.account.seed,
            chaos: options.chaos ?? null,
            faults: account.faults.list(),
            allowsPublicTargets: options.allowPublicTargets === true,
            forwarding,
          },
          terminal,
          json,
        );
        const reach = { sandboxUrl: mock.url, apiKey: keys[0] };
        watchAttempts(account, terminal, { json, reach });
        if (forwarding !== null) await forward(account, forwarding, terminal, json);
        const ended = AbortSignal.any([terminal.signal, terminal.outputClosed]);
        if (!ended.aborted) await once(ended, 'abort');
        terminal.note(
          'Stopping: attempts in flight may finish; press Ctrl-C again to stop at once.',
        );
      } finally {
        await mock.close();
      }
      const reason: unknown = terminal.signal.reason;
      if (json && reason instanceof Interrupted)
        terminal.printJson({ type: 'stopped', by: reason.by });
      if (reason instanceof Interrupted && reason.by === 'SIGINT') throw reason;
    });
