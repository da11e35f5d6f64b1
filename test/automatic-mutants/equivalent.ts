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
  /** It is not equivalent, but nothing that a receiver shows lets the suite tell. */
  readonly isGap?: true;
}

/** Only the holder of the secret can send it. */
const NONSENSE =
  'It shows only in the answer to a signed body that is not an event, which the provider never sends: an INFO (`http/signed-nonsense`), never scored.';
const TEXT = 'It is the text of an error, which no answer contains.';
const ANSWER = 'It is the text of an answer; the contract looks at the status only.';
const ABSENT =
  'A missing signature is compared as another wrong value, of another length than the right one.';
const INTEREST =
  'Which types of event have an effect is the choice of each receiver: one that does nothing for `campaign.completed` is correct.';
const SAME_SECOND = 'Two replies of a lead in the same second have no order.';
const ONLY_BOUNCES = 'Only `email.bounced` has a `bounce_type`.';
const ANY_OF_CLASS =
  'Any status of the same class does: 2xx accepts, 4xx refuses, 5xx asks for a retry.';
const UNNAMED_LEAD = 'It stores a lead without an address, for which nothing asks.';
const OTHER_PATH = 'It shows only at other paths: an INFO (`http/other-path`), never scored.';
const OMITTED =
  'The state has no such member until an event sets it; the contract of the hook lets a receiver omit what it does not store.';
const SAME_RATIO = 'Both counts change in the same way, and only their ratio is used.';
const NOT_READ = 'The receiver reads no result but an exception.';

