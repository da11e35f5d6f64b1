/**
 * Reads a signature header however it was written, and says how it departs from the form that is due.
 *
 * @module
 */
import { SIGNATURE } from '../../schemas/contract.ts';
import type { Cause } from './cause.ts';

/** A digest that the header may contain, with the deviations from the expected form that this reading implies. */
export interface Reading {
  readonly digest: Buffer;
  readonly causes: readonly Cause[];
}

const DUE = `Write it as ${SIGNATURE.prefix} followed by 64 lower-case hex digits.`;

const cause = (id: string, says: string, remedy = DUE): Cause => ({
  id: `header/${id}`,
  says,
  remedy,
});

interface Wrapping extends Cause {
  /** @returns what is left without it; undefined where it is not around the text */
  readonly unwrap: (text: string) => string | undefined;
}

const firstGroup =
  (pattern: RegExp): Wrapping['unwrap'] =>
  (text) =>
    pattern
      .exec(text)
      ?.slice(1)
      .find((part) => part !== undefined);

/** A longer header is in none of the forms below. */
const MAX_READ = 1024;

/** What can be around a signature. */
const WRAPPINGS: readonly Wrapping[] = [
  {
    ...cause(
      'white-space',
      'has white space around it',
      'Trim the header, and look for who added it.',
    ),
    unwrap: (text) => (text.trim() === text ? undefined : text.trim()),
  },
  {
    ...cause('name-included', "includes the header's name", 'Give the value of the header only.'),
    unwrap: firstGroup(new RegExp(`^${SIGNATURE.header}\\s*:\\s*([^]*)$`, 'i')),
  },
  {
    ...cause('quoted', 'is in quotes', 'Remove the quotes.'),
    unwrap: firstGroup(/^(?:"([^]*)"|'([^]*)')$/),
  },
  {
    ...cause(
      'byte-literal',
      "is a Python bytes literal (b'…')",
      'Decode the bytes: .decode() before it is put into the header.',
    ),
    unwrap: firstGroup(/^b'([^]*)'$/),
  },
  {
    ...cause(
      'repeated',
      'came more than once, joined by commas',
      'Send one header; a proxy or a helper has added another.',
    ),
    unwrap: firstGroup(/^([^,]+),\s*\1$/),
  },
];

const unwrap = (given: string): { readonly text: string; readonly causes: readonly Cause[] } => {
  const causes: Cause[] = [];
  let text = given;
  for (let again = true; again;) {
    again = false;
    for (const { unwrap: unwrapOnce, id, says, remedy } of WRAPPINGS) {
      const inner = unwrapOnce(text);
      if (inner === undefined) continue;
      causes.push({ id, says, remedy });
      text = inner;
      again = true;
    }
  }
  return { text, causes };
};

export const MISSING_PREFIX = cause('missing-prefix', `lacks "${SIGNATURE.prefix}" in front`);

/** @returns the digest's text and what is odd about what is in front of it. */
const splitPrefix = (
  text: string,
): { readonly digest: string; readonly causes: readonly Cause[] } => {
  if (text.startsWith(SIGNATURE.prefix)) {
    return { digest: text.slice(SIGNATURE.prefix.length), causes: [] };
  }
  const stripe = /(?:^|,)\s*v1=([^,]+)/.exec(text)?.[1];
  if (stripe !== undefined) {
    return {
      digest: stripe,
      causes: [cause('stripe-form', 'is written as Stripe does (t=…,v1=…)')],
    };
  }
  const front = /^[a-z][a-z0-9_-]{0,15}\s*[=:,]\s*/i.exec(text)?.[0] ?? '';
  const digest = text.slice(front.length);
  // Base64 ends in "=", after which there is nothing else.
  if (front === '' || /^=*$/.test(digest)) return { digest: text, causes: [MISSING_PREFIX] };
  return {
    digest,
    causes: [cause('other-prefix', `has "${front}" in front in place of "${SIGNATURE.prefix}"`)],
  };
};

