/**
 * Concurrent requests whose last bytes are sent at the same time, so that the receiver gets all of them at once.
 *
 * @module
 */
import type { Exchange, Reply } from '../net/exchange.ts';
import { sleep } from '../hooks/hooks.ts';
import type { Probe } from './probe.ts';
import { rawHead, type RawConnection } from '../net/raw-socket.ts';

/** Time for connecting. A receiver may accept one connection at a time; the race continues without the others. */
const CONNECT_WITHIN_MS = 250;

export interface RaceOptions {
  /** Number of concurrent connections; default: 20. */
  readonly sockets?: number | undefined;
}

/** Open connections; those that take too long are closed. */
const openAll = async (probe: Probe, sockets: number): Promise<readonly RawConnection[]> => {
  const open: RawConnection[] = [];
  let late = false;
  const dialled = Array.from({ length: sockets }, async () => {
    const connection = await probe.connect();
    if (late) connection.close();
    else open.push(connection);
  });
  await Promise.race([Promise.all(dialled), sleep(probe.wall, CONNECT_WITHIN_MS)]);
  late = true;
  return open;
};

/**
 * Post the same correctly signed bytes over many connections: first all but the last byte, then all last bytes at once.
 *
 * @returns one exchange per connection that was open in time
 */
export const race = async (
  probe: Probe,
  body: string,
  { sockets = 20 }: RaceOptions = {},
): Promise<readonly Exchange[]> => {
  const bytes = Buffer.from(body, 'utf8');
  const headers = [
    ...probe.headersFor(bytes),
    ['Content-Length', String(bytes.length)],
    ['Connection', 'close'],
  ] as const;
  const connections = await openAll(probe, sockets);
  try {
    const request = Buffer.concat([Buffer.from(rawHead('POST', probe.url, headers)), bytes]);
    await Promise.all(connections.map((connection) => connection.write(request.subarray(0, -1))));
    const replies: Promise<Reply>[] = [];
    for (const connection of connections) {
      void connection.write(request.subarray(-1));
      replies.push(connection.reply());
    }
    const manner = `over ${connections.length} connections, the last bytes at the same time`;
    return (await Promise.all(replies)).map((reply) =>
      probe.keep({ method: 'POST', headers, body: bytes, manner }, reply),
    );
  } finally {
    for (const connection of connections) connection.close();
  }
};
