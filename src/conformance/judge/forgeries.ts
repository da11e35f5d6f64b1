/**
 * Judges a receiver by how it treats what the provider never sent.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Verdict } from '../check.ts';
import { settleBehind } from './deliver.ts';
import { fail, isAccepted, isRefused, notTested, pass, describeReply } from '../verdict.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Exchange, HeaderPairs } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import type { SignatureValue } from '../probe/signing.ts';

export interface Forgery {
  /** "no signature header", "64 wrong digits". */
  readonly name: string;
  /** The signature to send; a function gets the bytes. */
  readonly signature: SignatureValue | ((body: string) => SignatureValue);
  /** Left out: a fresh valid event. */
  readonly body?: Event | string;
  /** Left out: the provider's. */
  readonly contentType?: string;
  /** Besides the usual ones. */
  readonly headers?: HeaderPairs;
  /** How it goes out, where an HTTP client would tidy it up. */
  readonly send?: (probe: Probe, body: string, signature: SignatureValue) => Promise<Exchange>;
}

interface Outcome {
  readonly forgery: Forgery;
  readonly exchange: Exchange;
  /** Id of the forged event; null when there is none to be read. */
  readonly id: string | null;
}

export const REFUSAL = 'a 4xx (401 in the provider’s guide), no effect';

const DIGITS = 64;

/** Well-formed, and wrong: another one each time. */
export const wrongDigest = ({ random }: Pick<Probe, 'random'>): string =>
  Array.from({ length: DIGITS }, () => Math.floor(random() * 16).toString(16)).join('');

export const wrongSignature = (probe: Pick<Probe, 'random'>): string =>
  SIGNATURE.prefix + wrongDigest(probe);

const idOf = (body: string): string | null => {
  try {
    const { id } = JSON.parse(body) as { id?: unknown };
    return typeof id === 'string' ? id : null;
  } catch {
    return null;
  }
};

const attempt = async (probe: Probe, forgery: Forgery): Promise<Outcome> => {
  const { signature, body = probe.event(), send, contentType, headers } = forgery;
  const text = typeof body === 'string' ? body : probe.write(body);
  const value = typeof signature === 'function' ? signature(text) : signature;
  const options = {
    signature: value,
    ...(contentType === undefined ? {} : { contentType }),
    ...(headers === undefined ? {} : { headers }),
  };
  const exchange = await (send?.(probe, text, value) ?? probe.post(text, options));
  return { forgery, exchange, id: idOf(text) };
};

const isHanging = ({ exchange: { reply } }: Outcome): boolean =>
  reply.kind === 'none' && reply.cause === 'timeout';

const attemptAll = async (
  probe: Probe,
  forgeries: readonly Forgery[],
): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const forgery of forgeries) {
    if (probe.signal?.aborted === true) break;
    const outcome = await attempt(probe, forgery);
    outcomes.push(outcome);
    // The others would take as long, and the run would not end.
    if (isHanging(outcome)) break;
  }
  return outcomes;
};

const list = (outcomes: readonly Outcome[]): string =>
  outcomes
    .map(({ forgery, exchange }) => `${forgery.name}: ${describeReply(exchange.reply)}`)
    .join('; ');

/** The first is the plainest, which stands last. */
const exchangesOf = (outcomes: readonly Outcome[]): readonly Exchange[] =>
  outcomes.map(({ exchange }) => exchange).toReversed();

/** Null where nobody can tell. Comes after a valid event whose effect is awaited, so that a queue is through. */
const effectsOf = async (
  probe: Probe,
  outcomes: readonly Outcome[],
): Promise<(number | null)[]> => {
  const { effects } = probe;
  if (effects === null || outcomes.length === 0) return outcomes.map(() => null);
  await settleBehind(probe);
  return Promise.all(
    outcomes.map(async ({ id }) => (id === null ? null : effects.settled(id, 1, { forMs: 100 }))),
  );
};

/**
 * What is said of an answer that every forgery gets: not this check's finding.
 *
 * @returns null when the plainest forgery is refused as it should be, or gets no answer
 */
