/**
 * `serve`: runs the sandbox until it is interrupted.
 *
 * @module
 */
import { once } from 'node:events';
import packageJson from '../../../package.json' with { type: 'json' };
import type { StartedSandbox } from '../../create-mock.ts';
import { DEFAULT_API_KEY } from '../../domain/defaults.ts';
import { examples, section } from '../help.ts';
import { probeReceiver } from '../../engine/delivery/probe.ts';
import { announce } from '../serve/announce.ts';
import { withConfig } from '../serve/from-config.ts';
import { folderSecret } from '../serve/folder-secret.ts';
import { isPostgresUrl } from '../../mock-options.ts';
import { registerForwarding, type Account, type Forwarding } from '../serve/forward.ts';
import { keepForwarding } from '../serve/keep-forwarding.ts';
import { logToStderr } from '../serve/log.ts';
import { serveCommand, type ServeFlags } from '../serve/options.ts';
import { allowedKeysOf, forwardingSecretOf, startMock } from '../serve/start.ts';
import { explainUnauthorized } from '../serve/unauthorized.ts';
import { watchAttempts, type Watch } from '../serve/watch.ts';
import { Interrupted, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const describeClock = async (account: Account): Promise<string> => {
  const { mode, rate } = await account.clock();
  return mode === 'scaled' ? `${rate}x` : mode;
};

/** The account that `serve` shows: the first allowed one, or the default. */
interface Shown {
  /** Null if it may be on another node. */
  readonly account: Account | null;
  readonly apiKeys: readonly string[];
  readonly forwarding: Forwarding | null;
}

const openShown = async (
  mock: StartedSandbox,
  { forwardTo }: ServeFlags,
  apiKeys: readonly string[],
  secret: string | null,
): Promise<Shown> => {
  if (mock.cluster !== null) return { account: null, apiKeys, forwarding: null };
  const account = await mock.engine.open(apiKeys[0] ?? DEFAULT_API_KEY);
  const forwarding =
    forwardTo === undefined
      ? null
      : await registerForwarding(account, forwardTo, secret, () => folderSecret(process.cwd()));
  return { account, apiKeys, forwarding };
};

const PROBE_TIMEOUT_MS = 1000;

const announceShown = async (
  mock: StartedSandbox,
  { account, apiKeys, forwarding }: Shown,
  flags: ServeFlags,
  terminal: Terminal,
): Promise<void> => {
  const allowsPublicTargets = flags.allowPublicTargets === true;
  announce(
    {
      version: packageJson.version,
      url: mock.url,
      publicKey: apiKeys.length === 0 ? DEFAULT_API_KEY : null,
      givenKeys: apiKeys.length,
      state: mock.store.location,
      node: mock.cluster?.directory.self.url ?? null,
      clock: account === null ? flags.clock : await describeClock(account),
      seed: account?.account.seed ?? flags.seed ?? null,
      chaos: flags.chaos ?? null,
      faults: account?.faults().list() ?? [],
      allowsPublicTargets,
      forwarding,
      receiver:
        forwarding === null
          ? 'listening'
          : await probeReceiver(forwarding.url, allowsPublicTargets, PROBE_TIMEOUT_MS),
    },
    terminal,
    flags.json === true,
  );
};

const watchShown = (
  mock: StartedSandbox,
  { account, apiKeys }: Shown,
  json: boolean,
  terminal: Terminal,
): Watch =>
  watchAttempts(mock.engine, terminal, {
    json,
    shown: account,
    reach: { sandboxUrl: mock.url, apiKey: apiKeys[0] },
    onAttempt: json || account === null ? () => undefined : explainUnauthorized(account, terminal),
  });

/** Read keys if a person can press them. @returns a function that ends it */
const watchKeys = async (
  mock: StartedSandbox,
  apiKey: string | undefined,
  quit: () => void,
  terminal: Terminal,
): Promise<() => void> => {
  if (!terminal.canReadKeys) return () => undefined;
  // Loaded late: most starts have no keys.
  const [{ readServeKeys }, { createClient }] = await Promise.all([
    import('../serve/keys.ts'),
    import('../../client/create-client.ts'),
  ]);
  const reach = { sandboxUrl: mock.url, apiKey };
  const fetch = (request: Request) => mock.app.fetch(request);
  const client = createClient({ baseUrl: mock.url, apiKey: apiKey ?? DEFAULT_API_KEY, fetch });
  return readServeKeys({ client, reach, quit }, terminal);
};

/** Keep forwarding until the command is interrupted, a key ends it, or stdout closes. */
const keepUntilEnded = async (
  mock: StartedSandbox,
  { account, apiKeys, forwarding }: Shown,
  json: boolean,
  terminal: Terminal,
): Promise<void> => {
  if (account !== null && forwarding !== null) {
    const { secret } = await account.webhook(forwarding.webhookId);
    keepForwarding({ account, forwarding, secret }, terminal, json);
  }
  const quit = new AbortController();
  const ended = AbortSignal.any([terminal.signal, terminal.outputClosed, quit.signal]);
  const stopKeys = json
    ? () => undefined
    : await watchKeys(mock, apiKeys[0], () => quit.abort(), terminal);
  if (!ended.aborted) await once(ended, 'abort');
  stopKeys();
  terminal.note('Stopping after attempts in flight. Press Ctrl-C again to stop now.');
};

const isShared = (db: string | undefined): boolean => db !== undefined && isPostgresUrl(db);

const runServe = async (flags: ServeFlags, terminal: Terminal): Promise<void> => {
  const json = flags.json === true;
  const apiKeys = allowedKeysOf(flags, terminal);
  const secret = forwardingSecretOf(flags, terminal);
  await logToStderr(terminal, { json, verbose: flags.verbose === true });
  let watch: Watch | null = null;
  const mock = await startMock(flags, apiKeys, terminal, (request) => watch?.request(request));
  try {
    const shown = await openShown(mock, flags, apiKeys, secret);
    await announceShown(mock, shown, flags, terminal);
    watch = watchShown(mock, shown, json, terminal);
    await keepUntilEnded(mock, shown, json, terminal);
  } finally {
    await mock.close();
  }
  const reason: unknown = terminal.signal.reason;
  if (!(reason instanceof Interrupted)) return;
  if (json) terminal.printJson({ type: 'stopped', by: reason.by });
  if (reason.by === 'SIGINT') throw reason;
};

const SECTIONS = [
  section(
    'Environment',
    'Every option can be set in the environment: --attempt-timeout is',
    'SENDEMALL_MOCK_ATTEMPT_TIMEOUT. Flags take precedence.',
  ),
  examples(
    'sendemall-mock serve :3000/webhooks/sendemall',
    'sendemall-mock serve --clock skip --seed 7',
    'sendemall-mock serve --db sandbox.db --port 0 --json',
  ),
].join('\n');

export const serve = (terminal: Terminal) =>
  serveCommand()
    .description(
      "Start the sandbox: the provider's API under /v1, the sandbox API under /_sandbox. Each API key is an account with its own webhooks, events and clock. Prints one line per delivery attempt.",
    )
    .addHelpText('after', SECTIONS)
    .action(async (url, given, command) => {
      if (url !== undefined && command.getOptionValueSource('forwardTo') === 'cli') {
        throw new UsageError('The receiver is given twice. Pass a URL or --forward-to.');
      }
      const flags = url === undefined ? given : { ...given, forwardTo: url };
      if (flags.forwardTo === undefined && command.getOptionValueSource('secret') === 'cli') {
        throw new UsageError('--secret requires a receiver. Pass its URL, or remove --secret.');
      }
      const isClockGiven = command.getOptionValueSource('clock') !== 'default';
      const configured = await withConfig(flags, isClockGiven, terminal);
      if (isShared(flags.db) && configured.forwardTo !== undefined) {
        throw new UsageError(
          'A receiver cannot be registered at the start of a sandbox that several nodes share: each would register it again. Register it once, with POST /v1/webhooks.',
        );
      }
      await runServe(configured, terminal);
    });
