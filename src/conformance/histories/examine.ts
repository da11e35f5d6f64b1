/**
 * Plays histories, and shrinks the first that violates an invariant to the shortest that still does.
 *
 * Shrinking runs against the live receiver: every candidate is played again with fresh ids and leads, several times when
 * the violation is racy, and all of it is bounded by time.
 *
 * @module
 */
import type { NamedCause } from '../experiments/known-causes.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { Shown } from './cause.ts';
import { play, type Played } from './play.ts';
import { candidates } from './shrink.ts';
import type { History } from './step.ts';
import { judgePlayed, mostSevere, type Violation, type ViolationKind } from './violations.ts';

export interface ExamineOptions {
  /** No further history is begun after this time, but for the first few. Milliseconds. */
  readonly playForMs: number;
  readonly shrinkForMs?: number;
  /** A cause that makes it needless to shrink: what was seen has nothing to do with its history. */
  readonly explain: (shown: Shown) => Promise<NamedCause | null>;
  /** Violations that are looked for; of others, other checks speak. */
  readonly kinds: readonly ViolationKind[];
}

export interface Examined {
  /** Null when every history was as the model says. */
  readonly shown: Shown | null;
  /** A plain event alone shows the same since then: the receiver as a whole is in another state. */
  readonly isLasting: boolean;
  /** Whether it was seen again with fresh ids. */
  readonly isReproduced: boolean;
  /** What {@link ExamineOptions.explain} said. */
  readonly cause: NamedCause | null;
  readonly histories: number;
  readonly requests: number;
}

/** Played however slow the receiver is. */
const MIN_HISTORIES = 6;
const PATIENCE_MS = 2000;
const SHRINK_PATIENCE_MS = 600;
const SHRINK_FOR_MS = 12_000;
/** A race is not seen each time. */
const MAX_TRIES = 4;

const PLAIN: History = [{ kind: 'event', type: 'email.replied', lead: 0, path: 'fresh' }];

const shownBy = (played: Played, violations: readonly Violation[], kind?: ViolationKind) => {
  const alike = violations.filter((one) => kind === undefined || one.kind === kind);
  const violation = mostSevere(alike);
  if (violation === null) return null;
  const count = violations.filter((one) => one.kind === violation.kind).length;
  return { played, violation, alike: count };
};

/** Plays it alone until it shows this kind of violation. */
const reproduce = async (
  probe: Probe,
  history: History,
  kind: ViolationKind,
  tries: number,
): Promise<{ readonly shown: Shown; readonly tries: number } | null> => {
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const played = await play(probe, history);
    const [violations = []] = await judgePlayed(probe, [played], {
      patienceMs: SHRINK_PATIENCE_MS,
    });
    const shown = shownBy(played, violations, kind);
    if (shown !== null) return { shown, tries: attempt };
  }
  return null;
};

/** More than one, since what is lost by chance may be the next event, too. */
const LASTING = 3;

/** Whether plain events alone show it, one after another. */
const lasts = async (probe: Probe, kind: ViolationKind): Promise<boolean> => {
  for (let seen = 0; seen < LASTING; seen += 1) {
    if ((await reproduce(probe, PLAIN, kind, 1)) === null) return false;
  }
  return true;
};

const shrink = async (
  probe: Probe,
  first: Shown,
  tries: number,
  untilMs: number,
): Promise<Shown> => {
  const { kind } = first.violation;
  let smallest = first;
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const candidate of candidates(smallest.played.history)) {
      if (probe.wall.now() > untilMs) return smallest;
      const found = await reproduce(probe, candidate, kind, tries);
      if (found === null) continue;
      smallest = found.shown;
      isSmaller = true;
      break;
    }
  }
  return smallest;
};

/** Whether its event fails alone, too, with a fresh id: then what it holds is the matter of other checks. */
const isAboutContent = async (probe: Probe, { violation: { kind, sent } }: Shown) => {
  const { event } = sent;
  if (event === null || sent.role !== 'event' || (kind !== 'refused' && kind !== 'lost'))
    return false;
  const { lead_email, lead_id } = probe.event('email.opened').data;
  const person = 'lead_email' in event.data ? { lead_email, lead_id } : {};
  const copy = { ...probe.event(), event: event.event, data: { ...event.data, ...person } };
  const isTaken = isAccepted(await probe.post(copy));
  if (kind === 'refused') return !isTaken;
  const patience = { forMs: SHRINK_PATIENCE_MS };
  return isTaken && (await probe.effects?.settled(copy.id, 1, patience)) === 0;
};

