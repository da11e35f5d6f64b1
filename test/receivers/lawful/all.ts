/**
 * Receivers that are right and unusual: each does something that a correct receiver may do and that a hasty check would
 * report. Three programs, in Go, Python and Node, of which an environment variable chooses the manner.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import type { VerifyOptions } from '../../../src/conformance/options.ts';
import type { HookName, Language } from '../field/catalogue.ts';
import type { Launchable } from '../field/launch.ts';

export interface LawfulReceiver extends Launchable {
  readonly name: string;
  /** What a hasty check would call a fault. */
  readonly may: string;
  /** What its owner tells the suite. */
  readonly options?: () => Partial<VerifyOptions>;
}

const FILES = { go: 'receiver.go', python: 'receiver.py', node: 'receiver.mjs' } as const;
const ALL_HOOKS: readonly HookName[] = ['effects', 'state', 'fault', 'restart'];

interface Manner {
  readonly language: Exclude<Language, 'java'>;
  readonly may: string;
  readonly manner: object;
  readonly hooks?: readonly HookName[];
  readonly options?: () => Partial<VerifyOptions>;
}

const lawful = (
  name: string,
  { language, may, manner, hooks = ALL_HOOKS, ...rest }: Manner,
): LawfulReceiver => ({
  name,
  may,
  language,
  hooks,
  path: fileURLToPath(new URL(FILES[language], import.meta.url)),
  env: { MANNER: JSON.stringify(manner) },
  ...rest,
});

/** Another known lead each time. */
const knownLeads = (): Partial<VerifyOptions> => {
  let given = 0;
  return { leadEmail: () => `customer.${(given += 1)}@known.example` };
};

export const LAWFUL: readonly LawfulReceiver[] = [
  lawful('parses-first', {
    language: 'node',
    may: 'parses before it verifies (422), answers forgeries 403, events 201 and repeats 208',
    manner: { parsesFirst: true, malformed: 422, forged: 403, accepted: 201, repeated: 208 },
  }),
  lawful('state-follows', {
    language: 'node',
    may: 'shows an effect at once and the state of its lead up to 0.8 s later',
    manner: { stateEveryMs: 800 },
  }),
  lawful('erases-unsubscribed', {
    language: 'node',
    may: 'erases what it knows of a lead who unsubscribes, but for that and the suppression',
    manner: { erasesUnsubscribed: true },
  }),
  lawful('erases-bounced', {
    language: 'node',
    may: 'erases what it knows of a lead whose address is dead, but for the suppression',
    manner: { erasesBounced: true },
  }),
  lawful('removes-bounced', {
    language: 'node',
    may: 'removes a lead whose address is dead: it is unknown from then on',
    manner: { removesBounced: true },
  }),
  lawful('two-types', {
    language: 'node',
    may: 'acts on replies and unsubscribes only; other events are acknowledged and ignored',
    manner: { types: ['email.replied', 'email.unsubscribed'] },
  }),
  lawful('completions-only', {
    language: 'node',
    may: 'acts on campaign.completed only, which names no lead',
    manner: { types: ['campaign.completed'] },
  }),
  lawful('without-replies', {
    language: 'go',
    may: 'acts on bounces and clicks only: email.replied has no effect',
    manner: { Types: ['email.bounced', 'email.clicked'] },
  }),
  lawful('known-leads', {
    language: 'python',
    may: 'acts on leads of one domain only; its owner names them',
    manner: { knownDomain: 'known.example' },
    options: knownLeads,
  }),
  lawful('one-known-lead', {
    language: 'python',
    may: 'acts on leads of one domain only; its owner names one of them',
    manner: { knownDomain: 'known.example' },
    options: () => ({ leadEmail: 'jane@known.example' }),
  }),
  lawful('rate-limited', {
    language: 'go',
    may: 'answers 429 with Retry-After to more than 10 requests a second',
    manner: { RequestsPerSecond: 10 },
    hooks: ['effects', 'state'],
  }),
  lawful('locks-out', {
    language: 'python',
    may: 'answers everybody 429 with Retry-After for a second after more than 8 bad signatures within a second',
    manner: { maxForgeries: 8 },
  }),
  lawful('busy', {
    language: 'node',
    may: 'answers 503 with Retry-After to more than 6 requests at a time',
    manner: { maxConcurrent: 6, answerMs: 5 },
  }),
  lawful('queue', {
    language: 'node',
    may: 'answers 202 and works through a durable queue, 50 ms for each event',
    manner: { accepted: 202, queueMs: 50 },
    hooks: ['effects', 'state'],
  }),
  lawful('repeat-conflict', {
    language: 'node',
    may: 'answers 409 while the same event is being processed, which takes 40 ms',
    manner: { locksRepeats: true, answerMs: 40 },
  }),
  lawful('lower-case', {
    language: 'go',
    may: 'writes addresses in lower case, answers 204 and closes every connection',
    manner: { LowerCase: true, Accepted: 204, Closes: true },
  }),
  lawful('http-1.0', {
    language: 'python',
    may: 'speaks HTTP/1.0, answers events 202 and forgeries 403, and takes two seconds to start',
    manner: { http10: true, accepted: 202, forged: 403, startMs: 2000 },
  }),
  lawful('malformed-422', {
    language: 'go',
    may: 'answers malformed events 422 and forgeries 400',
    manner: { Malformed: 422, Forged: 400, Accepted: 201 },
  }),
  lawful('one-at-a-time', {
    language: 'python',
    may: 'serves one connection at a time, and closes it when it is idle for a second',
    manner: { threads: 1, idleMs: 1000 },
  }),
  lawful('few-threads', {
    language: 'python',
    may: 'has four threads, each of which serves a connection until it is idle for two seconds',
    manner: { threads: 4, idleMs: 2000 },
  }),
  lawful('two-seconds', {
    language: 'node',
    may: 'needs two seconds for every event',
    manner: { answerMs: 2000 },
    hooks: ['effects'],
  }),
];