export const UPPER_CASE = cause(
  'upper-case',
  'has upper-case hex digits',
  'Write the digits in lower case.',
);
export const BASE64 = cause(
  'base64',
  'is in base64 in place of hex',
  'Ask for the digest in hex (Node: digest("hex"); Python: hexdigest(); Java: HexFormat).',
);
const BASE64_URL = cause('base64url', 'is in base64url in place of hex', BASE64.remedy);
const BASE64_OF_HEX = cause(
  'base64-of-hex',
  'is the base64 form of the hex digits',
  'Do not encode the hex digits again.',
);
const SEPARATED = cause('hex-separated', 'has separators or "0x" between its hex digits');

const isHex = (text: string): boolean => /^(?:[0-9a-f]{2})+$/i.test(text);

/** Every way to read the digest's text as bytes: a short one can be hex and base64 at once. */
const readDigest = (text: string): readonly Reading[] => {
  const readings: Reading[] = [];
  if (isHex(text)) {
    const lower = text === text.toLowerCase();
    readings.push({ digest: Buffer.from(text, 'hex'), causes: lower ? [] : [UPPER_CASE] });
  }
  const joined = text.replaceAll(/^0x|[:\s-]/gi, '');
  if (joined !== text && isHex(joined)) {
    readings.push({ digest: Buffer.from(joined, 'hex'), causes: [SEPARATED] });
  }
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    const digest = Buffer.from(text, 'base64');
    readings.push({ digest, causes: [BASE64] });
    const inner = digest.toString('latin1');
    if (isHex(inner)) readings.push({ digest: Buffer.from(inner, 'hex'), causes: [BASE64_OF_HEX] });
  } else if (/^[A-Za-z0-9_-]+={0,2}$/.test(text)) {
    readings.push({ digest: Buffer.from(text, 'base64url'), causes: [BASE64_URL] });
  }
  return readings;
};

/** What a header is when it holds no digest at all. */
const NO_VALUE: ReadonlyMap<string, Cause> = new Map(
  ['undefined', 'null', 'None', 'nil', '[object Object]', '[object Promise]', 'NaN'].map((text) => [
    text,
    cause(
      'not-a-value',
      `is the text "${text}"`,
      'A variable without a value was turned into text: look at where the header is set or read.',
    ),
  ]),
);

const MISSING = cause(
  'missing',
  'is missing',
  `Every delivery carries ${SIGNATURE.header}. Where it does not arrive, a proxy has removed it, or the receiver looks it up under another name.`,
);

export interface HeaderForm {
  /** Most likely first. */
  readonly readings: readonly Reading[];
  /** The text after the prefix, without what was around it. */
  readonly text: string;
  /** Departures that hold whatever the digest is. */
  readonly causes: readonly Cause[];
}

/** @returns the cause alone when there is no digest to look at. */
export const readHeader = (given: string | null | undefined): HeaderForm | Cause => {
  if (given === null || given === undefined || given.trim() === '') return MISSING;
  if (given.length > MAX_READ) {
    return {
      id: 'header/malformed',
      says: `is ${given.length} characters long; ${SIGNATURE.prefix} and 64 hex digits are due`,
      remedy: `Write it as ${SIGNATURE.prefix} followed by 64 lower-case hex digits.`,
    };
  }
  const wrapped = unwrap(given);
  const none = NO_VALUE.get(wrapped.text);
  if (none !== undefined) return none;
  const { digest, causes } = splitPrefix(wrapped.text);
  const all = [...wrapped.causes, ...causes];
  if (digest === '') return cause('no-digest', `is "${SIGNATURE.prefix}" with nothing after it`);
  return {
    readings: readDigest(digest).map((reading) => ({
      digest: reading.digest,
      causes: [...all, ...reading.causes],
    })),
    text: digest,
    causes: all,
  };
};