/** Of a state that is wrong after requests in turn, and of a single forgery, the checks of states and signatures speak. */
const isOfOtherChecks = ({ violation, played: { history } }: Shown): boolean => {
  const isInTurn = history.every(
    ({ kind }) => kind !== 'together' && kind !== 'failed try' && kind !== 'restart',
  );
  return (
    isInTurn &&
    (violation.kind === 'state' || (violation.kind === 'forged' && history.length === 1))
  );
};

const playInTurn = async (
  probe: Probe,
  histories: Iterable<History>,
  untilMs: number,
): Promise<readonly Played[]> => {
  const played: Played[] = [];
  for (const history of histories) {
    if (played.length >= MIN_HISTORIES && probe.wall.now() > untilMs) break;
    played.push(await play(probe, history));
  }
  return played;
};

/** How many a receiver gets that needs seconds for every response. */
const SLOW_HISTORIES = 16;

/** These change what the receiver does with every other request. */
const isForOneAtATime = (history: History): boolean =>
  history.some(({ kind }) => kind === 'failed try' || kind === 'restart');

/** Each has leads and connections of its own. */
const playSideBySide = async (
  probe: Probe,
  histories: Iterable<History>,
): Promise<readonly Played[]> => {
  const chosen: History[] = [];
  for (const history of histories) {
    if (chosen.length === SLOW_HISTORIES) break;
    chosen.push(history);
  }
  if (chosen.some(isForOneAtATime)) return playInTurn(probe, chosen, Infinity);
  return Promise.all(chosen.map((history) => play(probe, history)));
};

/** Refused by no response. On a busy machine that happens once, to a connection that was too late to be accepted. */
const isUnanswered = ({ violation: { kind, sent } }: Shown): boolean =>
  kind === 'refused' && sent.exchange.reply.kind === 'none';

/** An effect that has come late was no loss. */
const stillViolates = async (
  probe: Probe,
  { played, violation: { kind } }: Shown,
): Promise<Shown | null> => {
  const [violations = []] = await judgePlayed(probe, [played], { patienceMs: PATIENCE_MS });
  return shownBy(played, violations, kind);
};

/** @param histories simplest first: the first that violates an invariant is the one that is shrunk */
export const examine = async (
  probe: Probe,
  histories: Iterable<History>,
  { playForMs, kinds, explain, shrinkForMs = SHRINK_FOR_MS }: ExamineOptions,
): Promise<Examined> => {
  const isSlow = probe.isSlow();
  const played = await (isSlow
    ? playSideBySide(probe, histories)
    : playInTurn(probe, histories, probe.wall.now() + playForMs));
  const all = await judgePlayed(probe, played, { patienceMs: PATIENCE_MS });
  const judged = all.map((violations) => violations.filter((one) => kinds.includes(one.kind)));
  const place = judged.findIndex((violations) => violations.length > 0);
  const requests = played.reduce((sum, { sent }) => sum + sent.length, 0);
  const result = {
    histories: played.length,
    requests,
    shown: null,
    cause: null,
    isLasting: false,
    isReproduced: false,
  };
  if (place === -1) return result;
  const seen = shownBy(played[place]!, judged[place]!)!;
  const { kind } = seen.violation;
  const isLasting = await lasts(probe, kind);
  if (isLasting) return { ...result, shown: seen, isLasting, isReproduced: true };
  const cause = await explain(seen);
  if (cause !== null) return { ...result, shown: seen, cause, isReproduced: true };
  if (await isAboutContent(probe, seen)) return result;
  const alone = await reproduce(probe, seen.played.history, kind, MAX_TRIES);
  const together = (): History => played.slice(0, place + 1).flatMap(({ history }) => history);
  const again = alone ?? (await reproduce(probe, together(), kind, 2));
  if (again === null) {
    // Side by side they may have disturbed each other; what many requests at once do is the subject of other checks.
    return kind === 'state' || isSlow || isUnanswered(seen)
      ? result
      : { ...result, shown: await stillViolates(probe, seen) };
  }
  const tries = Math.min(again.tries + 1, MAX_TRIES);
  const until = probe.wall.now() + shrinkForMs;
  const shown = await shrink(probe, again.shown, tries, until);
  return isOfOtherChecks(shown) ? result : { ...result, shown, isReproduced: true };
};
