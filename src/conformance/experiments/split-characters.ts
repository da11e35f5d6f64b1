/**
 * A body whose multi-byte characters are split between packets: a receiver that decodes each packet on its own loses them.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { postInPieces, withLength, type Pieces } from '../samples/chunked-events.ts';
import { fail, isAccepted } from '../verdict.ts';
import { isThrottled } from '../net/throttle.ts';
import { locate } from './where.ts';
import { answerText } from './answer-text.ts';

/** Characters of two, three and four bytes in UTF-8. */
const WIDE = 'é € 👍';

/** Least first byte of a character of several bytes. */
const LEAD_BYTE = 0xc0;

/** A place within each such character: after its first byte. */
const placesWithin = (body: Buffer): readonly number[] =>
  Array.from(body.keys()).filter((at) => at > 0 && body[at - 1]! >= LEAD_BYTE);

const cutAt = (body: Buffer, places: readonly number[]): readonly Buffer[] =>
  [0, ...places].map((from, at) => body.subarray(from, places[at] ?? body.length));

const SPLIT: Pieces = {
  manner: 'the body in several packets, each of which ends within a multi-byte character',
  framing: withLength,
  cut: (head, body) => {
    const [first = Buffer.alloc(0), ...rest] = cutAt(body, placesWithin(body));
    return [Buffer.concat([head, first]), ...rest];
  },
  pauseMs: 30,
};

const wideEvent = (probe: Probe): Event => probe.event('email.replied', { reply_preview: WIDE });

/** ASCII only, in as many packets. */
export const ASCII_IN_PACKETS: Pieces = {
  ...SPLIT,
  manner: 'a body of ASCII in several packets',
  cut: (head, body) => {
    const places = placesWithin(Buffer.from(WIDE)).map((_, at) => 60 + 20 * at);
    const [first = Buffer.alloc(0), ...rest] = cutAt(body, places);
    return [Buffer.concat([head, first]), ...rest];
  },
};

const failure = async (probe: Probe, control: Exchange, refused: Exchange): Promise<Verdict> => {
  const { evidence } = await locate(probe, refused);
  return fail({
    key: 'pieces:multi-byte',
    expected: ['a 2xx'],
    actual: `${SPLIT.manner}: ${answerText(refused.reply)}; in one packet: ${answerText(control.reply)}`,
    diagnosis: `A multi-byte character that is split between two packets is lost: each piece of the body is decoded on its own. The same event in one packet is answered ${answerText(control.reply)}, and a body of ASCII in as many packets is accepted. ${evidence}`,
    fix: 'Collect the bytes of all pieces, and decode them once at the end. Node: push each Buffer and use Buffer.concat(chunks), not `body += chunk`.',
    exchanges: [control, refused],
  });
};

const TIMES = 3;

export interface SplitCharacters {
  /** Null when the characters are not what decides. */
  readonly verdict: Verdict | null;
  /** Bodies of ASCII that were refused in as many packets: then the packets decide. */
  readonly refused: readonly Exchange[];
}

const NOTHING: SplitCharacters = { verdict: null, refused: [] };

/** Refused each time, and a body of ASCII in as many packets never. */
const compare = async (probe: Probe): Promise<SplitCharacters> => {
  let shown: Exchange | null = null;
  for (let time = 0; time < TIMES; time += 1) {
    const ascii = await postInPieces(probe, ASCII_IN_PACKETS);
    if (!isAccepted(ascii)) return { verdict: null, refused: [ascii] };
    shown = await postInPieces(probe, SPLIT, wideEvent(probe));
    if (isAccepted(shown) || isThrottled(shown)) return NOTHING;
  }
  const control = await probe.post(wideEvent(probe));
  return isAccepted(control) && shown !== null
    ? { verdict: await failure(probe, control, shown), refused: [] }
    : NOTHING;
};

/** Send a body with such characters. */
export const postSplitCharacters = (probe: Probe): Promise<Exchange> =>
  postInPieces(probe, SPLIT, wideEvent(probe));

/**
 * @param first the response to {@link postSplitCharacters}
 * @returns nothing when such a body is accepted, or not even accepted in one packet: then other checks know why
 */
export const judgeSplitCharacters = async (
  probe: Probe,
  first: Exchange,
): Promise<SplitCharacters> =>
  isAccepted(first) || isThrottled(first) ? NOTHING : probe.alone(() => compare(probe));
