/**
 * Finds out what a receiver takes for the right signature: sends one refused body again, signed in one wrong way at a
 * time, and looks which is accepted.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Guess } from '../../signature/candidates.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { trickyBody } from './unusual-data.ts';

/** Requests of one search at the most. */
const MOST_REQUESTS = 130;
/** Side by side, unless the receiver is slow: it may serve one at a time. */
const AT_ONCE = 6;
const SLOW_MS = 500;
/** A search ends after this time, with what is known by then. Milliseconds. */
const LONGEST_MS = 8000;

export interface Match {
  readonly guess: Guess;
  /** Its acceptance. */
  readonly exchange: Exchange;
  /** Whether another body was accepted for the same reason. */
  readonly proven: boolean;
}

export interface Search {
  /** Null when no guess was accepted. */
  readonly match: Match | null;
  readonly tried: number;
  /** Whether all guesses were tried. */
  readonly complete: boolean;
}

const idOf = ({ causes }: Guess): string => causes.map(({ id }) => id).join(' + ');
const looksOf = ({ header, value }: Guess): string => `${header}: ${value}`;

const send = (probe: Probe, body: Uint8Array, { header, value }: Guess): Promise<Exchange> =>
  header === SIGNATURE.header
    ? probe.post(body, { signature: value })
    : probe.post(body, { signature: null, headers: [[header, value]] });

/** No more can be learnt: it does not answer, or will not. */
const isUseless = ({ reply }: Exchange): boolean => reply.kind === 'none' || reply.status === 429;

const tryAll = async (
  probe: Probe,
  body: Uint8Array,
  candidates: readonly Guess[],
): Promise<Search> => {
  const until = probe.wall.now() + LONGEST_MS;
  const slow = (probe.exchanges.at(-1)?.reply.durationMs ?? 0) > SLOW_MS;
  const atOnce = slow ? 1 : AT_ONCE;
  for (let at = 0; at < candidates.length; at += atOnce) {
    const batch = candidates.slice(at, at + atOnce);
    const sent = await Promise.all(
      batch.map(async (guess) => ({ guess, exchange: await send(probe, body, guess) })),
    );
    const tried = at + batch.length;
    const match = sent.find(({ exchange }) => isAccepted(exchange));
    if (match !== undefined) return { match: { ...match, proven: false }, tried, complete: true };
    if (sent.every(({ exchange }) => isUseless(exchange)) || probe.wall.now() >= until) {
      return { match: null, tried, complete: tried === candidates.length };
    }
  }
  return { match: null, tried: candidates.length, complete: true };
};

/** Those that look alike over this body are tried once. */
const distinct = (candidates: readonly Guess[]): readonly Guess[] => {
  const seen = new Set<string>();
  return candidates.filter((guess) => {
    const looks = looksOf(guess);
    return !seen.has(looks) && seen.add(looks);
  });
};

/**
 * Over one body two mistakes can look alike, and a body can come to be accepted for a reason that nobody thought of. A
 * body in which every mistake shows tells.
 *
 * @param alike what was accepted may be any of these
 * @returns which of them it is; null when it is none
 */
const tellApart = async (probe: Probe, alike: readonly Guess[]): Promise<Guess | null> => {
  for (const step of ['1.0', '1'] as const) {
    const body = trickyBody(probe, step);
    const there = probe.signing.guesses(body);
    const ids = new Set(alike.map(idOf));
    const again = there.filter((guess) => ids.has(idOf(guess)));
    const { match } = await tryAll(probe, body, distinct(again));
    if (match !== null) return alike.find((guess) => idOf(guess) === idOf(match.guess)) ?? null;
    // A mistake that changes nothing here lets the right signature pass.
    const harmless = alike.find((guess) => !there.some((other) => idOf(other) === idOf(guess)));
    if (harmless !== undefined && isAccepted(await probe.post(body))) return harmless;
  }
  return null;
};

/** In another header, anything is accepted by a receiver that takes what has no signature: that proves nothing. */
const tryInTurn = async (
  probe: Probe,
  body: Uint8Array,
  candidates: readonly Guess[],
): Promise<Search> => {
  const search = await tryAll(probe, body, candidates);
  const header = search.match?.guess.header ?? SIGNATURE.header;
  if (header === SIGNATURE.header) return search;
  if (!isAccepted(await probe.post(body, { signature: null }))) return search;
  const inPlace = candidates.filter((guess) => guess.header === SIGNATURE.header);
  return tryAll(probe, body, inPlace);
};

/** @param body bytes that were refused though rightly signed */
export const searchSignature = async (probe: Probe, body: Uint8Array): Promise<Search> => {
  const due = `${SIGNATURE.header}: ${probe.signing.valid(body)}`;
  const all = probe.signing.guesses(body).filter((guess) => looksOf(guess) !== due);
  const single = all.filter(({ causes }) => causes.length === 1);
  const paired = all.filter(({ causes }) => causes.length > 1);
  const candidates = distinct([...single, ...paired]).slice(0, MOST_REQUESTS);
  const search = await tryInTurn(probe, body, candidates);
  if (search.match === null) return search;
  const looks = looksOf(search.match.guess);
  const alike = all.filter((guess) => looksOf(guess) === looks);
  const guess = await tellApart(probe, alike);
  const { exchange } = search.match;
  const match =
    guess === null ? { ...search.match, proven: false } : { guess, exchange, proven: true };
  return { ...search, match };
};
