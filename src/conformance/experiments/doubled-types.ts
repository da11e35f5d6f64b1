/**
 * Of which types an event that is sent once has several effects: those of some types only are no mistake of the hook. When
 * the further effects come tells what makes them.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import { sleep } from '../hooks/hooks.ts';
import { deliver, effectsOf } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import { inTurn } from '../probe/in-turn.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { list } from './cause-text.ts';
import { rememberCause, type NamedCause } from './known-causes.ts';

/** Events of each type. */
const ROUNDS = 2;
/** Effects are counted for this long. Milliseconds. */
const WATCH_MS = 3000;
const LOOK_EVERY_MS = 25;
/** Effects this far apart are not of one run of a handler. Milliseconds. */
const MIN_APART_MS = 60;

interface Watched {
  readonly type: EventType;
  readonly exchange: Exchange;
  readonly count: number;
  /** From the first effect that was seen to the second; null with fewer. */
  readonly apartMs: number | null;
}

/** Events of all types, each sent once, with their effects over some time. */
const watchAll = async (probe: Probe): Promise<readonly Watched[]> => {
  const effects = effectsOf(probe);
  const events = Array.from({ length: ROUNDS }, () =>
    EVENT_TYPES.map((type) => ({ type, event: probe.event(type) })),
  ).flat();
  const sent = await inTurn(probe, events, async ({ type, event }) => {
    const exchange = await deliver(probe, event);
    return { type, id: event.id, exchange, seenAt: [] as number[] };
  });
  const until = probe.wall.now() + WATCH_MS;
  while (probe.wall.now() < until) {
    await Promise.all(
      sent.map(async ({ id, seenAt }) => {
        const count = await effects.count(id);
        while (seenAt.length < count) seenAt.push(probe.wall.now());
      }),
    );
    await sleep(probe.wall, LOOK_EVERY_MS);
  }
  return sent
    .filter(({ exchange }) => isAccepted(exchange))
    .map(({ type, exchange, seenAt: [first, second, ...more] }) => ({
      type,
      exchange,
      count: [first, second].filter((one) => one !== undefined).length + more.length,
      apartMs: first === undefined || second === undefined ? null : second - first,
    }));
};

const code = (types: Iterable<string>): string =>
  list(
    [...types].map((type) => `\`${type}\``),
    'and',
  );

const LATER =
  'a second worker takes the event from the queue while the first one is still at work on it, because its lease or visibility timeout is shorter than the work';
const AT_ONCE = 'two handlers or subscriptions match the type, or its handler is called twice';

export interface DoubledTypes {
  readonly cause: NamedCause;
  readonly exchanges: readonly Exchange[];
}

/** @returns the cause, which is remembered; null unless events of some types have several effects, and others one */
export const explainDoubledTypes = async (probe: Probe): Promise<DoubledTypes | null> => {
  const watched = await watchAll(probe);
  const doubled = watched.filter(({ count }) => count > 1);
  const types = new Set(doubled.map(({ type }) => type));
  const right = watched.filter(({ type, count }) => count === 1 && !types.has(type));
  const isEach = watched.every(({ type, count }) => !types.has(type) || count > 1);
  if (doubled.length === 0 || right.length === 0) return null;
  const apart = doubled.flatMap(({ apartMs }) => apartMs ?? []).toSorted((a, b) => a - b);
  const apartMs = apart[Math.floor(apart.length / 2)] ?? 0;
  const isLater = apartMs >= MIN_APART_MS;
  const when = isLater ? `, the second one about ${(apartMs / 1000).toFixed(1)} s later` : '';
  const cause = {
    key: `doubled:types:${[...types].join('+')}`,
    sentence: `${isEach ? 'Each' : 'Now and then an'} event of ${code(types)} that is sent once has ${doubled[0]!.count} effects${when}, while ${code(new Set(right.map(({ type }) => type)))} have one each: ${isLater ? LATER : AT_ONCE}.`,
    fix: isLater
      ? 'Extend the lease while the work goes on, make it longer than the longest work, and store the effect under a unique key of the event id.'
      : 'Register one handler for each type, and store the effect under a unique key of the event id.',
  };
  rememberCause(probe, 'doubled', cause);
  return { cause, exchanges: doubled.map(({ exchange }) => exchange).slice(0, 1) };
};
