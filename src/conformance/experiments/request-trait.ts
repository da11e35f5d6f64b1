/**
 * What decides which of several plain events fail, where each is sent alone: a trait of the digest, of the id or of the body. A
 * trait that all failed events have and no other is tried on new events, for half of which it is made to hold.
 *
 * @module
 */
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';

/** An event as it was sent. */
interface Sample {
  readonly event: Event;
  readonly digest: Buffer;
  readonly length: number;
}

interface Trait {
  readonly name: string;
  /** Continues "whose". */
  readonly phrase: string;
  readonly fix: string;
  readonly holds: (sample: Sample) => boolean;
}

const AS_BYTES =
  'Compare the digest as text of 64 hex digits or as 32 bytes. Do not turn it into a number, and write each byte with two digits.';
const AS_BINARY =
  'Treat the digest as binary data: no text encoding, no end at a zero byte, no trimming.';
const WHOLE_ID =
  'Use the id as it is: compare and store it as text, whatever characters it begins or ends with.';
const WHOLE_BODY =
  'Read the body to its end, whatever its length, and hash exactly the bytes that arrived.';

const digestTrait = (
  name: string,
  phrase: string,
  fix: string,
  holds: (digest: Buffer) => boolean,
): Trait => ({
  name: `digest-${name}`,
  phrase: `digest ${phrase}`,
  fix,
  holds: ({ digest }) => holds(digest),
});

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

const DIGEST_TRAITS: readonly Trait[] = [
  digestTrait('zero-byte-first', 'begins with a zero byte', AS_BYTES, (d) => first(d) === 0),
  digestTrait('zero-first', 'begins with the digit 0', AS_BYTES, (d) => first(d) < 0x10),
  digestTrait('zero-last', 'ends with the digit 0', AS_BYTES, (d) => (last(d) & 0x0f) === 0),
  digestTrait('high-bit', 'has its first bit set', AS_BYTES, (d) => first(d) >= 0x80),
  digestTrait('no-high-bit', 'has its first bit clear', AS_BYTES, (d) => first(d) < 0x80),
  digestTrait('letter-first', 'begins with a letter', AS_BYTES, (d) => first(d) >= 0xa0),
  digestTrait('digit-first', 'begins with a decimal digit', AS_BYTES, (d) => first(d) < 0xa0),
  ...SPECIAL_BYTES.flatMap(([byte, name]): Trait[] => [
    digestTrait(
      `begins-${byte}`,
      `begins with a ${name} (as bytes)`,
      AS_BINARY,
      (d) => first(d) === byte,
    ),
    digestTrait(
      `ends-${byte}`,
      `ends with a ${name} (as bytes)`,
      AS_BINARY,
      (d) => last(d) === byte,
    ),
    digestTrait(`has-${byte}`, `contains a ${name} (as bytes)`, AS_BINARY, (d) => d.includes(byte)),
  ]),
  digestTrait('small-byte', 'has a byte below 16', AS_BYTES, (d) => d.some((byte) => byte < 0x10)),
  digestTrait('plus', 'contains a plus sign as Base64', AS_BINARY, (d) =>
    d.toString('base64').includes('+'),
  ),
  digestTrait('slash', 'contains a slash as Base64', AS_BINARY, (d) =>
    d.toString('base64').includes('/'),
  ),
];

const idTrait = (name: string, phrase: string, pattern: RegExp): Trait => ({
  name: `id-${name}`,
  phrase: `id ${phrase}`,
  fix: WHOLE_ID,
  holds: ({ event }) => pattern.test(event.id),
});

const ID_TRAITS: readonly Trait[] = [
  idTrait('ends-digit', 'ends with a digit', /\d$/),
  idTrait('ends-letter', 'ends with a letter', /[a-z]$/i),
  idTrait('ends-zero', 'ends with a zero', /0$/),
  ...[...'ABCDEFGHJKMNPQRSTVWXYZ'].flatMap((letter) => [
    idTrait(`has-${letter}`, `contains the letter ${letter}`, new RegExp(letter, 'i')),
    idTrait(`ends-${letter}`, `ends with the letter ${letter}`, new RegExp(`${letter}$`, 'i')),
  ]),
];

const LENGTH_TRAITS: readonly Trait[] = [64, 32, 16, 8, 4, 3, 2].flatMap((unit) =>
  [true, false].map((isMultiple) => ({
    name: `length-${isMultiple ? '' : 'not-'}${unit}`,
    phrase: `body has a length that is ${isMultiple ? '' : 'not '}a multiple of ${unit} bytes`,
    fix: WHOLE_BODY,
    holds: ({ length }: Sample) => (length % unit === 0) === isMultiple,
  })),
);

const TRAITS: readonly Trait[] = [...DIGEST_TRAITS, ...LENGTH_TRAITS, ...ID_TRAITS];

const sampleOf = (probe: Probe, event: Event): Sample => {
  const body = probe.write(event);
  return { event, digest: probe.signing.peek(body), length: Buffer.byteLength(body) };
};

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
    if (trait.holds(sampleOf(probe, event)) === wanted) found.push(event);
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
  const samplesOf = (wanted: boolean): readonly Sample[] =>
    outcomes
      .filter(({ isFailed }) => isFailed === wanted)
      .map(({ event }) => sampleOf(probe, event));
  const [failed, others] = [samplesOf(true), samplesOf(false)];
  if (failed.length < MIN_FAILED || others.length < MIN_OTHERS) return null;
  const candidates = TRAITS.filter(({ holds }) => failed.every(holds) && !others.some(holds));
  for (const trait of candidates) {
    if (!(await isDecisive(probe, trait, fails))) continue;
    const [does, otherwise] = DOES[kind];
    return {
      name: trait.name,
      cause: `${does} each event whose ${trait.phrase}, and no other.`,
      evidence: `That is so of ${failed.length} of the ${outcomes.length} plain events that were sent one at a time. Of ${2 * TRIED} new events in turns, each of the ${TRIED} with it failed, and each of the ${TRIED} without it ${otherwise}.`,
      fix: trait.fix,
    };
  }
  return null;
};
