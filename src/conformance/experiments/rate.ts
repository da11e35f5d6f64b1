/**
 * Whether plain events fail because they come too fast: of a row without pauses the first are processed and the others fail,
 * again after a pause. The control: as many with pauses between them, of which none fails.
 *
 * @module
 */
import { toProviderTime } from '../../domain/time.ts';
import { sleep } from '../hooks/hooks.ts';
import { effectsOf, settleBehind } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import { isThrottled } from '../net/throttle.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { answerText } from './answer-text.ts';
import { rememberCause, type NamedCause } from './known-causes.ts';
import { onceAlone } from './once-alone.ts';
import { isRefusedEvent } from './trial.ts';

type Kind = 'refused' | 'lost';

/** In a row, at most; and how many beyond the first that fails. */
const MAX_EVENTS = 160;
const BEYOND_FIRST = 12;
const MAX_ROW_MS = 1500;
/** Of those, at least as many fail: a limit that fills up again lets a few through. */
const MIN_FAILED = 6;
/** A limit that counts by the second starts again. Milliseconds. */
const PAUSE_MS = 1600;
/** For the control: longer than the row would take at the limit. */
const SPACING = 1.4;
const MAX_CONTROL_MS = 5000;
const MIN_CONTROL = 8;
/** Of an effect that has not come. Milliseconds. */
const LOST_AFTER_MS = 600;

/** After it, a limit that counts by the second has started again. */
export const pauseOfRate = ({ wall }: Pick<Probe, 'wall'>): Promise<void> => sleep(wall, PAUSE_MS);

interface Row {
  /** Number of events that were processed before the first one that failed. */
  readonly kept: number;
  readonly failed: number;
  readonly sent: number;
  readonly ms: number;
  /** A refused event; null where they are lost. */
  readonly refused: Exchange | null;
}

/** Whether each has failed, in the order of the events. */
const failuresOf = async (
  probe: Probe,
  kind: Kind,
  events: readonly Event[],
  sent: readonly Exchange[],
): Promise<readonly boolean[]> => {
  if (kind === 'refused') return sent.map(isRefusedEvent);
  await pauseOfRate(probe);
  await settleBehind(probe);
  const patience = { forMs: LOST_AFTER_MS };
  return Promise.all(
    events.map(async ({ id }, place) =>
      isAccepted(sent[place]!) ? (await effectsOf(probe).settled(id, 1, patience)) === 0 : false,
    ),
  );
};

/** An event that shares its second with no other of its row: events in a row otherwise share that, too. */
const unlikeOthers = (probe: Probe, place: number): Event =>
  probe.event('email.replied', {}, { timestamp: toProviderTime(probe.wall.now() - 1000 * place) });

/** @param pauseMs between two events */
const sendRow = async (probe: Probe, kind: Kind, most: number, pauseMs = 0): Promise<Row> => {
  const events: Event[] = [];
  const sent: Exchange[] = [];
  const begun = probe.wall.now();
  let beyond = 0;
  while (
    sent.length < most &&
    beyond < BEYOND_FIRST &&
    probe.wall.now() < begun + MAX_ROW_MS + most * pauseMs
  ) {
    const event = unlikeOthers(probe, events.length);
    events.push(event);
    sent.push(await probe.post(event));
    if (sent.some(isRefusedEvent)) beyond += 1;
    if (pauseMs > 0) await sleep(probe.wall, pauseMs);
  }
  const ms = probe.wall.now() - begun;
  const failures = await failuresOf(probe, kind, events, sent);
  const first = failures.indexOf(true);
  return {
    kept: first === -1 ? sent.length : first,
    failed: failures.filter(Boolean).length,
    sent: sent.length,
    ms,
    refused: sent.find((one) => isRefusedEvent(one) && !isThrottled(one)) ?? null,
  };
};

/** Whether the first are processed and most of the others fail. */
const isLimited = ({ kept, failed, sent }: Row): boolean =>
  kept > 0 && failed >= MIN_FAILED && failed >= (sent - kept) / 2;

const isAlike = (one: number, other: number): boolean =>
  Math.abs(one - other) <= Math.max(2, 0.4 * Math.max(one, other));

const describe = (kind: Kind, one: Row, other: Row, everyMs: number): NamedCause => {
  const [outcome, answer] =
    kind === 'lost'
      ? ['are accepted and lost', '']
      : ['are refused', one.refused === null ? '' : ` (${answerText(one.refused.reply)})`];
  return {
    key: `${kind}:by-rate`,
    sentence: `Events that come faster than a rate limit allows ${outcome}${answer}: of ${one.sent} in a row within ${Math.round(one.ms)} ms the first ${one.kept} are processed and ${one.failed} of the others fail, after a pause of ${PAUSE_MS / 1000} s again (the first ${other.kept}), and with ${Math.round(everyMs)} ms between two events none fails.`,
    fix:
      kind === 'lost'
        ? 'Answer 429 with Retry-After to what a rate limit or a throttle drops, so that it is sent again; better, take all correctly signed events and let them wait in a queue.'
        : 'Exempt correctly signed events from the rate limit, or answer 429 with Retry-After and not as if the request were wrong.',
  };
};

const experiment = async (probe: Probe, kind: Kind): Promise<NamedCause | null> => {
  await pauseOfRate(probe);
  const one = await sendRow(probe, kind, MAX_EVENTS);
  if (!isLimited(one)) return null;
  await pauseOfRate(probe);
  const other = await sendRow(probe, kind, one.sent);
  if (!isLimited(other) || !isAlike(one.kept, other.kept)) return null;
  const everyMs = (SPACING * 1000) / Math.min(one.kept, other.kept);
  const count = Math.max(MIN_CONTROL, Math.min(one.kept + MIN_FAILED, MAX_CONTROL_MS / everyMs));
  await pauseOfRate(probe);
  const slow = await sendRow(probe, kind, Math.ceil(count), everyMs);
  if (slow.failed > 0) return null;
  const cause = describe(kind, one, other, everyMs);
  rememberCause(probe, kind, cause);
  return cause;
};

/** @returns the cause, which is remembered; null when nothing fails by its rate; tried once in a run for each kind */
export const explainByRate = async (probe: Probe, kind: Kind): Promise<NamedCause | null> => {
  if (probe.isSlow() || (kind === 'lost' && probe.effects === null)) return null;
  return onceAlone(probe, `rate:${kind}`, () => experiment(probe, kind));
};
