/**
 * What a receiver may take for the right signature when it refuses the right one: each candidate is a signature to try.
 *
 * @module
 */
import { ALGORITHMS, type Algorithm } from './mistakes/algorithm.ts';
import { BODY_MISTAKES } from './mistakes/body.ts';
import type { Cause } from './cause.ts';
import { HEADER_NAMES, type HeaderName } from './mistakes/header-name.ts';
import { SECRET_MISTAKES } from './mistakes/secret.ts';
import { variantsOf, type Variant } from './variants.ts';
import { DIGEST_ENCODINGS, type DigestEncoding } from './mistakes/encoding.ts';

export interface Candidate {
  /** Never empty: where they are, the signature is not the right one. */
  readonly causes: readonly Cause[];
  readonly header: string;
  readonly value: string;
  /** What it takes for the body. */
  readonly hashed: Buffer;
  readonly digest: Buffer;
}

/** One of each; the due ones unless named. */
interface Choice {
  readonly body: Variant<Buffer>;
  readonly key: Variant<Buffer>;
  readonly algorithm: Algorithm;
  readonly encoding: DigestEncoding;
  readonly name: HeaderName;
}

/** What goes wrong together most often. */
const PAIRED = {
  bodies: /^body\/(json-(compact|python|php)|newline-trimmed|empty)$/,
  keys: /^secret\/(trimmed|newline|prefix-stripped|base64-after-prefix|double-quoted)$/,
  names: 5,
  encodings: 4,
} as const;

const causesOf = ({ body, key, algorithm, encoding, name }: Choice): readonly Cause[] =>
  [name.cause, ...encoding.causes, body.cause, key.cause, algorithm.cause].filter(
    (cause) => cause !== null,
  );

const first = <T>([item]: readonly T[]): T => item!;

function* choices(secret: string, raw: Buffer): Generator<Choice> {
  const bodies = variantsOf(raw, BODY_MISTAKES, true);
  const keys = variantsOf(secret, SECRET_MISTAKES, true);
  const due: Choice = {
    body: first(bodies),
    key: first(keys),
    algorithm: first(ALGORITHMS),
    encoding: first(DIGEST_ENCODINGS),
    name: first(HEADER_NAMES),
  };
  for (const name of HEADER_NAMES) yield { ...due, name };
  for (const encoding of DIGEST_ENCODINGS) yield { ...due, encoding };
  for (const body of bodies) yield { ...due, body };
  for (const key of keys) yield { ...due, key };
  for (const algorithm of ALGORITHMS) {
    const prefixed = (digest: Buffer): string => `${algorithm.name}=${digest.toString('hex')}`;
    yield { ...due, algorithm };
    if (/^(sha1|sha512)$/.test(algorithm.name))
      yield { ...due, algorithm, encoding: { causes: [], write: prefixed } };
  }
  const likelyBodies = bodies.filter(({ cause }) => PAIRED.bodies.test(cause?.id ?? ''));
  const likelyKeys = keys.filter(({ cause }) => PAIRED.keys.test(cause?.id ?? ''));
  const likelyNames = HEADER_NAMES.slice(2, 2 + PAIRED.names);
  const likelyWritings = DIGEST_ENCODINGS.slice(1, 1 + PAIRED.encodings);
  for (const key of likelyKeys) for (const body of likelyBodies) yield { ...due, body, key };
  for (const encoding of likelyWritings) {
    for (const name of likelyNames) yield { ...due, encoding, name };
    for (const key of likelyKeys) yield { ...due, encoding, key };
  }
  for (const body of likelyBodies) yield { ...due, body, encoding: likelyWritings[0]! };
}

/** Most likely first: single mistakes, then pairs. */
export function* candidates(secret: string, raw: Buffer): Generator<Candidate> {
  for (const choice of choices(secret, raw)) {
    const { body, key, algorithm, encoding, name } = choice;
    const causes = causesOf(choice);
    if (causes.length === 0) continue;
    const digest = algorithm.digest(key.value, body.value);
    const value = encoding.write(digest, algorithm.name);
    yield { causes, header: name.name, value, hashed: body.value, digest };
  }
}
