/**
 * Start of a receiver for a run of `verify`, with a sandbox of its own or the given one.
 *
 * @module
 */
import { openSandbox, type Setup } from '../sandboxes.ts';
import { execOptionsOf } from './options.ts';
import { startExec, type ExecSession } from './session.ts';

/**
 * Start the receiver if the flags or the config file have a command for it; null otherwise.
 *
 * @throws {UsageError} if it cannot be started
 */
export const startReceiverOf = async (
  setup: Omit<Setup, 'session'>,
  { url, secret }: { readonly url: string; readonly secret: string },
): Promise<ExecSession | null> => {
  const options = execOptionsOf(setup.flags, setup.file.config);
  if (options === null) return null;
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
