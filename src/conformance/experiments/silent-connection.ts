/**
 * Whether a receiver falls silent on a connection that is used again: the same number of events is answered on each
 * connection and the next one never, while connections of their own answer as many.
 *
 * Every request over a connection from a pool would wait for the timeout, so from then on each gets one of its own.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';
import { within } from '../net/within.ts';
import { saysClose } from '../probe/kept-connection.ts';
import type { Probe } from '../probe/probe.ts';
import { postRaw, rawRequest } from '../probe/raw-post.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

/** Events over one connection. */
const EVENTS = 8;
/** For a response, besides a multiple of what the first one took. Milliseconds. */
const PATIENCE_MS = 1500;
const PATIENCE_FACTOR = 5;
/** A slower receiver is not waited for. Milliseconds. */
const MAX_FIRST_MS = 500;

export interface Silence {
  /** How many requests of a connection are answered. */
  readonly served: number;
  readonly patienceMs: number;
  /** The event that got no response. */
  readonly exchange: Exchange;
}

/** @returns null when each event is answered, or the connection is closed */
const findSilence = async (probe: Probe): Promise<Silence | null> => {
  const connection = await probe.connect();
  let patienceMs = MAX_FIRST_MS + PATIENCE_MS;
  try {
    for (let served = 0; served < EVENTS; served += 1) {
      const body = Buffer.from(probe.write(probe.event()), 'utf8');
      const headers = probe.headersFor(body);
      const manner = served === 0 ? null : `request ${served + 1} over the same connection`;
      const startedAt = probe.wall.now();
      await connection.write(rawRequest(probe, body, headers).bytes);
      const reply = await within(probe.wall, connection.reply(), patienceMs);
      if (reply === null) {
        if (served === 0) return null;
        const durationMs = probe.wall.now() - startedAt;
        const message = 'no complete response';
        // Given up early, so that it counts as no timeout, after which the run would wait less for every other response.
        const exchange = probe.keep(
          { method: 'POST', headers, body, manner },
          { kind: 'none', cause: 'aborted', message, durationMs },
        );
        return { served, patienceMs, exchange };
      }
      const exchange = probe.keep({ method: 'POST', headers, body, manner }, reply);
      if (!isAccepted(exchange) || saysClose(reply)) return null;
      if (served === 0 && reply.durationMs > MAX_FIRST_MS) return null;
      if (served === 0) patienceMs = PATIENCE_MS + PATIENCE_FACTOR * reply.durationMs;
    }
    return null;
  } finally {
    connection.close();
  }
};

/** Whether as many events, and one more, are answered over connections of their own. */
const answersAlone = async (probe: Probe, count: number): Promise<boolean> => {
  for (let sent = 0; sent <= count; sent += 1) {
    const body = probe.write(probe.event());
    if (!isAccepted(await postRaw(probe, body, probe.headersFor(body), null))) return false;
  }
  return true;
};

const tryConnections = async (probe: Probe): Promise<Silence | null> => {
  const first = await findSilence(probe);
  if (first === null || !(await answersAlone(probe, first.served))) return null;
  const again = await findSilence(probe);
  if (again?.served !== first.served || !(await answersAlone(probe, first.served))) return null;
  probe.memory.useConnectionsOnce();
  return again;
};

/** Once per run, before connections are used again. */
export const silenceOf = (probe: Probe): Promise<Silence | null> =>
  probe.memory.once('silent connection', () => tryConnections(probe));

const requests = (count: number): string => (count === 1 ? 'one request' : `${count} requests`);

export const causeOfSilence = ({ served, patienceMs }: Silence): NamedCause => ({
  key: 'http:silent-connection',
  sentence: `Answers only ${requests(served)} a connection and leaves it open: the next one on the same connection never gets a response (none within ${(patienceMs / 1000).toFixed(1)} s, twice), though events over connections of their own are accepted at once.`,
  fix: 'Read the next request in a loop until the sender closes the connection, or send `Connection: close` with the response and close it. Better, use a HTTP server of the platform.',
});
