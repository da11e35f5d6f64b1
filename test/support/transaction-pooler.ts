/**
 * A connection pooler in transaction mode: all clients share one session of the server, which each gets for one transaction.
 * It gives its clients process ids of its own, as PgBouncer does.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TransactionPooler {
  readonly port: number;
  stop(): Promise<void>;
}

/** Splits a stream into messages: a type of one character, and a length that counts itself. */
const messageReader = (onMessage: (type: string, message: Buffer) => void) => {
  let rest = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
      const length = 1 + rest.readInt32BE(1);
      onMessage(String.fromCharCode(rest[0] ?? 0), rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };
};

const PROCESS_ID = 'K';
const READY = 'Z';
const SIMPLE_QUERY = 'Q';
const SYNC = 'S';
const TERMINATE = 'X';
const IDLE = 'I'.charCodeAt(0);

export const startTransactionPooler = async (serverPort: number): Promise<TransactionPooler> => {
  const sockets = new Set<Socket>();
  let upstream: Socket | null = null;
  /** What the server said when the shared session began, for all clients. */
  let greeting: Buffer | null = null;
  let using: Socket | null = null;
  const waiting: (() => void)[] = [];

  const begin = (startup: Buffer): Promise<Buffer> =>
    new Promise((resolve) => {
      const socket = connect(serverPort, '127.0.0.1');
      upstream = socket;
      sockets.add(socket);
      const parts: Buffer[] = [];
      socket.write(startup);
      socket.on(
        'data',
        messageReader((type, message) => {
          if (greeting === null) {
            const copy = Buffer.from(message);
            if (type === PROCESS_ID) copy.writeInt32BE(4711, 5);
            parts.push(copy);
            if (type === READY) resolve((greeting = Buffer.concat(parts)));
            return;
          }
          using?.write(message);
          if (type !== READY || message[5] !== IDLE) return;
          using = null;
          waiting.shift()?.();
        }),
      );
    });

  const serve = async (client: Socket, startup: Buffer): Promise<void> => {
    client.write(greeting ?? (await begin(startup)));
    let transaction: Buffer[] = [];
    client.on(
      'data',
      messageReader((type, message) => {
        if (type === TERMINATE) return void client.end();
        transaction.push(Buffer.from(message));
        if (type !== SIMPLE_QUERY && type !== SYNC) return;
        const sent = Buffer.concat(transaction);
        transaction = [];
        const send = (): void => {
          using = client;
          upstream?.write(sent);
        };
        if (using === null || using === client) send();
        else waiting.push(send);
      }),
    );
  };

  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    client.once('data', (startup: Buffer) => void serve(client, startup));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
