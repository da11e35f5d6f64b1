/**
 * What decides which of several plain events fail, where it is nothing in a single one of them: their times, their number at
 * the same moment, the connection, or how shortly they follow each other. Each circumstance is taken away alone, in turns
 * with the arrangement that shows the failures.
 *
 * @module
 */
import { toProviderTime } from '../../domain/time.ts';
import { sleep } from '../hooks/hooks.ts';
import { countLost } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { postRaw } from '../probe/raw-post.ts';
import { isAccepted } from '../verdict.ts';
import type { Shown } from '../histories/cause.ts';
import { answerText } from './answer-text.ts';
import { CIRCUMSTANCE_KEY, rememberCause, type NamedCause } from './known-causes.ts';
import { isRefusedEvent, sideBySide } from './trial.ts';
import { locate } from './where.ts';

export interface Arrangement {
  readonly count: number;
  readonly atOnce: number;
  /** Whether all have the same timestamp, of a whole second. */
  readonly isSameSecond: boolean;
  /** Each over a connection of its own. */
  readonly isFresh: boolean;
  /** After each event. Milliseconds. */
  readonly pauseMs: number;
}

/** Plain events as other experiments send them. */
export const PLAIN: Arrangement = {
  count: 24,
  atOnce: 1,
  isSameSecond: true,
  isFresh: false,
  pauseMs: 0,
};

interface Circumstance {
  readonly name: string;
  /** Whether the arrangement has it. */
  readonly isPresent: (arrangement: Arrangement) => boolean;
  readonly without: Partial<Arrangement>;
  /** Continues "Refuses events". */
  readonly phrase: string;
  /** Continues "but none of as many". */
  readonly otherwise: string;
  readonly fix: string;
}

const PAUSE_MS = 60;

const SAME_TIMESTAMP: Circumstance = {
  name: 'same-timestamp',
  isPresent: ({ isSameSecond }) => isSameSecond,
  without: { isSameSecond: false },
  phrase: 'that have the same timestamp as another event that is waiting or being processed',
  otherwise: 'with different timestamps',
  fix: 'Timestamps have whole seconds, so several events share one. Never use the timestamp alone as a key or as what a queue is ordered by: add a counter or the id (Python: `(timestamp, next(counter), event)`).',
};

const CIRCUMSTANCES: readonly Circumstance[] = [
  SAME_TIMESTAMP,
  {
    name: 'in-parallel',
    isPresent: ({ atOnce }) => atOnce > 1,
    without: { atOnce: 1 },
    phrase: 'that arrive at the same time as others',
    otherwise: 'one at a time',
    fix: 'Keep what belongs to one request (body, hash object, event, database connection) in local variables of its handler; nothing of it may be shared by requests that run at the same time.',
  },
  {
    name: 'same-connection',
    isPresent: ({ isFresh }) => !isFresh,
    without: { isFresh: true },
    phrase: 'that arrive on a connection that was used before',
    otherwise: 'over fresh connections',
    fix: 'Keep nothing of one request for the next one on its connection, and read each body to its end.',
  },
  {
    name: 'at-once',
    isPresent: ({ pauseMs }) => pauseMs === 0,
    without: { pauseMs: PAUSE_MS },
    phrase: `that follow another event within ${PAUSE_MS} ms`,
    otherwise: `${PAUSE_MS} ms apart`,
    fix: 'Look at what the work on one event holds after its response: a lock, a transaction, a full queue.',
  },
];

/** Seconds before now: too few to be old, and different timestamps are those of no earlier group. */
const AGE_S = { same: 2, different: 30 } as const;

const eventsOf = (probe: Probe, { count, isSameSecond }: Arrangement): readonly Event[] => {
  const now = probe.wall.now();
  return Array.from({ length: count }, (_, place) => {
    const ageS = isSameSecond ? AGE_S.same : AGE_S.different + place;
    return probe.event(undefined, {}, { timestamp: toProviderTime(now - ageS * 1000) });
  });
};

interface Failed {
  readonly refused: readonly Exchange[];
  readonly lost: number;
}

/** Events that have failed, of a group that is sent as arranged. */
const send = async (probe: Probe, arrangement: Arrangement): Promise<Failed> => {
  const { atOnce, isFresh, pauseMs } = arrangement;
  const events = eventsOf(probe, arrangement);
  const post = async (event: Event): Promise<Exchange> => {
    const body = probe.write(event);
    const exchange = await (isFresh
      ? postRaw(probe, body, probe.headersFor(body), null)
      : probe.post(event));
    if (pauseMs > 0) await sleep(probe.wall, pauseMs);
    return exchange;
  };
  const sent = await sideBySide(probe, events, post, atOnce);
  const accepted = events.filter((_, place) => isAccepted(sent[place]!));
  const lost = probe.effects === null ? 0 : await countLost(probe, accepted);
  return { refused: sent.filter(isRefusedEvent), lost };
};

/** Time for what a group leaves waiting, so that the next one begins alone. Milliseconds. */
const SETTLES_WITHIN_MS = 600;
const MAX_ROUNDS = 6;
/** Fewer failures in the arrangement, and none without the circumstance, may be chance. */
const ENOUGH_FAILURES = 6;

