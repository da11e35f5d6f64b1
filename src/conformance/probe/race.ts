/**
 * Requests whose last bytes leave at the same moment, so that the receiver has all of them at once.
 *
 * @module
 */
import type { Exchange, Reply } from '../net/exchange.ts';
import { sleep } from '../hooks/hooks.ts';
import type { Probe } from './probe.ts';
import { rawHead, type RawConnection } from '../net/raw-socket.ts';

/** A receiver that takes one connection at a time lets the others wait: the race goes on without them. Milliseconds. */
const CONNECT_WITHIN_MS = 250;

export interface RaceOptions {
  /** Connections at the same time; 20 unless given. */
  readonly sockets?: number | undefined;
}

/** Connections that are open within the time; later ones are closed. */
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
 * Posts the same rightly signed bytes over many connections: all but the last byte first, then all last bytes at once.
 *
 * @returns one exchange for each connection that was open in time
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
