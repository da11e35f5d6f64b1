/**
 * What a restart changes although nothing was sent: effects that are gone or come again, states that differ, and the part
 * of an event on which that depends.
 *
 * @module
 */
import { inDigitGroups } from '../../domain/digit-groups.ts';
import { fieldsOf, type Field } from '../explore/fields.ts';
import { withChanges, type Change } from '../explore/case.ts';
import { sleep, waitFor } from '../hooks/hooks.ts';
import { firstProcessed } from '../judge/first-events.ts';
import { deliver } from '../judge/deliver.ts';
import { restart } from '../judge/restart.ts';
import type { Exchange } from '../net/exchange.ts';
import { inTurn } from '../probe/in-turn.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { sideBySide } from './trial.ts';
import {
  acceptedEvents,
  compareSnapshots,
  readSnapshot,
  settle,
  type Changed,
  type Seen,
} from './snapshot.ts';

/** Events of the run that are looked at. */
const EVENTS = 120;
/** In a name or a text: what separates the columns, lines or entries of files. */
const SEPARATORS = [
  '|',
  ',',
  ';',
  ':',
  '\t',
  '\n',
  '"',
  "'",
  '\\',
  '#',
  '=',
  '&',
  '%',
  '/',
  'ü',
  '🎉',
] as const;

/** Milliseconds: what is still being taken up at start is no difference. */
const SETTLES_WITHIN_MS = 1500;
const LOOK_EVERY_MS = 50;

const TYPE = 'email.replied';

const textFields = (): readonly Field[] =>
  fieldsOf(TYPE).filter(({ meaning }) => meaning === 'name' || meaning === 'text');

const change = (field: Field, piece: string): Change => ({
  field,
  name: '',
  level: 'MUST',
  make: (plain) => `${String(plain).slice(0, 3)}${piece}${String(plain).slice(3)}`,
});

const spiced = (probe: Probe, fields: readonly Field[], pieces: readonly string[]): Event =>
  withChanges(
    probe.event(TYPE, { reply_sentiment: 'positive' }),
    fields.map((field) => change(field, pieces.join(' '))),
  );

/** @returns the exchanges, and those of the events that were accepted */
const send = async (probe: Probe, events: readonly Event[]) => {
  const exchanges = await inTurn(probe, events, (event) => deliver(probe, event));
  return { exchanges, taken: events.filter((_, place) => isAccepted(exchanges[place]!)) };
};

const RATE = 'bounce_rate';

/** How far one more event moves the rate, which may be of all leads. The restart comes with a few events. */
const driftOfRate = async (probe: Probe, before: readonly Seen[]): Promise<number> => {
  const one = before.find(({ state }) => state?.[RATE] !== undefined);
  if (one === undefined) return 0;
  await settle(probe);
  const [now] = await readSnapshot(probe, [one.event]);
  return Math.abs(Number(now?.state?.[RATE]) - Number(one.state?.[RATE]));
};

/** Events that come with a restart, at most. */
const EVENTS_OF_RESTART = 5;

/** What the events that come with a restart change is no difference. */
const isDrift = ({ member, before, after }: Changed, drift: number): boolean =>
  member === RATE &&
  drift > 0 &&
  Math.abs(Number(after) - Number(before)) <= drift * EVENTS_OF_RESTART;

/** @returns null when the receiver does not come back */
const changesOver = async (
  probe: Probe,
  events: readonly Event[],
): Promise<readonly Changed[] | null> => {
  await settle(probe);
  const drift = await driftOfRate(probe, await readSnapshot(probe, events));
  const before = await readSnapshot(probe, events);
  if (!isAccepted(await restart(probe))) return null;
  await settle(probe);
  return waitFor(
    probe.wall,
    async () =>
      compareSnapshots(before, await readSnapshot(probe, events)).filter(
        (changed) => !isDrift(changed, drift),
      ),
    (changed) => changed.length === 0,
    { forMs: SETTLES_WITHIN_MS, everyMs: LOOK_EVERY_MS },
  );
};

/** Which single field and which single character of it are enough. */
const explainContent = async (probe: Probe): Promise<string | null> => {
  const cases = textFields().flatMap((field) =>
    SEPARATORS.map((piece) => ({ field, piece, event: spiced(probe, [field], [piece]) })),
  );
  const { taken } = await send(
    probe,
    cases.map(({ event }) => event),
  );
  const changed = await changesOver(probe, taken);
  const bad = cases.filter(({ event }) => changed?.some((one) => one.event === event));
  if (bad.length === 0 || bad.length === cases.length) return null;
  const fields = [...new Set(bad.map(({ field }) => `\`${field.name}\``))];
  const pieces = [...new Set(bad.map(({ piece }) => JSON.stringify(piece)))];
  return `${fields.slice(0, 4).join(' or ')} contains ${pieces.slice(0, 4).join(' or ')}`;
};

const idsOf = (changed: readonly Changed[]): ReadonlySet<string> =>
  new Set(changed.map(({ event }) => event.id));

/** Characters of a text: longer bodies than most events have, and than a usual buffer, column or line. */
const LENGTHS = [2000, 9000, 20_000, 60_000] as const;
const FINER = 10;

