/**
 * Concurrent requests whose last bytes are sent at the same time, so that the receiver gets all of them at once.
 *
 * @module
 */
import type { Exchange, Reply } from '../net/exchange.ts';
import { sleep } from '../hooks/hooks.ts';
import { saysClose } from './kept-connection.ts';
import type { Probe } from './probe.ts';
import { rawHead, type RawConnection } from '../net/raw-socket.ts';

/** Time for connecting. A receiver may accept one connection at a time; the race continues without the others. */
const CONNECT_WITHIN_MS = 250;

/** Number of concurrent connections. */
const SOCKETS = 20;

/** A round that takes longer leaves requests waiting behind connections that are kept open: they are closed then. */
const MAX_KEPT_ROUND_MS = 250;

/** A connection, and the requests that it has served. */
interface Line {
  readonly connection: RawConnection;
  served: number;
}

export interface Race extends Disposable {
  /**
   * Post the same correctly signed bytes over many connections: first all but the last byte, then all last bytes at once.
   *
   * @returns one exchange per connection that was open in time
   */
  run(body: string): Promise<readonly Exchange[]>;
}

/** Open connections; those that take too long are closed. */
const openAll = async (probe: Probe, sockets: number): Promise<readonly Line[]> => {
  const open: Line[] = [];
  let late = false;
  const dialled = Array.from({ length: sockets }, async () => {
    const connection = await probe.connect();
    if (late) connection.close();
    else open.push({ connection, served: 0 });
  });
  await Promise.race([Promise.all(dialled), sleep(probe.wall, CONNECT_WITHIN_MS)]);
  late = true;
  return open;
};

/**
 * Several rounds over the same connections, as far as the receiver keeps them. One that answers a few connections at a time
 * would leave the others waiting, so from the first slow round on each request has a connection of its own.
 */
export const createRace = (probe: Probe): Race => {
  let idle: Line[] = [];
  let isKeeping = !probe.memory.usesConnectionsOnce;

  const answersOf = async (lines: readonly Line[]): Promise<readonly Reply[]> => {
    const answered = new Set<Line>();
    const replies = Promise.all(
      lines.map(async (line) => {
        const reply = await line.connection.reply();
        answered.add(line);
        if (!isKeeping) line.connection.close();
        return reply;
      }),
    );
    if (!isKeeping) return replies;
    await Promise.race([replies, sleep(probe.wall, MAX_KEPT_ROUND_MS)]);
    if (answered.size < lines.length) {
      isKeeping = false;
      for (const { connection } of answered) connection.close();
    }
    return replies;
  };

  const take = async (): Promise<readonly Line[]> => {
    const kept = idle.splice(0);
    return [...kept, ...(await openAll(probe, SOCKETS - kept.length))];
  };

  return {
    run: async (body) => {
      const bytes = Buffer.from(body, 'utf8');
      const headers = [
        ...probe.headersFor(bytes),
        ['Content-Length', String(bytes.length)],
        ...(isKeeping ? [] : [['Connection', 'close'] as const]),
      ] as const;
      const lines = await take();
      const request = Buffer.concat([Buffer.from(rawHead('POST', probe.url, headers)), bytes]);
      try {
        await Promise.all(lines.map(({ connection }) => connection.write(request.subarray(0, -1))));
        for (const { connection } of lines) void connection.write(request.subarray(-1));
        const replies = await answersOf(lines);
        const manner = `over ${lines.length} connections, the last bytes at the same time`;
        return lines.flatMap((line, place) => {
          const reply = replies[place]!;
          const isStale = line.served > 0 && reply.kind === 'none' && reply.cause === 'reset';
          line.served += 1;
          if (isKeeping && !saysClose(reply)) idle.push(line);
          // The receiver may close a connection that it has answered on, at any time.
          return isStale
            ? []
            : [probe.keep({ method: 'POST', headers, body: bytes, manner }, reply)];
        });
      } finally {
        for (const line of lines) if (!idle.includes(line)) line.connection.close();
      }
    },
    [Symbol.dispose]: () => {
      for (const { connection } of idle) connection.close();
      idle = [];
    },
  };
};