export const EQUIVALENT: readonly Equivalence[] = [
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
    reason: OTHER_PATH,
  },
  {
    file: 'node-http.ts',
    original:
      /^(typeof event\?\.id === 'string'|typeof event\.data === 'object'|event\.data !== null)/,
    replacement: /^true$|\|\|/,
    reason: NONSENSE,
  },
  { file: 'node-http.ts', original: /^event === null$/, replacement: /^false$/, reason: NONSENSE },
  {
    file: 'node-http.ts',
    original: /^'close'$/,
    reason: 'Connections stay open, which is the choice of each receiver.',
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
  {
    file: 'store.ts:114',
    original: /^(!\/\^\(email\|campaign\)|false$)/,
    replacement: /^(false|true)$/,
    reason: 'An event of an unknown type has an effect, too: a receiver may record what it gets.',
  },
  {
    file: 'store.ts',
    original: /^event === 'email\.sent'$/,
    replacement: /^true$/,
    reason: 'The total is that of all events, as in the sample of the guide.',
  },
  {
    file: 'store.ts',
    original: /^event === 'email\.opened'$/,
    replacement: /^true$/,
    reason: 'Only `email.opened` has an `open_count`.',
  },
  {
    file: 'store.ts',
    original: /^'reply_sentiment'$/,
    isGap: true,
    reason:
      'The state shows another text after every reply, which may be the word of the hook for it.',
  },
  {
    file: 'store.ts',
    original: /^'campaign_id'$/,
    isGap: true,
    reason:
      'The bounce rate is that of the whole account. Many receivers compute that one, and the state hook does not say which it is.',
  },
  {
    file: 'store.ts',
    original: /^\/\^\(email\|campaign\)\\\.\/$/,
    reason: 'No type of event has such a name behind another word.',
  },
  {
    file: 'store.ts:121',
    original: /^typeof email !== 'string'$/,
    replacement: /^false$/,
    reason: UNNAMED_LEAD,
  },
  { file: 'store.ts:121', original: /^true$/, reason: INTEREST },
  {
    file: 'store.ts:126',
    original: /^event === 'email\.bounced'$/,
    replacement: /^true$/,
    reason: ONLY_BOUNCES,
  },
  { file: 'store.ts', original: />= lead\.repliedAt$/, replacement: /> lead/, reason: SAME_SECOND },
  { file: 'node-http.ts', original: /^''$/, reason: ABSENT },
  { file: 'express.ts', original: /^''$/, reason: ABSENT },
  {
    file: 'express.ts',
    original: /^('<h1>.*|'Invalid signature'|'Not processed'|\{ (error|received): .* \})$/,
    reason: ANSWER,
  },
  { file: 'express.ts:30', original: /^true$/, reason: ANSWER },
  {
    file: 'http_server.py',
    original: /^5$/,
    reason: 'A second more until a silent client is given up.',
  },
  { file: 'http_server.py', original: /^128$/, reason: 'One place more in the queue.' },
  { file: 'http_server.py', original: /^(200|400|401|404|411|503)$/, reason: ANY_OF_CLASS },
  { file: 'http_server.py', original: /^''$/, reason: ABSENT },
  { file: 'http_server.py', original: /^'0'$/, reason: 'The port is always given.' },
  { file: 'http_server.py', original: /^'127\.0\.0\.1'$/, reason: 'It listens at every address.' },
  {
    file: 'http_server.py',
    original: /^'surrogateescape'$/,
    reason: 'http.server decodes headers as Latin-1, so every character has bytes in UTF-8.',
  },
  {
    file: 'http_server.py',
    original: /^timeout = 5$/,
    reason:
      'It shows only to a client that connects and sends nothing, or half a request, which the provider does not do.',
  },
  {
    file: 'http_server.py',
    original: /^if self\.path !=/,
    replacement: /^if False/,
    reason: OTHER_PATH,
  },
  { file: 'http_server.py', original: /^return self\.answer\(404\)$/, reason: OTHER_PATH },
  { file: 'http_server.py', original: /^return self\.answer\(400\)$/, reason: NONSENSE },
  {
    file: 'http_server.py',
    original: /^return self\.answer\(503\)$/,
    reason: 'The connection is closed without an answer then, which the provider retries as a 503.',
  },
  {
    file: 'store.py',
    original: /^if kind in \(/,
    replacement: /^if True/,
    reason: 'It counts events of other types, too, which nothing reads.',
  },
  {
    file: 'store.py',
    original: /^if acted\b/,
    replacement: /^if True/,
    reason: 'A lead of an event of an unknown type is stored, with the state of an unknown lead.',
  },
  { file: 'store.py', original: /^_figure\(tally\) \+ 1$/, reason: SAME_RATIO },
  { file: 'store.py:61', original: /^1$/, reason: SAME_RATIO },
  {
    file: 'store.py:75',
    original: /^0$/,
    reason: 'Every `email.opened` has an `open_count`.',
  },
  { file: 'store.py:66', original: /^'(unsubscribed|sentiment)'$/, reason: OMITTED },
  {
    file: 'store.py:66',
    original: /^0$/,
    isGap: true,
    reason:
      'Equivalent: the time of the latest reply so far, and no reply is as old as 1970. The other mutant that reads the same is killed.',
  },
  { file: 'store.py', original: /^'the CRM does not answer'$/, reason: TEXT },
  { file: 'store.py', original: /^'campaign'$/, replacement: /^''$/, reason: INTEREST },
  {
    file: 'store.py',
    original: /^if email is\b/,
    replacement: /^if False/,
    reason: UNNAMED_LEAD,
  },
  { file: 'store.py', original: /^at >= lead/, replacement: /> lead/, reason: SAME_SECOND },
];

/** Whether an entry stands for a mutant. */
export const isMeant = (
  { place, original, replacement }: AutomaticMutant,
  entry: Equivalence,
): boolean =>
  place.startsWith(entry.file) &&
  entry.original.test(original) &&
  (entry.replacement?.test(replacement) ?? true);

/** Why this mutant is equivalent; null if it is not known to be. */
export const equivalenceOf = (mutant: AutomaticMutant): string | null =>
  EQUIVALENT.find((entry) => entry.isGap !== true && isMeant(mutant, entry))?.reason ?? null;

/** Why this mutant survives without being equivalent; null if it is not known to. */
export const gapOf = (mutant: AutomaticMutant): string | null =>
  EQUIVALENT.find((entry) => entry.isGap === true && isMeant(mutant, entry))?.reason ?? null;
