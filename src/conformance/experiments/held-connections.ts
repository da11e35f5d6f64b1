/**
 * Whether connections that ask for nothing keep others waiting: some are opened and held, then one event is sent over
 * another connection. If it is answered only once the held ones are closed, each of them occupies what serves requests.
 *
 * @module
 */
import type { Exchange, Reply } from '../net/exchange.ts';
import type { RawConnection } from '../net/raw-socket.ts';
import { within } from '../net/within.ts';
import type { Probe } from '../probe/probe.ts';
import { postRaw, rawRequest } from '../probe/raw-post.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

const HELD = 16;
/** For an answer while the others are held. Milliseconds. */
const PATIENCE_MS = 2000;
/** The same when it is tried again: a busy machine may have been late once. Milliseconds. */
const CONFIRM_MS = 5000;
/** While one is held: almost as long as a sender waits, in which a receiver may give up on the held one. Milliseconds. */
const ONE_HELD_MS = 9000;
/** An idle connection that is closed within this time delays others no longer than a sender waits. Milliseconds. */
const SOON_CLOSED_MS = 2500;
/** Within it an event must be answered when no connection is held. Milliseconds. */
const MAX_CONTROL_MS = 500;

interface Way {
  readonly name: 'kept' | 'silent' | 'half';
  /** What each held connection is: "a connection that is kept open after a response". */
  readonly phrase: string;
  hold(probe: Probe, connection: RawConnection): Promise<void>;
}

const eventOf = (probe: Probe) => {
  const body = Buffer.from(probe.write(probe.event()), 'utf8');
  const headers = probe.headersFor(body);
  return { body, headers, ...rawRequest(probe, body, headers) };
};

/** The reply, or null if none has come in time. */
const inTime = (
  probe: Probe,
  reply: Promise<Reply>,
  patienceMs = PATIENCE_MS,
): Promise<Reply | null> => within(probe.wall, reply, patienceMs);

const WAYS: readonly Way[] = [
  {
    name: 'kept',
    phrase: 'kept open after its event was answered, as an HTTP client keeps it for the next one,',
    hold: async (probe, connection) => {
      await connection.write(eventOf(probe).bytes);
      await inTime(probe, connection.reply());
    },
  },
  {
    name: 'silent',
    phrase: 'over which nothing has been sent yet',
    hold: async () => {},
  },
  {
    name: 'half',
    phrase: 'over which half of a body has arrived',
    hold: async (probe, connection) => {
      const { head, body } = eventOf(probe);
      await connection.write(head);
      await connection.write(body.subarray(0, Math.floor(body.length / 2)));
    },
  },
];

/** What held connections did to an event over another one. */
export interface Blocked {
  readonly way: string;
  readonly held: number;
  readonly cause: NamedCause;
  /** Whether the receiver soon closes a connection that asks for nothing. */
  readonly isSoonClosed: boolean;
  /** How long the event had waited when the held connections were closed, and what it was answered then. */
  readonly actual: string;
  readonly exchange: Exchange;
}

const FIX =
  'Serve connections by an event loop, or give each a thread of its own without a small limit; close idle connections after a second or two, or answer with `Connection: close` (Python: `protocol_version = "HTTP/1.0"`; gunicorn: gthread or an asynchronous worker), or put a proxy in front that buffers requests.';

const tryWay = async (
  probe: Probe,
  way: Way,
  count: number,
  patienceMs = PATIENCE_MS,
): Promise<Omit<Blocked, 'isSoonClosed'> | null> => {
  const held: RawConnection[] = [];
  const release = (): void => {
    for (const connection of held.splice(0)) connection.close();
  };
  let other: RawConnection | null = null;
  try {
    const holding = Array.from({ length: count }, async () => {
      const connection = await probe.connect();
      held.push(connection);
      await way.hold(probe, connection);
    });
    await Promise.all(holding);
    const { bytes, body, headers } = eventOf(probe);
    other = await probe.connect();
    await other.write(bytes);
    const waiting = other.reply();
    if ((await inTime(probe, waiting, patienceMs)) !== null) return null;
    release();
    const reply = await waiting;
    const manner = `while ${count} other connections were held`;
    const exchange = probe.keep({ method: 'POST', headers, body, manner }, reply);
    if (!isAccepted(exchange)) return null;
    return {
      way: way.name,
      held: count,
      cause: {
        key: `hang:held:${way.name}`,
        sentence: `Each connection ${way.phrase} occupies a worker or thread until it is closed: while ${count === 1 ? 'one such connection is' : `${count} such connections are`} open, all other requests wait and get no response.`,
        fix: FIX,
      },
      actual: `an event over another connection had no response within ${patienceMs / 1000} s, and was accepted as soon as ${count === 1 ? 'it was' : `the ${count} were`} closed`,
      exchange,
    };
  } finally {
    release();
    other?.close();
  }
};

/** An event over a connection of its own, while none is held. */
const isQuick = async (probe: Probe): Promise<boolean> => {
  const startedAt = probe.wall.now();
  const body = probe.write(probe.event());
  const exchange = await postRaw(probe, body, probe.headersFor(body), null);
  return isAccepted(exchange) && probe.wall.now() - startedAt < MAX_CONTROL_MS;
};

/** Whether the receiver itself closes a connection that is held in this way, and alone. */
const closesSoon = async (probe: Probe, way: Way): Promise<boolean> => {
  const connection = await probe.connect();
  try {
    await way.hold(probe, connection);
    return (await inTime(probe, connection.reply(), SOON_CLOSED_MS)) !== null;
  } finally {
    connection.close();
  }
};

/** How the way is tried again, with how many connections and how much patience; the first that blocks counts. */
const CONFIRMATIONS: Readonly<
  Record<Way['name'], readonly (readonly [count: number, ms: number])[]>
> = {
  kept: [
    [1, CONFIRM_MS],
    [HELD, CONFIRM_MS],
  ],
  silent: [[HELD, PATIENCE_MS]],
  half: [
    [1, ONE_HELD_MS],
    [HELD, PATIENCE_MS],
  ],
};

/** @returns the first way in which connections that ask for nothing keep others waiting, with the fewest of them */
export const findBlocked = async (probe: Probe): Promise<Blocked | null> => {
  for (const way of WAYS) {
    if ((await tryWay(probe, way, HELD)) === null) continue;
    for (const [count, ms] of CONFIRMATIONS[way.name]) {
      if (!(await isQuick(probe))) break;
      const blocked = await tryWay(probe, way, count, ms);
      if (blocked !== null && (await isQuick(probe)))
        return { ...blocked, isSoonClosed: await closesSoon(probe, way) };
    }
  }
  return null;
};
