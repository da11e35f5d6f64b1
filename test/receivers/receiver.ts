/**
 * What a receiver under test looks like from outside.
 *
 * @module
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RunningReceiver extends AsyncDisposable {
  readonly url: string;
  /** Ids of the events that were processed, in order, repeats included. */
  processed(): Promise<readonly string[]>;
}

export const PATH = '/webhooks/sendemall';

/** A Node server on a free port as a receiver. */
export const running = async (
  server: Server,
  processed: readonly string[],
): Promise<RunningReceiver> => {
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    processed: () => Promise.resolve(processed),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
