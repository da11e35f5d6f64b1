/**
 * Whether plain events fail by their number alone: sent one at a time, every n-th is refused or lost.
 *
 * @module
 */
import type { Symptom } from '../check.ts';
import type { Shown } from '../histories/cause.ts';
import { settleBehind } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

const EVENTS = 140;
const MAX_MS = 8000;
const PATIENCE_MS = 600;

interface Tried {
  readonly event: Event;
  readonly exchange: Exchange;
}

const ORDINALS: Readonly<Record<number, string>> = { 2: 'second', 3: 'third', 4: 'fourth' };

const ordinal = (count: number): string =>
  ORDINALS[count] ??
  `${count}${count % 100 > 3 && count % 100 < 21 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th')}`;

const sendInTurn = async (probe: Probe): Promise<readonly Tried[]> => {
  const until = probe.wall.now() + MAX_MS;
  const tried: Tried[] = [];
  while (tried.length < EVENTS && probe.wall.now() < until) {
    const event = probe.event();
    tried.push({ event, exchange: await probe.post(event) });
  }
  return tried;
};

const failuresOf = async (
  probe: Probe,
  tried: readonly Tried[],
  symptom: Symptom,
): Promise<readonly number[]> => {
  const places = tried.map((_, place) => place);
  if (symptom === 'refused') return places.filter((place) => !isAccepted(tried[place]!.exchange));
  const { effects } = probe;
  if (effects === null) return [];
  await settleBehind(probe);
  const counts = await Promise.all(
    tried.map(({ event, exchange }) =>
      isAccepted(exchange) ? effects.settled(event.id, 1, { forMs: PATIENCE_MS }) : 1,
    ),
  );
  return places.filter((place) => counts[place] === 0);
};

/** The number that all failures are apart; null when there is none. Checks run beside no others here. */
const periodOf = (failures: readonly number[]): number | null => {
  const gaps = failures.slice(1).map((place, index) => place - failures[index]!);
  const [period] = gaps;
  return period !== undefined && gaps.every((gap) => gap === period) ? period : null;
};

/** Nothing but valid events of different leads, so that only their number can matter. */
const isPlain = ({ played }: Shown): boolean =>
  played.history.every(
    (step) =>
      step.kind === 'event' ||
      step.kind === 'burst' ||
      step.kind === 'pause' ||
      (step.kind === 'together' && step.parts.every(({ kind }) => kind === 'event')),
  );

/**
 * @param shown a violation that may have nothing to do with its history
 * @returns the cause when plain events that are sent one at a time fail, too; else null
 */
export const explainByNumber = async (
  probe: Probe,
  shown: Shown,
  isReproduced: boolean,
): Promise<NamedCause | null> => {
  const { kind, sent } = shown.violation;
  if ((kind !== 'refused' && kind !== 'lost') || (isReproduced && !isPlain(shown))) return null;
  const tried = await sendInTurn(probe);
  const failures = await failuresOf(probe, tried, kind);
  if (failures.length === 0) return null;
  const period = periodOf(failures);
  const answer = describeReply((tried[failures[0]!]?.exchange ?? sent.exchange).reply);
  const outcome = kind === 'refused' ? `is refused (${answer})` : 'is accepted but has no effect';
  return {
    key: `${kind}:by-number:${period ?? 'irregular'}`,
    sentence:
      period === null
        ? `Now and then a plain valid event ${outcome}, ${failures.length} of ${tried.length} that were sent one at a time: the fault is intermittent and has nothing to do with what an event holds.`
        : `Every ${ordinal(period)} valid event ${outcome}, whatever it holds.`,
    fix: 'Look for state that requests share and that changes with their number: a counter, a rotating key or connection, a hash object that is reused, a batch whose last event is left out.',
  };
};
