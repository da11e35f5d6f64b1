/**
 * What a receiver under test looks like from outside.
 *
 * @module
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Hooks } from '../../src/conformance/hooks/hooks.ts';

export interface RunningReceiver extends AsyncDisposable {
  readonly url: string;
  /** What the conformance suite may ask of it. */
  readonly hooks: Hooks;
  /** Ids of the events that were processed, in order, repeats included. */
  processed(): Promise<readonly string[]>;
}

export const PATH = '/webhooks/sendemall';

/** Listens on this port of this machine, or on a free one. @returns the port */
export const open = async (server: Server, port = 0): Promise<number> => {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** Ends as a killed process does: at once, whatever is going on. */
export const kill = async (server: Server): Promise<void> => {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
};
