/**
 * Whether a connection that is kept after its response keeps the others waiting, as in a server that serves one connection
 * at a time until it is closed or idle for a while.
 *
 * Every request of the run would wait behind a connection of its own pool, so from then on each gets one of its own, as
 * from a sender that keeps none. How many connections such a server bears is the subject of one check.
 *
 * @module
 */
import type { RawConnection } from '../net/raw-socket.ts';
import { within } from '../net/within.ts';
import { saysClose } from '../probe/kept-connection.ts';
import type { Probe } from '../probe/probe.ts';
import { rawRequest } from '../probe/raw-post.ts';
import { isAccepted } from '../verdict.ts';

/** For a response, besides a multiple of what the first one took. Milliseconds. */
const PATIENCE_MS = 300;
const PATIENCE_FACTOR = 5;
/** A slower receiver is not waited for. Milliseconds. */
const MAX_FIRST_MS = 500;

/** @returns the response's duration; null when it is no 2xx, late, or the last one of its connection */
const serve = async (probe: Probe, connection: RawConnection): Promise<number | null> => {
  const body = Buffer.from(probe.write(probe.event()), 'utf8');
  const headers = probe.headersFor(body);
  await connection.write(rawRequest(probe, body, headers).bytes);
  const reply = await within(probe.wall, connection.reply(), MAX_FIRST_MS);
  if (reply === null || saysClose(reply)) return null;
  const exchange = probe.keep({ method: 'POST', headers, body, manner: null }, reply);
  return isAccepted(exchange) ? reply.durationMs : null;
};

/** Whether an event is answered only once another connection, which asks for nothing, is closed. */
const waitsBehindOther = async (probe: Probe): Promise<boolean> => {
  const kept = await probe.connect();
  const other = await probe.connect();
  try {
    const firstMs = await serve(probe, kept);
    if (firstMs === null) return false;
    const body = Buffer.from(probe.write(probe.event()), 'utf8');
    const headers = probe.headersFor(body);
    await other.write(rawRequest(probe, body, [...headers, ['Connection', 'close']]).bytes);
    const waiting = other.reply();
    const patienceMs = PATIENCE_MS + PATIENCE_FACTOR * firstMs;
    const hasWaited = (await within(probe.wall, waiting, patienceMs)) === null;
    kept.close();
    const reply = await waiting;
    const manner = 'while another connection was kept';
    return isAccepted(probe.keep({ method: 'POST', headers, body, manner }, reply)) && hasWaited;
  } finally {
    kept.close();
    other.close();
  }
};

/** Use no connection twice if one that is kept occupies the receiver; twice seen, since a busy machine may be late once. */
export const spareOccupied = async (probe: Probe): Promise<void> => {
  if (probe.memory.usesConnectionsOnce) return;
  if ((await waitsBehindOther(probe)) && (await waitsBehindOther(probe)))
    probe.memory.useConnectionsOnce();
};
