/**
 * Judges a receiver by how it treats what the provider never sent.
 *
 * @module
 */
import type { Verdict } from './check.ts';
import { fail, isAccepted, isRefused, pass, tell } from './verdict.ts';
import type { Event } from './probe/event-maker.ts';
import type { Exchange } from './probe/exchange.ts';
import type { Probe } from './probe/probe.ts';
import type { SignatureValue } from './probe/signing.ts';

export interface Forgery {
  /** "no signature header", "64 wrong digits". */
  readonly name: string;
  /** The signature to send; a function gets the bytes. */
  readonly signature: SignatureValue | ((body: string) => SignatureValue);
  /** Left out: a fresh valid event. */
  readonly body?: Event | string;
}

interface Outcome {
  readonly forgery: Forgery;
  readonly exchange: Exchange;
  /** Effects of the forged event; null where nobody can tell. */
  readonly effects: number | null;
}

const REFUSAL = 'a 4xx (401 in the provider’s guide), no effect';

const idOf = (body: string): string | null => {
  try {
    const { id } = JSON.parse(body) as { id?: unknown };
    return typeof id === 'string' ? id : null;
  } catch {
    return null;
  }
};

const attempt = async (probe: Probe, forgery: Forgery): Promise<Outcome> => {
  const { signature, body = probe.event() } = forgery;
  const text = typeof body === 'string' ? body : probe.write(body);
  const value = typeof signature === 'function' ? signature(text) : signature;
  const exchange = await probe.post(text, { signature: value });
  const id = idOf(text);
  const looked = isAccepted(exchange) && id !== null && probe.effects !== null;
  const effects = looked ? await probe.effects.settled(id, 1, { forMs: 300 }) : null;
  return { forgery, exchange, effects };
};

const list = (outcomes: readonly Outcome[]): string =>
  outcomes.map(({ forgery, exchange }) => `${forgery.name}: ${tell(exchange.reply)}`).join('; ');

/**
 * An effect is as grave as the check says; a bare 2xx that proves to have none is a SHOULD, because nothing is forged
 * but the provider is told that it was delivered. A 5xx or no answer is for other checks, unless nothing else happened.
 */
export const judgeForgeries = async (
  probe: Probe,
  forgeries: readonly Forgery[],
): Promise<Verdict> => {
  const outcomes: Outcome[] = [];
  for (const forgery of forgeries) outcomes.push(await attempt(probe, forgery));
  const accepted = outcomes.filter(({ exchange }) => isAccepted(exchange));
  const harmful = accepted.filter(({ effects }) => effects !== 0);
  if (harmful.length > 0) {
    const proven = harmful.some(({ effects }) => effects !== null);
    return fail({
      expected: [REFUSAL],
      actual: `accepted ${list(harmful)}${proven ? ', and processed it' : ''}`,
      exchanges: harmful.map(({ exchange }) => exchange),
    });
  }
  if (accepted.length > 0) {
    return fail({
      level: 'SHOULD',
      expected: [REFUSAL],
      actual: `answered ${list(accepted)}, though without effect`,
      exchanges: accepted.map(({ exchange }) => exchange),
      diagnosis: 'The forgery is dropped, but the sender is told that it was received.',
      fix: 'Answer 401 to what is not rightly signed, so that whoever sends it learns of it.',
    });
  }
  const broken = outcomes.filter(({ exchange }) => !isRefused(exchange));
  if (broken.length > 0) {
    return fail({
      level: 'SHOULD',
      expected: [REFUSAL],
      actual: list(broken),
      exchanges: broken.map(({ exchange }) => exchange),
      diagnosis: 'It is not accepted, but the receiver fails over it instead of refusing it.',
      fix: 'Check that the header is there and has the right length before comparing, and answer 401.',
    });
  }
  return pass();
};
