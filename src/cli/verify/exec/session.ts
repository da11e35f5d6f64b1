/**
 * A receiver that the suite starts itself: a sandbox, sinks in it, and the process that gets their URLs.
 *
 * @module
 */
import type { Hooks } from '../../../conformance/hooks/hooks.ts';
import { createRedactor } from '../../../conformance/redact/redact.ts';
import { harmless } from '../../output/table.ts';
import type { Terminal } from '../../terminal.ts';
import { UsageError } from '../../usage-error.ts';
import type { ExecOptions } from './options.ts';
import { addressOf } from './port.ts';
import { createReceiverProcess } from './receiver.ts';
import { createReceiverSinks, type SandboxAddress } from './sinks.ts';

export interface ExecTarget {
  readonly url: string;
  readonly secret: string;
  readonly sandbox: SandboxAddress;
}

export interface ExecSession extends AsyncDisposable {
  readonly options: ExecOptions;
  readonly sandbox: SandboxAddress;
  readonly hooks: Pick<Hooks, 'effects' | 'fault' | 'restart'>;
  /** Environment of the receiver, for its other commands. */
  readonly env: Readonly<Record<string, string>>;
  /** The last lines that the receiver wrote. */
  readonly log: () => string | null;
  /** Kill the receiver and start it again. */
  restart(): Promise<void>;
  /** Requests that the receiver has sent to its sinks. */
  sinkRequests(): Promise<number>;
}

/** Crashes that are shown with the receiver's output; further ones get one line. */
const MAX_DETAILED_CRASHES = 3;

const createCrashNotes = (terminal: Pick<Terminal, 'note'>) => {
  let crashes = 0;
  return (what: string, lines: readonly string[]): void => {
    crashes += 1;
    const output = crashes > MAX_DETAILED_CRASHES ? [] : lines.filter((line) => line !== '');
    const head = `The receiver ${what}; starting it again.`;
    terminal.note(
      output.length === 0
        ? head
        : [`${head} Its last output:`, ...output.map((line) => `  | ${line}`)].join('\n'),
    );
  };
};

/** Variables that the sinks may not take: the receiver would get the URL of a sink in place of a secret. */
const checkDistinct = (names: readonly string[]): void => {
  const duplicate = names.find((name, at) => names.indexOf(name) !== at);
  if (duplicate === undefined) return;
  throw new UsageError(
    `The environment variable ${duplicate} is used twice. Pass a different one to each of --sink-env and --secret-env.`,
  );
};

/** The port, as most frameworks read it, unless the user sets it. */
const portEnv = (port: number, env: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  env['PORT'] === undefined ? { PORT: String(port) } : {};

/** The test hook of a receiver that `init` has written, unless the user sets it. */
const testHooksEnv = (env: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  env['SENDEMALL_TEST_HOOKS'] === undefined ? { SENDEMALL_TEST_HOOKS: '1' } : {};

/**
 * Start the sinks and the receiver. Disposing of the session ends all its processes.
 *
 * @throws {UsageError} if the port is taken, or the receiver does not open it
 */
export const startExec = async (
  options: ExecOptions,
  { url, secret, sandbox }: ExecTarget,
  terminal: Terminal,
): Promise<ExecSession> => {
  const { command, sinkEnv, secretEnv, timeoutMs } = options;
  checkDistinct([...sinkEnv, secretEnv, 'SENDEMALL_API_URL', 'SENDEMALL_API_KEY']);
  const sinks = await createReceiverSinks(sinkEnv, sandbox, terminal.signal);
  const redactor = createRedactor();
  redactor.hideSecret(secret, 'secret');
  redactor.hideSecret(sandbox.apiKey, 'API key');
  for (const sink of Object.values(sinks.env)) {
    const token = /~[\w-]+/.exec(sink)?.[0];
    if (token !== undefined) redactor.hide(token, '<sink token>');
  }
  const clean = (text: string): string => harmless(redactor.apply(text));
  const address = addressOf(url);
  terminal.status(`starting: ${command}`);
  const receiver = await createReceiverProcess({
    command,
    address,
    timeoutMs,
    signal: terminal.signal,
    env: {
      // Python's output would otherwise stay in its buffer when it is killed.
      PYTHONUNBUFFERED: '1',
      ...portEnv(address.port, terminal.env),
      ...testHooksEnv(terminal.env),
      [secretEnv]: secret,
      SENDEMALL_API_URL: sandbox.url,
      SENDEMALL_API_KEY: sandbox.apiKey,
      ...sinks.env,
    },
    clean,
    onCrash: createCrashNotes(terminal),
  });
  terminal.status(null);
  return {
    options,
    sandbox,
    hooks: { effects: sinks.effects, fault: sinks.fault, restart: receiver.restart },
    env: receiver.env,
    log: receiver.log,
    restart: receiver.restart,
    sinkRequests: sinks.requests,
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
};
