/**
 * The client for the commands that talk to a running sandbox.
 *
 * @module
 */
import { createClient, type Client } from '../client/create-client.ts';
import { keyOf, type KeyOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

export interface SandboxOptions extends KeyOptions {
  readonly sandboxUrl: string;
}

export const connect = (options: SandboxOptions, terminal: Terminal): Client =>
  createClient({ baseUrl: options.sandboxUrl, apiKey: keyOf(options, terminal.env) });