const long = (probe: Probe, length: number): Event =>
  probe.event(TYPE, {
    reply_sentiment: 'positive',
    reply_preview: 'a long text '.repeat(length / 12),
  });

const bytesOf = (event: Event): number => Buffer.byteLength(JSON.stringify(event));

/** @returns null unless the longest events differ, and they alone */
const explainLength = async (
  probe: Probe,
  events: readonly Event[],
  changed: readonly Changed[],
): Promise<string | null> => {
  const ids = idsOf(changed);
  const isBad = ({ id }: Event): boolean => ids.has(id);
  const good = Math.max(...events.filter((one) => !isBad(one)).map(bytesOf));
  const bad = Math.min(...events.filter(isBad).map(bytesOf));
  if (good >= bad) return null;
  const finer = Array.from({ length: FINER }, (_, at) =>
    long(probe, good + ((bad - good) * (at + 1)) / (FINER + 1)),
  );
  const { taken } = await send(probe, finer);
  const now = idsOf((await changesOver(probe, taken)) ?? []);
  const kept = [good, ...taken.filter(({ id }) => !now.has(id)).map(bytesOf)];
  const lost = [bad, ...taken.filter(({ id }) => now.has(id)).map(bytesOf)];
  return `its event is long (${inDigitGroups(Math.min(...lost))} bytes, and not with ${inDigitGroups(Math.max(...kept))})`;
};

export interface RestartChanges {
  readonly kind: 'content' | 'length' | 'some' | 'all' | 'repeat';
  readonly changed: readonly Changed[];
  /** Of how many events. */
  readonly looked: number;
  /** "`lead_name` contains "|"". */
  readonly when: string | null;
  readonly exchanges: readonly Exchange[];
}

/** Events that took effect once more. */
const additional = (before: readonly Seen[], after: readonly Seen[]): readonly Changed[] =>
  compareSnapshots(before, after).filter(
    ({ member, before: was, after: is }) => member === 'effects' && Number(is) > Number(was),
  );

/** As many as came since the beginning of the run, but no more than a busy minute has. */
const MAX_OTHERS = 1500;
const AT_ONCE = 16;

/** Milliseconds: a longer age is not waited for. */
const MAX_AGE_MS = 20_000;

/**
 * Whether an event is forgotten without a restart as well, behind as many others and at the same age: then their number or the
 * age is the cause.
 */
const isForgottenAnyhow = async (probe: Probe, ageMs: number): Promise<boolean> => {
  const event = probe.event();
  const sentAt = probe.wall.now();
  await send(probe, [event]);
  await settle(probe);
  const before = await readSnapshot(probe, [event]);
  const count = Math.min(MAX_OTHERS, probe.memory.requests);
  const others = Array.from({ length: count }, () => probe.event());
  await sideBySide(probe, others, (other) => probe.post(other), AT_ONCE);
  const leftMs = sentAt + Math.min(ageMs, MAX_AGE_MS) - probe.wall.now();
  if (leftMs > 0) await sleep(probe.wall, leftMs);
  await send(probe, [event]);
  await settle(probe);
  return additional(before, await readSnapshot(probe, [event])).length > 0;
};

/** The other first events are for checks that come later. */
const REPEATED = 2;

/** Events of the beginning of the run once more: their ids must still be known. */
const repeatFirst = async (probe: Probe): Promise<RestartChanges | null> => {
  const first = (await firstProcessed(probe)).slice(-REPEATED);
  const events = first.map(({ body }) => JSON.parse(body) as Event);
  const before = await readSnapshot(probe, events);
  const { exchanges } = await send(probe, events);
  await settle(probe);
  const changed = additional(before, await readSnapshot(probe, events));
  const looked = events.length;
  const ageMs = probe.wall.now() - Math.min(...first.map(({ sentAt }) => sentAt));
  if (changed.length === 0 || (await isForgottenAnyhow(probe, ageMs))) return null;
  return { kind: 'repeat', changed, looked, when: null, exchanges };
};

/** @returns null when nothing has changed, or the receiver did not come back */
export const findRestartChanges = async (probe: Probe): Promise<RestartChanges | null> => {
  const { taken, exchanges } = await send(probe, [
    probe.event('email.sent'),
    probe.event('email.bounced', { bounce_type: 'hard' }),
    spiced(probe, textFields(), SEPARATORS),
    probe.event('email.opened', { open_count: 3 }),
    ...LENGTHS.map((length) => long(probe, length)),
  ]);
  const earlier = await acceptedEvents(probe, EVENTS);
  const events = [...new Map([...earlier, ...taken].map((one) => [one.id, one])).values()];
  const changed = await changesOver(probe, events);
  if (changed === null) return null;
  if (changed.length === 0) return repeatFirst(probe);
  const bad = idsOf(changed).size;
  const base = { changed, looked: events.length, exchanges };
  const members = new Set(changed.map(({ member }) => member));
  if (bad > events.length / 2 || members.has(RATE)) {
    return { ...base, kind: 'all', when: null };
  }
  const length = await explainLength(probe, events, changed);
  if (length !== null) return { ...base, kind: 'length', when: length };
  const when = await explainContent(probe);
  return { ...base, kind: when === null ? 'some' : 'content', when };
};
