/**
 * Whether a receiver closes connections because it has too many of them: then a request that got no response says nothing of
 * what was sent. As many events at the same moment, each over a connection of its own, of which the same number is accepted
 * each time and every other connection is closed. The control: as many, one after the other.
 *
 * From then on each request of the run gets a connection of its own, so that idle ones do not count.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';
import type { RawConnection } from '../net/raw-socket.ts';
import { postRaw, rawRequest } from '../probe/raw-post.ts';
import { sleep } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted, isCut } from '../verdict.ts';
import { CONNECTION_LIMIT, rememberCause, type NamedCause } from './known-causes.ts';
import { onceAlone } from './once-alone.ts';

/** More than any check opens outside of bursts, and as many as a busy sender. */
const TOGETHER = 48;
/** One after the other, for the control: more than are accepted together. */
const MORE = 6;
/** Between two groups, so that the receiver notices the end of the first. Milliseconds. */
const PAUSE_MS = 60;
/** Connections that the run leaves unused, for those that end late. */
const SPARE = 2;
/** How much the number may differ: connections of the first group may end late. */
const TOLERANCE = 2;

export interface ConnectionLimit {
  readonly count: number;
  readonly cause: NamedCause;
  /** An event whose connection was closed. */
  readonly exchange: Exchange;
}

interface Group {
  readonly accepted: number;
  readonly cut: Exchange;
}

/** An event over a connection that stays open. */
const ask = async (probe: Probe, open: RawConnection[]): Promise<Exchange> => {
  const body = Buffer.from(probe.write(probe.event()), 'utf8');
  const headers = probe.headersFor(body);
  const connection = await probe.connect();
  open.push(connection);
  await connection.write(rawRequest(probe, body, headers).bytes);
  const reply = await connection.reply();
  const manner = `over one of ${TOGETHER} connections at the same time`;
  return probe.keep({ method: 'POST', headers, body, manner }, reply);
};

/** @returns null unless some are accepted and all others cut */
const sendGroup = async (probe: Probe): Promise<Group | null> => {
  const open: RawConnection[] = [];
  const sent = await Promise.all(Array.from({ length: TOGETHER }, () => ask(probe, open)));
  for (const connection of open) connection.close();
  const accepted = sent.filter(isAccepted).length;
  const cut = sent.find(isCut);
  const isAll = sent.every((one) => isAccepted(one) || isCut(one));
  await sleep(probe.wall, PAUSE_MS);
  return cut === undefined || accepted === 0 || !isAll ? null : { accepted, cut };
};

const acceptsInTurn = async (probe: Probe, count: number): Promise<boolean> => {
  for (let sent = 0; sent < count; sent += 1) {
    const body = probe.write(probe.event());
    if (!isAccepted(await postRaw(probe, body, probe.headersFor(body), null))) return false;
  }
  return true;
};

const causeOfLimit = (count: number): NamedCause => ({
  key: CONNECTION_LIMIT,
  sentence: `Takes about ${count} connections at the same time and closes each further one without a response: of ${TOGETHER} events at the same moment ${count} are accepted, twice, and one after the other all are.`,
  fix: 'Raise the limit on connections or simultaneous requests (a sender keeps some open, and sends many events at once), and let those beyond it wait; answer 503 with Retry-After when there are too many.',
});

const experiment = async (probe: Probe): Promise<ConnectionLimit | null> => {
  const first = await sendGroup(probe);
  if (first === null) return null;
  const second = await sendGroup(probe);
  if (second === null || Math.abs(second.accepted - first.accepted) > TOLERANCE) return null;
  const count = Math.max(first.accepted, second.accepted);
  if (!(await acceptsInTurn(probe, Math.min(count + MORE, TOGETHER)))) return null;
  const cause = causeOfLimit(count);
  rememberCause(probe, 'refused', cause);
  return { count, cause, exchange: second.cut };
};

/** With no idle connection of the run's pool, which count as well. */
const withoutIdle = async (probe: Probe): Promise<ConnectionLimit | null> => {
  const { memory, wall } = probe;
  const before = memory.usesConnectionsOnce;
  memory.useConnectionsOnce();
  // The first one ends them, and may come too early.
  await probe.post(probe.event());
  await sleep(wall, PAUSE_MS);
  const isUp = isAccepted(await probe.post(probe.event()));
  await sleep(wall, PAUSE_MS);
  const limit = isUp ? await experiment(probe) : null;
  if (limit === null) memory.useConnectionsOnce(before);
  else memory.limitInFlight(Math.max(1, limit.count - SPARE));
  return limit;
};

/** @returns null when connections are closed for another reason; tried once in a run, at a receiver that takes events */
export const connectionLimitOf = (probe: Probe): Promise<ConnectionLimit | null> =>
  onceAlone(probe, 'connection limit', () => withoutIdle(probe));
