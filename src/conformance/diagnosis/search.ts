/**
 * Finds out what a receiver takes for the right signature: sends one refused body again, signed in one wrong way at a
 * time, and looks which is accepted.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Candidate } from '../../signature/candidates.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { trickyBody } from './unusual-data.ts';

/** Maximum number of requests of one search. */
const MAX_REQUESTS = 130;
/** Side by side, unless the receiver is slow: it may serve one at a time. */
const AT_ONCE = 6;
const SLOW_MS = 500;
/** A search ends after this time, with what is known by then. Milliseconds. */
const MAX_MS = 8000;

export interface Match {
  readonly candidate: Candidate;
  /** Its acceptance. */
  readonly exchange: Exchange;
  /** Whether another body was accepted for the same reason. */
  readonly proven: boolean;
}

export interface Search {
  /** Null when no candidate was accepted. */
  readonly match: Match | null;
  readonly tried: number;
  /** Whether all candidates were tried. */
  readonly complete: boolean;
}

const idOf = ({ causes }: Candidate): string => causes.map(({ id }) => id).join(' + ');
const looksOf = ({ header, value }: Candidate): string => `${header}: ${value}`;

const send = (probe: Probe, body: Uint8Array, { header, value }: Candidate): Promise<Exchange> =>
  header === SIGNATURE.header
    ? probe.post(body, { signature: value })
    : probe.post(body, { signature: null, headers: [[header, value]] });

/** No more can be learnt: it does not answer, or will not. */
const isUseless = ({ reply }: Exchange): boolean => reply.kind === 'none' || reply.status === 429;

const tryAll = async (
  probe: Probe,
  body: Uint8Array,
  candidates: readonly Candidate[],
): Promise<Search> => {
  const until = probe.wall.now() + MAX_MS;
  const slow = (probe.exchanges.at(-1)?.reply.durationMs ?? 0) > SLOW_MS;
  const atOnce = slow ? 1 : AT_ONCE;
  for (let at = 0; at < candidates.length; at += atOnce) {
    const batch = candidates.slice(at, at + atOnce);
    const sent = await Promise.all(
      batch.map(async (candidate) => ({ candidate, exchange: await send(probe, body, candidate) })),
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
const distinct = (candidates: readonly Candidate[]): readonly Candidate[] => {
  const seen = new Set<string>();
  return candidates.filter((candidate) => {
    const looks = looksOf(candidate);
    return !seen.has(looks) && seen.add(looks);
  });
};

/**
 * Over one body two mistakes can look alike, and a body can be accepted for a reason that no candidate covers. A
 * body in which every mistake shows settles which it is.
 *
 * @param alike what was accepted may be any of these
 * @returns the mistake among them; null if no candidate fits
 */
const tellApart = async (probe: Probe, alike: readonly Candidate[]): Promise<Candidate | null> => {
  for (const step of ['1.0', '1'] as const) {
    const body = trickyBody(probe, step);
    const there = probe.signing.candidates(body);
    const ids = new Set(alike.map(idOf));
    const again = there.filter((candidate) => ids.has(idOf(candidate)));
    const { match } = await tryAll(probe, body, distinct(again));
    if (match !== null)
      return alike.find((candidate) => idOf(candidate) === idOf(match.candidate)) ?? null;
    // A mistake that changes nothing here lets the right signature pass.
    const harmless = alike.find(
      (candidate) => !there.some((other) => idOf(other) === idOf(candidate)),
    );
    if (harmless !== undefined && isAccepted(await probe.post(body))) return harmless;
  }
  return null;
};

/** In another header, anything is accepted by a receiver that takes what has no signature: that proves nothing. */
const tryInTurn = async (
  probe: Probe,
  body: Uint8Array,
  candidates: readonly Candidate[],
): Promise<Search> => {
  const search = await tryAll(probe, body, candidates);
  const header = search.match?.candidate.header ?? SIGNATURE.header;
  if (header === SIGNATURE.header) return search;
  if (!isAccepted(await probe.post(body, { signature: null }))) return search;
  const inPlace = candidates.filter((candidate) => candidate.header === SIGNATURE.header);
  return tryAll(probe, body, inPlace);
};

/** @param body bytes that were rejected although correctly signed */
export const searchSignature = async (probe: Probe, body: Uint8Array): Promise<Search> => {
  const due = `${SIGNATURE.header}: ${probe.signing.valid(body)}`;
  const all = probe.signing.candidates(body).filter((candidate) => looksOf(candidate) !== due);
  const single = all.filter(({ causes }) => causes.length === 1);
  const paired = all.filter(({ causes }) => causes.length > 1);
  const candidates = distinct([...single, ...paired]).slice(0, MAX_REQUESTS);
  const search = await tryInTurn(probe, body, candidates);
  if (search.match === null) return search;
  const looks = looksOf(search.match.candidate);
  const alike = all.filter((candidate) => looksOf(candidate) === looks);
  const candidate = await tellApart(probe, alike);
  const { exchange } = search.match;
  const match =
    candidate === null ? { ...search.match, proven: false } : { candidate, exchange, proven: true };
  return { ...search, match };
};
