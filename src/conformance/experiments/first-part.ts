/**
 * A body that is refused when it arrives in pieces: whether it is so each time, when nothing else is sent, and whether a
 * long body in one piece is read in part as well.
 *
 * @module
 */
import { inDigitGroups } from '../../domain/digit-groups.ts';
import { isAlike } from '../diagnosis/evidence.ts';
import { textOfLength } from '../explore/classes/texts.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { postInPieces, type Pieces } from '../samples/chunked-events.ts';
import { isAccepted } from '../verdict.ts';
import { answerText } from './answer-text.ts';
import { explainRefusal } from './explain-refusal.ts';
import { knowledgeOf, type Explanation } from './knowledge.ts';
import { bisect } from './minimise.ts';
import { isRefusedEvent } from './trial.ts';

const TIMES = 3;
const MOSTLY = 2;
/** On a busy machine, a receiver may read what has come in several shorter pauses at once. Milliseconds. */
const PAUSE_MS = 120;

/** Whether it is refused, though nothing else is sent meanwhile and the same in one piece is accepted. */
const isRefusedAlone = async (probe: Probe, way: Pieces): Promise<boolean> => {
  let refused = 0;
  for (let time = 0; time < TIMES; time += 1) {
    const sent = await postInPieces(probe, { ...way, pauseMs: PAUSE_MS });
    refused += Number(isRefusedEvent(sent));
    if (!isAccepted(await probe.post(probe.event()))) return false;
  }
  return refused >= MOSTLY;
};

/** The ways that are refused again and again, with nothing beside them. */
export const refusedWays = async (
  probe: Probe,
  ways: readonly Pieces[],
): Promise<readonly Pieces[]> =>
  probe.alone(async () => {
    const refused: Pieces[] = [];
    for (const way of ways) if (await isRefusedAlone(probe, way)) refused.push(way);
    return refused;
  });

/** Why an event was refused in pieces, when that is not so each time: then the pieces are not the cause. */
export const explainWithoutPieces = (
  probe: Probe,
  { request, reply }: Exchange,
): Promise<Explanation | null> =>
  explainRefusal(probe, { request: { ...request, manner: null }, reply });

/** Larger than the buffers of usual single reads. Bytes. */
const LARGE = 60_000;
const SMALL = 1000;

const eventOfSize = (probe: Probe, bytes: number): Event => {
  const event = probe.event();
  const room = bytes - Buffer.byteLength(probe.write({ ...event, new_member: '' } as Event));
  return { ...event, new_member: textOfLength(Math.max(0, room)) } as Event;
};

/**
 * @param refused an event that is refused in pieces each time
 * @returns the cause when a long body in one piece gets the same response; null when it is accepted
 */
export const explainFirstPart = async (
  probe: Probe,
  refused: Exchange,
): Promise<Explanation | null> => {
  let large: Exchange | null = null;
  const shows = async (bytes: number): Promise<boolean> => {
    const exchange = await probe.post(eventOfSize(probe, bytes));
    const isShown = isRefusedEvent(exchange) && isAlike(exchange, refused);
    if (isShown) large = exchange;
    return isShown;
  };
  const found = await probe.alone(async () =>
    !(await shows(SMALL)) && (await shows(LARGE)) ? bisect(SMALL, LARGE, shows) : null,
  );
  if (found === null || large === null) return null;
  const size = (bytes: number): string => `${inDigitGroups(bytes)} bytes`;
  const explanation: Explanation = {
    key: 'refused:first-part',
    flaw: 'refused',
    level: 'MUST',
    cause: `Only the first part of a body is read: a body that arrives in several packets is refused, and so is one that is larger than about ${size(found.good)}.`,
    evidence: `Both are answered ${answerText(refused.reply)}; a small body in one packet is accepted.`,
    fix: null,
    exchanges: [large, refused],
    covers: (event) => Buffer.byteLength(JSON.stringify(event)) >= found.good,
    without: null,
  };
  knowledgeOf(probe).add(explanation);
  return explanation;
};
