/**
 * The client for the commands that talk to a running sandbox.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client, type ClientOptions } from '../client/create-client.ts';
import { keyOf, type KeyOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

export interface SandboxOptions extends KeyOptions {
  readonly sandboxUrl: string;
}

/** Waits where the provider's rate limit says so, and says that it waits: a command is not half done for it. */
const patiently =
  (terminal: Terminal): NonNullable<ClientOptions['fetch']> =>
  async (request) => {
    for (;;) {
      // A clone alone would lose the signal as soon as it is collected as garbage.
      const response = await fetch(request.clone(), { signal: request.signal });
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      if (response.status !== 429 || !(seconds > 0)) return response;
      await response.body?.cancel();
      terminal.note(
        `The rate limit of this key is reached: going on in ${seconds} s. A sandbox that is started with --no-rate-limit has none.`,
      );
      await sleep(seconds * 1000, undefined, { signal: request.signal });
    }
  };

export const connect = (options: SandboxOptions, terminal: Terminal): Client =>
  createClient({
    baseUrl: options.sandboxUrl,
    apiKey: keyOf(options, terminal.env),
    fetch: patiently(terminal),
  });
