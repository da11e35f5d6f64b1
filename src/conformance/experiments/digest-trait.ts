/**
 * What decides which of several plain events fail, where each is sent alone: a trait of the digest. One that all failed events
 * have and no other is tried on new events, of which half have it.
 *
 * @module
 */
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';

interface Trait {
  readonly name: string;
  /** Continues "whose digest". */
  readonly phrase: string;
  readonly fix: string;
  readonly holds: (digest: Buffer) => boolean;
}

const AS_BYTES =
  'Compare the digest as text of 64 hex digits or as 32 bytes. Do not turn it into a number, and write each byte with two digits.';
const AS_BINARY =
  'Treat the digest as binary data: no text encoding, no end at a zero byte, no trimming.';
const trait = (
  name: string,
  phrase: string,
  fix: string,
  holds: (digest: Buffer) => boolean,
): Trait => ({ name, phrase, fix, holds });

const first = (digest: Buffer): number => digest[0] ?? 0;
const last = (digest: Buffer): number => digest.at(-1) ?? 0;

/** Bytes that text functions treat in a special way. */
const SPECIAL_BYTES: readonly (readonly [byte: number, name: string])[] = [
  [0x00, 'zero byte'],
  [0x0a, 'line feed'],
  [0x0d, 'carriage return'],
  [0x20, 'blank'],
  [0x25, 'percent sign'],
  [0x1a, 'end-of-file character'],
];

const TRAITS: readonly Trait[] = [
  trait('zero-byte-first', 'begins with a zero byte', AS_BYTES, (d) => first(d) === 0),
  trait('zero-first', 'begins with the digit 0', AS_BYTES, (d) => first(d) < 0x10),
  trait('zero-last', 'ends with the digit 0', AS_BYTES, (d) => (last(d) & 0x0f) === 0),
  trait('high-bit', 'has its first bit set', AS_BYTES, (d) => first(d) >= 0x80),
  trait('no-high-bit', 'has its first bit clear', AS_BYTES, (d) => first(d) < 0x80),
  trait('letter-first', 'begins with a letter', AS_BYTES, (d) => first(d) >= 0xa0),
  trait('digit-first', 'begins with a decimal digit', AS_BYTES, (d) => first(d) < 0xa0),
  ...SPECIAL_BYTES.flatMap(([byte, name]): Trait[] => [
    trait(
      `begins-${byte}`,
      `begins with a ${name} (as bytes)`,
      AS_BINARY,
      (d) => first(d) === byte,
    ),
    trait(`ends-${byte}`, `ends with a ${name} (as bytes)`, AS_BINARY, (d) => last(d) === byte),
    trait(`has-${byte}`, `contains a ${name} (as bytes)`, AS_BINARY, (d) => d.includes(byte)),
  ]),
  trait('small-byte', 'has a byte below 16', AS_BYTES, (d) => d.some((byte) => byte < 0x10)),
  trait('plus', 'contains a plus sign as Base64', AS_BINARY, (d) =>
    d.toString('base64').includes('+'),
  ),
  trait('slash', 'contains a slash as Base64', AS_BINARY, (d) =>
    d.toString('base64').includes('/'),
  ),
];

const digestOf = (probe: Probe, event: Event): Buffer => probe.signing.peek(probe.write(event));

/** Fewer may have something in common by accident. */
const MIN_FAILED = 3;
const MIN_OTHERS = 10;
/** New events with the trait, and as many without. */
const TRIED = 6;
/** Ids that are tried to find an event with a trait: 1 in 256 is the rarest. */
const MAX_DRAWS = 6000;

/** New events for which the trait holds or not; null if none are found. */
const draw = (probe: Probe, trait: Trait, wanted: boolean): readonly Event[] | null => {
  const found: Event[] = [];
  for (let draws = 0; draws < MAX_DRAWS && found.length < TRIED; draws += 1) {
    const event = probe.event();
    if (trait.holds(digestOf(probe, event)) === wanted) found.push(event);
  }
  return found.length === TRIED ? found : null;
};

/** Whether it decides over events that nothing else was chosen for, sent in turns. */
const isDecisive = async (
  probe: Probe,
  trait: Trait,
  fails: (event: Event) => Promise<boolean>,
): Promise<boolean> => {
  const [having, lacking] = [draw(probe, trait, true), draw(probe, trait, false)];
  if (having === null || lacking === null) return false;
  for (let turn = 0; turn < TRIED; turn += 1) {
    if (!(await fails(having[turn]!)) || (await fails(lacking[turn]!))) return false;
  }
  return true;
};

/** Events that were sent one at a time, and whether each failed. */
export interface Outcome {
  readonly event: Event;
  readonly isFailed: boolean;
}

const DOES = {
  refused: ['Refuses', 'is accepted'],
  lost: ['Answers 2xx and does nothing for', 'has its effect'],
} as const;

/** What decides. */
export interface Decision {
  readonly name: string;
  readonly cause: string;
  readonly evidence: string;
  readonly fix: string;
}

/** @param fails sends an event alone, and says whether it failed */
export const explainByTrait = async (
  probe: Probe,
  kind: keyof typeof DOES,
  outcomes: readonly Outcome[],
  fails: (event: Event) => Promise<boolean>,
): Promise<Decision | null> => {
  const digestsOf = (wanted: boolean): readonly Buffer[] =>
    outcomes
      .filter(({ isFailed }) => isFailed === wanted)
      .map(({ event }) => digestOf(probe, event));
  const [failed, others] = [digestsOf(true), digestsOf(false)];
  if (failed.length < MIN_FAILED || others.length < MIN_OTHERS) return null;
  const candidates = TRAITS.filter(({ holds }) => failed.every(holds) && !others.some(holds));
  for (const trait of candidates) {
    if (!(await isDecisive(probe, trait, fails))) continue;
    const [does, otherwise] = DOES[kind];
    return {
      name: trait.name,
      cause: `${does} each event whose digest ${trait.phrase}, and no other.`,
      evidence: `That is so of ${failed.length} of the ${outcomes.length} plain events that were sent one at a time. Of ${2 * TRIED} new events in turns, each of the ${TRIED} with it failed, and each of the ${TRIED} without it ${otherwise}.`,
      fix: trait.fix,
    };
  }
  return null;
};
