/**
 * The sandbox of a run: the given one, the one of a receiver that the suite has started, or a private one.
 *
 * @module
 */
import type { RunningSandbox, StartSandbox } from '../../conformance/hooks/hooks.ts';
import { checkKey, httpUrl, keyOf } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import type { ConfigFile } from './config-file.ts';
import type { ExecSession } from './exec/session.ts';
import type { SandboxAddress } from './exec/sinks.ts';
import type { VerifyFlags } from './settings.ts';

/** What a run is made of. */
export interface Setup {
  /** URL given as the argument. */
  readonly argument: string | undefined;
  readonly flags: VerifyFlags;
  readonly file: ConfigFile;
  readonly terminal: Terminal;
  /** Null unless the suite has started the receiver. */
  readonly session: ExecSession | null;
}

/** API key in a private sandbox. */
const PRIVATE_KEY = 'conformance';

export const urlOf = (name: string, text: string): string => {
  try {
    return httpUrl(text);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Invalid ${name} "${text}". ${(error as Error).message}`);
  }
};

/** The running sandbox given by flags, environment or file; null without one. */
export const givenSandbox = ({
  flags,
  file: { config },
  terminal,
}: Omit<Setup, 'session'>): SandboxAddress | null => {
  const url = flags.sandboxUrl ?? terminal.env['SENDEMALL_MOCK_SANDBOX_URL'] ?? config.sandboxUrl;
  if (url === undefined || url === '') return null;
  const apiKey = flags.apiKey ?? config.apiKey;
  return {
    url: urlOf('--sandbox-url', url),
    apiKey: apiKey === undefined ? keyOf({}, terminal.env) : checkKey(apiKey),
  };
};

/** A sandbox that is running already; null if the run has to start one. */
export const runningSandbox = (setup: Setup): SandboxAddress | null =>
  setup.session?.sandbox ?? givenSandbox(setup);

const shared = (sandbox: SandboxAddress): RunningSandbox => ({
  ...sandbox,
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

const startPrivate: StartSandbox = async () => {
  const { createMock } = await import('../../create-mock.ts');
  const mock = await createMock({ clock: 'frozen', rateLimit: false });
  return { url: mock.url, apiKey: PRIVATE_KEY, [Symbol.asyncDispose]: () => mock.close(0) };
};

/** The given sandbox, or a new private one. Disposing of it does not end a given one. */
export const openSandbox = (setup: Omit<Setup, 'session'>): Promise<RunningSandbox> => {
  const given = givenSandbox(setup);
  return given === null ? startPrivate() : Promise.resolve(shared(given));
};

/** How the run gets a sandbox when it needs one. */
export const sandboxOf = (setup: Setup): StartSandbox => {
  const running = runningSandbox(setup);
  return running === null ? startPrivate : async () => shared(running);
};