interface Compared {
  readonly refused: readonly Exchange[];
  readonly lost: number;
  readonly rounds: number;
}

/** Rounds without any failure, after which the arrangement counts as harmless. */
const MAX_HARMLESS = 2;

/** The failures of the arrangement; null when some fail without the circumstance as well, or too few do with it. */
const compare = async (
  probe: Probe,
  arrangement: Arrangement,
  { without }: Circumstance,
): Promise<Compared | null> => {
  const refused: Exchange[] = [];
  let lost = 0;
  let mayBeLeftOver = true;
  for (let rounds = 0; rounds < MAX_ROUNDS;) {
    await sleep(probe.wall, SETTLES_WITHIN_MS);
    const other = await send(probe, { ...arrangement, ...without });
    if (other.refused.length > 0 || other.lost > 0) {
      // The first group may have met what was still waiting.
      if (!mayBeLeftOver || rounds > 0) return null;
      mayBeLeftOver = false;
      continue;
    }
    const shown = await send(probe, arrangement);
    rounds += 1;
    refused.push(...shown.refused);
    lost += shown.lost;
    const failures = refused.length + lost;
    if (rounds > 1 && failures >= ENOUGH_FAILURES) return { refused, lost, rounds };
    if (rounds === MAX_HARMLESS && failures === 0) return null;
  }
  return null;
};

interface Decisive extends Compared {
  readonly circumstance: Circumstance;
  readonly arrangement: Arrangement;
}

/** The first circumstance without which none fails. */
const decisiveIn = async (
  probe: Probe,
  arrangement: Arrangement,
  circumstances: readonly Circumstance[],
): Promise<Decisive | null> => {
  for (const circumstance of circumstances) {
    if (!circumstance.isPresent(arrangement)) continue;
    const found = await compare(probe, arrangement, circumstance);
    if (found !== null) return { ...found, circumstance, arrangement };
  }
  return null;
};

/** Whether the refusals are those of a wrong signature: then requests disturb each other where it is computed. */
const asForged = async (probe: Probe, refused: readonly Exchange[]): Promise<string> => {
  const [first] = refused;
  if (first === undefined) return '';
  const answer = answerText(first.reply);
  return (await locate(probe, first)).place === 'verification'
    ? `, as if their signature were wrong (${answer}): what computes the signature is shared, such as a hash object`
    : ` (${answer})`;
};

const evidenceOf = ({ circumstance, arrangement, refused, lost, rounds }: Decisive): string => {
  const failed = [
    ...(refused.length > 0 ? [`${refused.length} were refused`] : []),
    ...(lost > 0 ? [`${lost} were accepted and lost`] : []),
  ];
  return `Of ${rounds * arrangement.count} such events ${failed.join(' and ')}; of as many ${circumstance.otherwise}, none.`;
};

const verbFor = ({ refused, lost }: Compared): string => {
  if (lost === 0) return 'Refuses';
  return refused.length === 0 ? 'Accepts and loses' : 'Refuses or loses';
};

/** A circumstance that decides, in words. */
export interface ByCircumstance {
  readonly name: string;
  readonly cause: string;
  readonly evidence: string;
  readonly fix: string;
  /** A refused event; empty where all were accepted and some lost. */
  readonly exchanges: readonly Exchange[];
}

/**
 * @param arrangement in which plain events fail now and then
 * @returns null when some fail without each of its circumstances
 */
export const explainByCircumstance = async (
  probe: Probe,
  arrangement: Arrangement,
  circumstances = CIRCUMSTANCES,
): Promise<ByCircumstance | null> => {
  if (probe.isSlow()) return null;
  const decisive = await decisiveIn(probe, arrangement, circumstances);
  if (decisive === null) return null;
  const { refused, lost, circumstance } = decisive;
  const { name, phrase, fix } = circumstance;
  const cause = `${verbFor(decisive)} events ${phrase}${await asForged(probe, refused)}.`;
  const evidence = evidenceOf(decisive);
  if (lost > 0) {
    const key = `${CIRCUMSTANCE_KEY}${name}`;
    rememberCause(probe, 'lost', { key, sentence: `${cause} ${evidence}`, fix });
  }
  return { name, cause, evidence, fix, exchanges: refused.slice(0, 1) };
};

const TOGETHER = 8;

const bySameTimestamp = async (probe: Probe): Promise<NamedCause | null> => {
  const arrangement = { ...PLAIN, atOnce: TOGETHER };
  const found = await explainByCircumstance(probe, arrangement, [SAME_TIMESTAMP]);
  if (found === null) return null;
  const { name, cause, evidence, fix } = found;
  return { key: `${CIRCUMSTANCE_KEY}${name}`, sentence: `${cause} ${evidence}`, fix };
};

/** @returns the cause when events that arrive together fail by their timestamps, which is tried once in a run */
export const explainBySameTimestamp = async (
  probe: Probe,
  { violation: { kind }, played: { history } }: Shown,
): Promise<NamedCause | null> => {
  const isCrowd = history.some((step) => step.kind === 'together' || step.kind === 'burst');
  return isCrowd && (kind === 'refused' || kind === 'lost')
    ? probe.memory.once('same timestamp', () => bySameTimestamp(probe))
    : null;
};
