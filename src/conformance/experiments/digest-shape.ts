/**
 * Refusals that depend on the digits of the digest: the same bytes are refused each time, and the same content with
 * another id, and so with another digest, is accepted.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';
import { isRefusedEvent } from './trial.ts';

interface Shape {
  readonly name: string;
  /** Completes "Refuses events whose digest …". */
  readonly phrase: string;
  /** @param digest in lower-case hex */
  holds(digest: string): boolean;
}

const bytesOf = (digest: string): Buffer => Buffer.from(digest, 'hex');

const SHAPES: readonly Shape[] = [
  { name: 'zero', phrase: 'begins with the digit 0', holds: (digest) => digest.startsWith('0') },
  { name: 'zeros', phrase: 'begins with 00', holds: (digest) => digest.startsWith('00') },
  {
    name: 'sign',
    phrase: 'begins with 8 to f, which is a negative number where bytes are signed',
    holds: (digest) => /^[89a-f]/.test(digest),
  },
  { name: 'letter', phrase: 'begins with a letter', holds: (digest) => /^[a-f]/.test(digest) },
  { name: 'digit', phrase: 'begins with a digit', holds: (digest) => /^\d/.test(digest) },
  { name: 'nul', phrase: 'contains the byte 00', holds: (digest) => bytesOf(digest).includes(0) },
  {
    name: 'line-feed',
    phrase: 'contains the byte 0a, a line feed',
    holds: (digest) => bytesOf(digest).includes(10),
  },
];

const AGAIN = 2;
const CONFIRMED_BY = 4;
const MAX_IDS = 400;

/** Plain events whose digest has the shape, or has not. */
const eventsWith = (probe: Probe, { holds }: Shape, wanted: boolean): readonly Event[] => {
  const found: Event[] = [];
  for (let ids = 0; ids < MAX_IDS && found.length < CONFIRMED_BY; ids += 1) {
    const event = probe.event();
    if (holds(probe.signing.digest(probe.write(event))) === wanted) found.push(event);
  }
  return found;
};

const postAll = async (probe: Probe, bodies: readonly (Event | Uint8Array)[]) => {
  const sent: Exchange[] = [];
  for (const body of bodies) sent.push(await probe.post(body));
  return sent;
};

/** @returns null when the same bytes are accepted now, or no shape of their digest decides */
export const explainByDigest = async (
  probe: Probe,
  { request: { body } }: Exchange,
): Promise<{ readonly cause: NamedCause; readonly exchanges: readonly Exchange[] } | null> => {
  const again = await postAll(
    probe,
    Array.from({ length: AGAIN }, () => body),
  );
  if (!again.every(isRefusedEvent)) return null;
  for (const shape of SHAPES) {
    if (!shape.holds(probe.signing.digest(body))) continue;
    const others = await postAll(probe, eventsWith(probe, shape, false));
    const same = await postAll(probe, eventsWith(probe, shape, true));
    if (!others.every(isAccepted) || !same.every(isRefusedEvent) || same.length === 0) continue;
    return {
      cause: {
        key: `sequence:refused:digest:${shape.name}`,
        sentence: `Refuses events whose digest ${shape.phrase}: ${same.length} of ${same.length} such events are refused, and ${others.length} of ${others.length} others are accepted. The digest that it computes is written in another way than as 64 hexadecimal digits, as without leading zeros.`,
        fix: 'Write the digest with two hexadecimal digits for each byte (Java: HexFormat.of().formatHex(bytes) and not BigInteger.toString(16)), or compare bytes.',
      },
      exchanges: [...others.slice(0, 1), ...same.slice(0, 1)],
    };
  }
  return null;
};
