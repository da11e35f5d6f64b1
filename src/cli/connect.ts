/**
 * Client of a running sandbox, for the commands that need one.
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

/** Retry after the delay that a rate limit asks for, with a notice, so that no command stops halfway. */
const fetchWithinRateLimit =
  (terminal: Terminal): NonNullable<ClientOptions['fetch']> =>
  async (request) => {
    // The clone of a large body would keep all of it.
    if (new URL(request.url).pathname === '/_sandbox/snapshot') {
      return fetch(request, { signal: request.signal });
    }
    for (;;) {
      // Pass the signal explicitly: a cloned request loses it once the original is garbage-collected.
      const response = await fetch(request.clone(), { signal: request.signal });
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      if (response.status !== 429 || !(seconds > 0)) return response;
      await response.body?.cancel();
      terminal.note(
        `Rate limit reached. Retrying in ${seconds} s. To avoid this, start the sandbox with --no-rate-limit.`,
      );
      await sleep(seconds * 1000, undefined, { signal: request.signal });
    }
  };

export const connect = (options: SandboxOptions, terminal: Terminal): Client =>
  createClient({
    baseUrl: options.sandboxUrl,
    apiKey: keyOf(options, terminal.env),
    fetch: fetchWithinRateLimit(terminal),
  });
