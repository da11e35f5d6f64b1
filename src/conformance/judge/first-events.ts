/**
 * The first plain events of a run, for repeats at its end and behind many others.
 *
 * @module
 */
import { toProviderTime } from '../../domain/time.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import { inTurn } from '../probe/in-turn.ts';
import type { Probe } from '../probe/probe.ts';
import { interestsOf } from './interests.ts';
import { deliver } from './deliver.ts';
import { isAccepted } from '../verdict.ts';

export interface FirstEvent {
  readonly id: string;
  readonly body: string;
  /** By the run's clock. */
  readonly sentAt: number;
}

const EVENTS = 6;

/** Ages of further ones: of the last retry, and of a dead letter that was found a week later. */
const OLD_MINUTES = [40, 8 * 24 * 60];

interface FirstEvents {
  readonly fresh: readonly FirstEvent[];
  readonly old: readonly FirstEvent[];
}

/** By what a run has only one of. */
const first = new WeakMap<Probe['signing'], FirstEvents>();

const sendEach = async (probe: Probe, events: readonly Event[]): Promise<readonly FirstEvent[]> => {
  const sent = await inTurn(probe, events, async (event): Promise<readonly FirstEvent[]> => {
    const body = probe.write(event);
    const exchange = await deliver(probe, body);
    return isAccepted(exchange) ? [{ id: event.id, body, sentAt: probe.wall.now() }] : [];
  });
  return sent.flat();
};

/** Sends some plain events and remembers those that were accepted: at the beginning of a run. */
export const sendFirst = async (probe: Probe): Promise<void> => {
  const plain = Array.from({ length: EVENTS }, () => probe.event());
  const old = OLD_MINUTES.map((minutes) =>
    probe.event(undefined, {}, { timestamp: toProviderTime(probe.wall.now() - minutes * 60_000) }),
  );
  first.set(probe.signing, {
    fresh: await sendEach(probe, plain),
    old: await sendEach(probe, old),
  });
};

/**
 * Those of them that have exactly one effect by now.
 *
 * @param age `old`: those whose time was long ago when they were sent
 */
export const firstProcessed = async (
  probe: Probe,
  age: keyof FirstEvents = 'fresh',
): Promise<readonly FirstEvent[]> => {
  const { effects } = probe;
  if (effects === null) return [];
  const events = first.get(probe.signing)?.[age] ?? [];
  const counts = await Promise.all(events.map(({ id }) => effects.count(id)));
  return events.filter((_, place) => counts[place] === 1);
};

/** A larger body is not read: few are. */
export const MAX_READ_BYTES = 16_384;

const eventIn = (body: Uint8Array): Partial<Event> | null => {
  if (body.length > MAX_READ_BYTES) return null;
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as Partial<Event> | null;
  } catch {
    return null;
  }
};

/** Ids of accepted events of types that have an effect, oldest first. */
function* acceptedIds(
  probe: Probe,
  types: ReadonlySet<string>,
  exchanges: readonly Exchange[],
): Generator<string> {
  for (const exchange of exchanges) {
    const { headers, body } = exchange.request;
    const { id, event } = (isAccepted(exchange) && eventIn(body)) || {};
    if (typeof id !== 'string' || !types.has(String(event))) continue;
    if (headers.some(([, value]) => value === probe.signing.valid(body))) yield id;
  }
}

/** Number of other events that were accepted after this one. */
export const acceptedSince = async (probe: Probe, { id, body }: FirstEvent): Promise<number> => {
  const { types } = await interestsOf(probe);
  const all = probe.allExchanges();
  const own = Buffer.from(body, 'utf8');
  const begun = all.findLastIndex(({ request }) => own.equals(request.body));
  const ids = new Set(acceptedIds(probe, types, all.slice(begun + 1)));
  ids.delete(id);
  return ids.size;
};

/** Ids of the first accepted events of the run. */
export const earlyAccepted = async (probe: Probe, most: number): Promise<readonly string[]> => {
  const { types } = await interestsOf(probe);
  const ids = new Set<string>();
  for (const id of acceptedIds(probe, types, probe.allExchanges())) {
    ids.add(id);
    if (ids.size >= most) break;
  }
  return [...ids];
};
