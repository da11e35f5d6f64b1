/**
 * Start of a receiver for a run of `verify`, with a sandbox of its own or the given one.
 *
 * @module
 */
import { openSandbox, type Setup } from '../sandboxes.ts';
import { execOptionsOf, type ExecOptions } from './options.ts';
import { addressOf, isListening } from './port.ts';
import { startExec, type ExecSession } from './session.ts';

/**
 * How to start the receiver; null if nothing says how. A command of the config file is a default: it is not run if
 * something listens at the URL already.
 *
 * @throws {UsageError} for an invalid value, or one that requires a command or excludes it
 */
export const findExec = async (
  { flags, file: { config }, terminal }: Omit<Setup, 'session'>,
  url: string,
): Promise<ExecOptions | null> => {
  const options = execOptionsOf(flags, config);
  if (options === null || flags.exec !== undefined) return options;
  const address = addressOf(url);
  if (!(await isListening(address))) return options;
  terminal.note(
    `Port ${address.port} is in use: judging the receiver that listens there. "${options.command}" of the config file is not run.`,
  );
  return null;
};

/** Start the receiver. @throws {UsageError} if it cannot be started */
export const startReceiver = async (
  options: ExecOptions,
  setup: Omit<Setup, 'session'>,
  { url, secret }: { readonly url: string; readonly secret: string },
): Promise<ExecSession> => {
  const sandbox = await openSandbox(setup);
  try {
    const { apiKey } = sandbox;
    const target = { url, secret, sandbox: { url: sandbox.url, apiKey } };
    const session = await startExec(options, target, setup.terminal);
    return {
      ...session,
      [Symbol.asyncDispose]: async () => {
        await session[Symbol.asyncDispose]();
        await sandbox[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
};
