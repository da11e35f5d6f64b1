/**
 * Judge how a receiver treats requests that the provider never sent.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Verdict } from '../check.ts';
import { settleBehind } from './deliver.ts';
import { fail, isAccepted, isRefused, notTested, pass, describeReply } from '../verdict.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Exchange, HeaderPairs } from '../net/exchange.ts';
import { inTurn } from '../probe/in-turn.ts';
import type { Probe } from '../probe/probe.ts';
import type { SignatureValue } from '../probe/signing.ts';

export interface Forgery {
  /** "no signature header", "64 wrong digits". */
  readonly name: string;
  /** The signature, or a function of the body. */
  readonly signature: SignatureValue | ((body: string) => SignatureValue);
  /** Default: a fresh valid event. */
  readonly body?: Event | string;
  /** Default: the provider's. */
  readonly contentType?: string;
  /** Additional headers. */
  readonly headers?: HeaderPairs;
  /** Sends the forgery if an HTTP client would normalize it. */
  readonly send?: (probe: Probe, body: string, signature: SignatureValue) => Promise<Exchange>;
}

interface Outcome {
  readonly forgery: Forgery;
  readonly exchange: Exchange;
  /** Id of the forged event; null if it has no readable id. */
  readonly id: string | null;
}

export const REFUSAL = 'a 4xx (401 in the provider’s guide), no effect';

const DIGITS = 64;

/** A well-formed but wrong digest, different each time. */
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

const attemptAll = (probe: Probe, forgeries: readonly Forgery[]): Promise<readonly Outcome[]> =>
  inTurn(
    probe,
    forgeries,
    (forgery) => attempt(probe, forgery),
    // After a hanging one, the others would time out as well.
    (outcomes) => probe.signal?.aborted === true || outcomes.some(isHanging),
  );

const list = (outcomes: readonly Outcome[]): string =>
  outcomes
    .map(({ forgery, exchange }) => `${forgery.name}: ${describeReply(exchange.reply)}`)
    .join('; ');

/** Exchanges in reverse order: the first forgery is the plainest, and reports show the last exchange. */
const exchangesOf = (outcomes: readonly Outcome[]): readonly Exchange[] =>
  outcomes.map(({ exchange }) => exchange).toReversed();

/** Number of effects by outcome; null where it is unknown. Waits until a queue has been processed. */
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
 * The verdict if every forgery gets this response, which is not the finding of the current check.
 *
 * @returns null if the plainest forgery is rejected correctly or gets no response
 */
export const habitOf = async (probe: Probe): Promise<Verdict | null> => {
  const { reply } = await probe.post(probe.event(), { signature: wrongSignature(probe) });
  if (reply.kind !== 'answer' || isRefused({ reply })) return null;
  return pass(
    `no forgery took effect; each gets a ${reply.status}, which signature/refuses-with-4xx reports`,
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
      ...(proven ? { symptom: 'forged' } : {}),
      expected: [REFUSAL],
      actual: `accepted ${list(harmful)}${proven ? ', and processed it' : ''}`,
      exchanges: exchangesOf(harmful),
    });
    return { verdict, outcomes };
  }
  const hanging = outcomes.find(isHanging);
  if (hanging !== undefined) {
    const what = `${hanging.forgery.name}: ${describeReply(hanging.exchange.reply)}`;
    return { verdict: notTested(`Every forgery must get a response first: ${what}.`), outcomes };
  }
  if (accepted.length === 0) return { verdict: null, outcomes };
  const bare = fail({
    level: 'SHOULD',
    expected: [REFUSAL],
    actual: `accepted without effect: ${list(accepted)}`,
    exchanges: exchangesOf(accepted),
    diagnosis: 'The forgery is dropped, but the sender gets a success.',
    fix: 'Respond with 401 to requests without a valid signature, so that the sender notices.',
  });
  return { verdict: (await habitOf(probe)) ?? bare, outcomes };
};

/**
 * Judge whether forgeries are accepted. An effect is a failure of the check's own level, and so is a 2xx if effects are
 * unknown. A 2xx without effect is a SHOULD: nothing is forged, but the sender gets a success.
 */
export const judgeAcceptance = async (
  probe: Probe,
  forgeries: readonly Forgery[],
): Promise<Verdict> => (await judge(probe, forgeries)).verdict ?? pass();

/** Like {@link judgeAcceptance}, and a SHOULD if the receiver fails on some of the forgeries. */
export const judgeForgeries = async (
  probe: Probe,
  forgeries: readonly Forgery[],
): Promise<Verdict> => {
  const { verdict, outcomes } = await judge(probe, forgeries);
  if (verdict !== null) return verdict;
  const failed = outcomes.filter(({ exchange }) => !isRefused(exchange));
  if (failed.length === 0) return pass();
  // Once more: a connection that is cut by chance is no answer to a forgery.
  const again = await judge(
    probe,
    failed.map(({ forgery }) => forgery),
  );
  if (again.verdict !== null) return again.verdict;
  const isRefusedNow = (place: number): boolean => {
    const now = again.outcomes[place];
    return now !== undefined && isRefused(now.exchange);
  };
  const broken = failed.filter((_, place) => !isRefusedNow(place));
  if (broken.length === 0) return pass();
  const failure = fail({
    level: 'SHOULD',
    expected: [REFUSAL],
    actual: list(broken),
    exchanges: exchangesOf(broken),
    diagnosis: 'The forgery is not accepted, but the receiver fails on it instead of rejecting it.',
    fix: 'Check that the header is present and has the right length before comparing, and respond with 401. Node: `timingSafeEqual` throws on different lengths; Python: `hmac.compare_digest` throws on non-ASCII text, so compare bytes.',
  });
  return (await habitOf(probe)) ?? failure;
};

/** Report, as a note, which of the variants are accepted although the provider does not send them. */
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
