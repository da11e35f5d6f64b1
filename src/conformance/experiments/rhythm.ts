/**
 * Whether plain events that are sent one at a time fail, and by what: their number, something in them, or nothing.
 *
 * @module
 */
import type { Symptom } from '../check.ts';
import type { Shown } from '../histories/cause.ts';
import { waitFor } from '../hooks/hooks.ts';
import { deliver } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, isAccepted } from '../verdict.ts';
import { explainTainted } from './tainted.ts';
import { explainByCircumstance, PLAIN } from './circumstances.ts';
import { explainByKnownIds } from './known-ids.ts';
import { BY_CHANCE, CIRCUMSTANCE_KEY, type NamedCause } from './known-causes.ts';
import { explainByTrait } from './digest-trait.ts';
import { periodOf } from './intermittence.ts';
import { explainByRate } from './rate.ts';

const EVENTS = 200;
/** Where some of them have failed, but too few to tell what they have in common. */
const MORE_EVENTS = 600;
const ENOUGH_FAILURES = 6;
const MAX_MS = 8000;
const PATIENCE = { forMs: 500, everyMs: 5 };

interface Tried {
  readonly event: Event;
  readonly exchange: Exchange;
  readonly isFailed: boolean;
}

const ORDINALS: Readonly<Record<number, string>> = { 2: 'second', 3: 'third', 4: 'fourth' };

const ordinal = (count: number): string =>
  ORDINALS[count] ??
  `${count}${count % 100 > 3 && count % 100 < 21 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th')}`;

/** Whether it was processed, before the next one is sent: a queue must not fill up. */
const isProcessed = async (probe: Probe, { id }: Event): Promise<boolean> => {
  const { effects } = probe;
  if (effects === null) return true;
  const ask = (): Promise<number> => effects.count(id);
  return (await waitFor(probe.wall, ask, (count) => count > 0, PATIENCE)) > 0;
};

const send = async (probe: Probe, symptom: Symptom, event: Event): Promise<Tried> => {
  const exchange = await deliver(probe, event);
  const isRefused = !isAccepted(exchange);
  const isFailed =
    symptom === 'refused' ? isRefused : !isRefused && !(await isProcessed(probe, event));
  return { event, exchange, isFailed };
};

const sendInTurn = async (probe: Probe, symptom: Symptom): Promise<readonly Tried[]> => {
  const until = probe.wall.now() + MAX_MS;
  const tried: Tried[] = [];
  let failures = 0;
  const isDone = (): boolean =>
    tried.length >= MORE_EVENTS ||
    (tried.length >= EVENTS && (failures === 0 || failures >= ENOUGH_FAILURES));
  while (!isDone() && probe.wall.now() < until) {
    const one = await send(probe, symptom, probe.event());
    tried.push(one);
    failures += Number(one.isFailed);
  }
  return tried;
};

/** Fewer may be equally far apart by accident. */
const MIN_FAILURES = 3;

/** What an earlier request has left on a connection shows with the first events; a few more are no accident. */
const WARM_UP = 5;

const isIntermittent = (failures: readonly number[]): boolean =>
  failures.length >= MIN_FAILURES && failures.some((place) => place >= WARM_UP);

/** What the failed events have in common, if anything. */
const explainByContent = async (
  probe: Probe,
  kind: 'refused' | 'lost',
  tried: readonly Tried[],
): Promise<NamedCause | null> => {
  const lost = tried.filter(({ isFailed }) => isFailed).map(({ event }) => event);
  const byIds = kind === 'lost' ? await explainByKnownIds(probe, lost, tried.length) : null;
  if (byIds !== null) return byIds;
  const repeat = async (event: Event): Promise<boolean> =>
    (await send(probe, kind, event)).isFailed;
  const byTrait = await explainByTrait(probe, kind, tried, repeat);
  if (byTrait === null) return null;
  const { name, cause, evidence, fix } = byTrait;
  return { key: `${kind}:digest:${name}`, sentence: `${cause} ${evidence}`, fix };
};

const MAX_REPEATED = 5;

/** Whether refused events are refused each time: then they are not refused by chance. */
const isRepeated = async (
  probe: Probe,
  kind: 'refused' | 'lost',
  tried: readonly Tried[],
): Promise<boolean> => {
  if (kind === 'lost') return false;
  for (const { event } of tried.filter(({ isFailed }) => isFailed).slice(0, MAX_REPEATED)) {
    if (isAccepted(await deliver(probe, event))) return false;
  }
  return true;
};

/**
 * @param seen an exchange of an event that was refused or lost
 * @returns the cause when plain events that are sent one at a time fail, too; else null
 */
export const explainInTurn = async (
  probe: Probe,
  kind: 'refused' | 'lost',
  seen: Exchange,
): Promise<NamedCause | null> => {
  const byRate = await explainByRate(probe, kind);
  if (byRate !== null) return byRate;
  const tried = await sendInTurn(probe, kind);
  const failures = tried.flatMap(({ isFailed }, place) => (isFailed ? [place] : []));
  const period = periodOf(failures, tried.length);
  const byContent = await explainByContent(probe, kind, tried);
  if (byContent !== null) return byContent;
  if (period === null && !isIntermittent(failures)) return null;
  const tainted = period === null && kind === 'refused' ? await explainTainted(probe) : null;
  if (tainted !== null) return tainted;
  const decisive = period === null ? await explainByCircumstance(probe, PLAIN) : null;
  if (decisive !== null) {
    const { name, cause, evidence, fix } = decisive;
    return { key: `${CIRCUMSTANCE_KEY}${name}`, sentence: `${cause} ${evidence}`, fix };
  }
  const answer = describeReply((tried[failures[0]!]?.exchange ?? seen).reply);
  const outcome = kind === 'refused' ? `is refused (${answer})` : 'is accepted but has no effect';
  return {
    key:
      period === null && kind === 'refused'
        ? BY_CHANCE
        : `${kind}:by-number:${period ?? 'irregular'}`,
    sentence:
      period === null
        ? `Now and then a plain valid event ${outcome}, ${failures.length} of ${tried.length} that were sent one at a time${(await isRepeated(probe, kind, tried)) ? ', and refused again when it is sent again: what decides is in its bytes or its signature' : ': it is intermittent, at random, by chance'}.`
        : `Every ${ordinal(period)} valid event ${outcome}, whatever it holds.`,
    fix: 'Look for state that requests share and that changes with their number: a counter, a rotating key or connection, a hash object that is reused, a batch whose last event is left out.',
  };
};

/** @param shown a violation that may have nothing to do with its history */
export const explainByNumber = async (probe: Probe, shown: Shown): Promise<NamedCause | null> => {
  const { kind, sent } = shown.violation;
  return kind === 'refused' || kind === 'lost' ? explainInTurn(probe, kind, sent.exchange) : null;
};