export const habitOf = async (probe: Probe): Promise<Verdict | null> => {
  const { reply } = await probe.post(probe.event(), { signature: wrongSignature(probe) });
  if (reply.kind !== 'answer' || isRefused({ reply })) return null;
  return pass(
    `no forgery took effect; each is answered ${reply.status}, which signature/refuses-with-4xx is about`,
  );
};

interface Judged {
  readonly verdict: Verdict | null;
  readonly outcomes: readonly Outcome[];
}

const judge = async (probe: Probe, forgeries: readonly Forgery[]): Promise<Judged> => {
  const outcomes = await attemptAll(probe, forgeries);
  const accepted = outcomes.filter(({ exchange }) => isAccepted(exchange));
  const effects = await effectsOf(probe, accepted);
  const harmful = accepted.filter((_, place) => effects[place] !== 0);
  if (harmful.length > 0) {
    const proven = effects.some((count) => count !== null && count > 0);
    const verdict = fail({
      expected: [REFUSAL],
      actual: `accepted ${list(harmful)}${proven ? ', and processed it' : ''}`,
      exchanges: exchangesOf(harmful),
    });
    return { verdict, outcomes };
  }
  const hanging = outcomes.find(isHanging);
  if (hanging !== undefined) {
    const what = `${hanging.forgery.name}: ${describeReply(hanging.exchange.reply)}`;
    return { verdict: notTested(`Get an answer to each forgery first: ${what}.`), outcomes };
  }
  if (accepted.length === 0) return { verdict: null, outcomes };
  const bare = fail({
    level: 'SHOULD',
    expected: [REFUSAL],
    actual: `answered ${list(accepted)}, though without effect`,
    exchanges: exchangesOf(accepted),
    diagnosis: 'The forgery is dropped, but the sender is told that it was received.',
    fix: 'Answer 401 to what is not rightly signed, so that whoever sends it learns of it.',
  });
  return { verdict: (await habitOf(probe)) ?? bare, outcomes };
};

/**
 * Whether forgeries are taken for real. An effect is as grave as the check says, and so is a 2xx where nobody can see
 * effects; a 2xx that proves to have none is a SHOULD, because nothing is forged but the provider is told that it was
 * delivered.
 */
export const judgeAcceptance = async (
  probe: Probe,
  forgeries: readonly Forgery[],
): Promise<Verdict> => (await judge(probe, forgeries)).verdict ?? pass();

/** As {@link judgeAcceptance}; besides, a receiver that fails over one of them, but not over others, SHOULD not. */
export const judgeForgeries = async (
  probe: Probe,
  forgeries: readonly Forgery[],
): Promise<Verdict> => {
  const { verdict, outcomes } = await judge(probe, forgeries);
  if (verdict !== null) return verdict;
  const broken = outcomes.filter(({ exchange }) => !isRefused(exchange));
  if (broken.length === 0) return pass();
  const failure = fail({
    level: 'SHOULD',
    expected: [REFUSAL],
    actual: list(broken),
    exchanges: exchangesOf(broken),
    diagnosis: 'It is not accepted, but the receiver fails over it instead of refusing it.',
    fix: 'Check that the header is there and has the right length before comparing, and answer 401. Node: `timingSafeEqual` throws on different lengths; Python: `hmac.compare_digest` throws on text beyond ASCII, so compare bytes.',
  });
  return (await habitOf(probe)) ?? failure;
};

/** Told and never scored: what of this is accepted, though the provider does not send it. */
export const describeAccepted = async (
  probe: Probe,
  variants: readonly Forgery[],
): Promise<Verdict> => {
  const accepted = (await attemptAll(probe, variants)).filter(({ exchange }) =>
    isAccepted(exchange),
  );
  if (accepted.length === 0) return pass();
  return fail({
    expected: ['a 4xx, or a reason to accept it'],
    actual: `accepted ${list(accepted)}`,
    exchanges: exchangesOf(accepted),
  });
};
