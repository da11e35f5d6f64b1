/**
 * Whether connections that are kept after their responses keep the others waiting, as in a server that has one thread, or a
 * few, and serves a connection until it is closed or idle for a while.
 *
 * Requests of the run would wait behind connections of its own pool, so from then on each gets one of its own, as from a
 * sender that keeps none. How many connections such a server bears is the subject of one check.
 *
 * @module
 */
import type { Exchange, Reply } from '../net/exchange.ts';
import type { RawConnection } from '../net/raw-socket.ts';
import { within } from '../net/within.ts';
import { saysClose } from '../probe/kept-connection.ts';
import type { Probe } from '../probe/probe.ts';
import { rawRequest } from '../probe/raw-post.ts';
import { isAccepted } from '../verdict.ts';

/** Connections that are kept: a server with more threads is no obstacle to the run. */
const MAX_KEPT = 8;
/** For a response, besides a multiple of what the first one took. Milliseconds. */
const PATIENCE_MS = 150;
const PATIENCE_FACTOR = 5;
/** For the first response; a slower receiver is not tried. Milliseconds. */
const MAX_FIRST_MS = 500;

interface Asked {
  readonly connection: RawConnection;
  readonly reply: Promise<Reply>;
  /** Record the exchange. */
  keep(reply: Reply): Exchange;
}

const ask = async (probe: Probe): Promise<Asked> => {
  const body = Buffer.from(probe.write(probe.event()), 'utf8');
  const headers = probe.headersFor(body);
  const connection = await probe.connect();
  await connection.write(rawRequest(probe, body, headers).bytes);
  const manner = 'while other connections were kept';
  return {
    connection,
    reply: connection.reply(),
    keep: (reply) => probe.keep({ method: 'POST', headers, body, manner }, reply),
  };
};

/** Events over more and more connections, until one is answered only once the others, which ask for nothing, are closed. */
const findsOccupied = async (probe: Probe): Promise<boolean> => {
  const open: RawConnection[] = [];
  const closeAll = (): void => {
    for (const connection of open.splice(0)) connection.close();
  };
  let patienceMs = MAX_FIRST_MS;
  try {
    while (open.length <= MAX_KEPT) {
      const asked = await ask(probe);
      const reply = await within(probe.wall, asked.reply, patienceMs);
      if (reply === null) {
        const isFirst = open.length === 0;
        closeAll();
        const isTaken = isAccepted(asked.keep(await asked.reply));
        asked.connection.close();
        return isTaken && !isFirst;
      }
      if (open.length === 0) patienceMs = PATIENCE_MS + PATIENCE_FACTOR * reply.durationMs;
      open.push(asked.connection);
      if (!isAccepted(asked.keep(reply)) || saysClose(reply)) return false;
    }
    return false;
  } finally {
    closeAll();
  }
};

/** Use no connection twice if those that are kept occupy the receiver; seen twice, since a busy machine may be late once. */
export const spareOccupied = async (probe: Probe): Promise<void> => {
  if (probe.memory.usesConnectionsOnce) return;
  if ((await findsOccupied(probe)) && (await findsOccupied(probe)))
    probe.memory.useConnectionsOnce();
};
