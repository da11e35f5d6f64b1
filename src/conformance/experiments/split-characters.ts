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

const CONTINUATION = { mask: 0xc0, bits: 0x80 } as const;

/** Places within a character: after each byte of it but the last. */
const placesWithin = (body: Buffer): readonly number[] =>
  Array.from(body.keys()).filter((at) => (body[at]! & CONTINUATION.mask) === CONTINUATION.bits);

const cutAt = (body: Buffer, places: readonly number[]): readonly Buffer[] =>
  [0, ...places].map((from, at) => body.subarray(from, places[at] ?? body.length));

const SPLIT: Pieces = {
  manner: 'the body in several packets, each of which ends within a multi-byte character',
  framing: withLength,
  cut: (head, body) => {
    const [first = Buffer.alloc(0), ...rest] = cutAt(body, placesWithin(body));
    return [Buffer.concat([head, first]), ...rest];
  },
  pauseMs: 20,
};

const wideEvent = (probe: Probe): Event => probe.event('email.replied', { reply_preview: WIDE });

const failure = async (probe: Probe, control: Exchange, refused: Exchange): Promise<Verdict> => {
  const { evidence } = await locate(probe, refused);
  return fail({
    key: 'pieces:multi-byte',
    expected: ['a 2xx'],
    actual: `${SPLIT.manner}: ${answerText(refused.reply)}; in one packet: ${answerText(control.reply)}`,
    diagnosis: `A multi-byte character that is split between two packets is lost: each piece of the body is decoded on its own. The same event in one packet is answered ${answerText(control.reply)}, and a body of ASCII in three packets is accepted. ${evidence}`,
    fix: 'Collect the bytes of all pieces, and decode them once at the end. Node: push each Buffer and use Buffer.concat(chunks), not `body += chunk`.',
    exchanges: [control, refused],
  });
};

/** @returns null when such a body is accepted, or not even accepted in one packet: then other checks know why */
export const judgeSplitCharacters = async (probe: Probe): Promise<Verdict | null> => {
  const refused = await postInPieces(probe, SPLIT, wideEvent(probe));
  if (isAccepted(refused) || isThrottled(refused)) return null;
  const control = await probe.post(wideEvent(probe));
  return isAccepted(control) ? failure(probe, control, refused) : null;
};
