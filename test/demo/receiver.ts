/**
 * The demo's receiver: Express, the guide's sample with its trap fixed, and a list of what it processed.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';

export interface DemoReceiver {
  readonly url: string;
  /** Ids of processed events, each once. */
  readonly processed: ReadonlySet<string>;
  process(event: { readonly id: string }): void;
  /** Closes the port: connections are refused from then on. */
  down(): Promise<void>;
  /** Listens again, on the same port. */
  up(): Promise<void>;
}

const isSignedBy = (header: string | undefined, body: Buffer, secret: string): boolean => {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(header ?? '');
  // The guide's sample leaves this comparison of lengths out, and throws.
  return given.length === expected.length && timingSafeEqual(given, expected);
};

export const startDemoReceiver = async (secret: string): Promise<DemoReceiver> => {
  const processed = new Set<string>();
  const process = (event: { readonly id: string }): void => void processed.add(event.id);
  const app = express();
  app.post(
    '/webhooks/sendemall',
    express.raw({ type: 'application/json' }),
    (request, response) => {
      const body = request.body as Buffer;
      if (!isSignedBy(request.get('x-sendemall-signature'), body, secret)) {
        response.status(401).json({ error: 'Invalid signature' });
        return;
      }
      process(JSON.parse(body.toString()) as { id: string });
      response.json({ received: true });
    },
  );

  let server: Server | null = null;
  let port = 0;
  const up = async (): Promise<void> => {
    server = app.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  await up();
  return {
    url: `http://127.0.0.1:${port}/webhooks/sendemall`,
    processed,
    process,
    up,
    down: async () => {
      if (server === null) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      server = null;
      await closed;
    },
  };
};
