/**
 * Mutants that behave as the original does, or whose difference no provider can see, each with the reason.
 *
 * @module
 */
import type { AutomaticMutant } from './mutant.ts';

interface Equivalence {
  /** Beginning of the place. */
  readonly file: string;
  readonly original: RegExp;
  readonly replacement?: RegExp;
  readonly reason: string;
}

/** Only the holder of the secret can send it. */
const NONSENSE =
  'It shows only in the answer to a signed body that is not an event, which the provider never sends: an INFO (`http/signed-nonsense`), never scored.';
const TEXT = 'It is the text of an error, which no answer contains.';
const NOT_READ = 'The receiver reads no result but an exception.';

const EQUIVALENT: readonly Equivalence[] = [
  {
    file: 'node-http.ts',
    original: /^size > MAX_BYTES$/,
    replacement: /^(false|size >= MAX_BYTES)$/,
    reason: 'How large a body is refused is not specified; 5 MB is 50 times what must be read.',
  },
  {
    file: 'node-http.ts',
    original: /^size \+= chunk\.length$/,
    reason: 'The limit of 5 MB is gone; the contract asks for none.',
  },
  {
    file: 'node-http.ts',
    original: /^body === null$/,
    replacement: /^false$/,
    reason: 'A body above 5 MB ends as 500 instead of 413; the contract names no limit.',
  },
  {
    file: 'node-http.ts',
    original: /^request\.url !== PATH$/,
    replacement: /^false$/,
    reason: 'It shows only at other paths: an INFO (`http/other-path`), never scored.',
  },
  {
    file: 'node-http.ts',
    original:
      /^(typeof event\?\.id === 'string'|typeof event\.data === 'object'|event\.data !== null)/,
    replacement: /^true$|\|\|/,
    reason: NONSENSE,
  },
  { file: 'node-http.ts', original: /^\{ return null; \}$/, reason: NONSENSE },
  { file: 'node-http.ts', original: /^event\?\.id$/, reason: NONSENSE },
  {
    file: 'store.ts',
    original:
      /^(typeof event\?\.id !== 'string'|typeof event\.data !== 'object'|event\.data === null)/,
    replacement: /^false$|&&/,
    reason: NONSENSE,
  },
  { file: 'store.ts', original: /^event\?\.id$/, reason: NONSENSE },
  {
    file: 'store.ts',
    original: /^\{ throw new TypeError\('that is no event'\); \}$/,
    reason: NONSENSE,
  },
  { file: 'store.ts', original: /^'(that is no event|the CRM does not answer)'$/, reason: TEXT },
  { file: 'store.ts', original: /^'(known|done)'$/, reason: NOT_READ },
];

/** Why this mutant is equivalent; null if it is not known to be. */
export const equivalenceOf = ({ place, original, replacement }: AutomaticMutant): string | null =>
  EQUIVALENT.find(
    (one) =>
      place.startsWith(one.file) &&
      one.original.test(original) &&
      (one.replacement?.test(replacement) ?? true),
  )?.reason ?? null;
