/**
 * A TCP proxy that can swallow everything, as a network that is cut off does: connections stay open, and nothing arrives.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface BlackHole {
  readonly port: number;
  /** Hold everything back in both directions, also on new connections. */
  swallow(): void;
  /** Let everything through, what was held back first. */
  release(): void;
  close(): void;
}

export const startBlackHole = async (targetPort: number): Promise<BlackHole> => {
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('data', (chunk) => other.write(chunk));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        // A connection that ends behind the hole is not noticed on the other side.
        if (!isSwallowing) other.destroy();
      });
      if (isSwallowing) socket.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    swallow: () => {
      isSwallowing = true;
      for (const socket of sockets) socket.pause();
    },
    release: () => {
      isSwallowing = false;
      for (const socket of sockets) socket.resume();
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};
