/**
 * What a whole run has seen, for the checks that only look.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';

export interface SeenExchange {
  /** Id of the check that sent it; `control` for a control. */
  readonly by: string;
  /** One of very many at a time, on purpose: how that goes is the affair of the check that sent them. */
  readonly inCrowd: boolean;
  readonly exchange: Exchange;
}

/** The receiver stopped answering after something that a check sent. */
export interface Crash {
  readonly by: string;
  readonly exchange: Exchange | null;
  /** Milliseconds until it answered again: 0 when it did at the next look, null when it did not within the wait. */
  readonly backAfterMs: number | null;
  /** It answers what is not signed, and cuts every valid event: the process lives. */
  readonly answersOthers: boolean;
}

/** A valid event after a forgery, and it was not accepted. */
export interface LostControl {
  readonly after: string;
  readonly control: Exchange;
}

/** Accepted events have no effect any longer. */
export interface EffectsStop {
  /** After a restart, this one alone stopped them again; null when that could not be tried. */
  readonly culprit: SeenExchange | null;
  /** What was sent around the time when effects stopped, latest first. */
  readonly suspects: readonly SeenExchange[];
}

export interface Observed {
  readonly exchanges: readonly SeenExchange[];
  readonly deaths: readonly Crash[];
  readonly lostControls: readonly LostControl[];
  /** Controls that were sent. */
  readonly controls: number;
  /** The limit that one request has, in milliseconds. */
  readonly timeoutMs: number;
  /** Since when accepted events have no effect any longer; null while they have. */
  readonly effectsStop?: EffectsStop | null;
  /** Whether effects could be seen. */
  readonly seesEffects?: boolean;
  /** Every value that must never come back: the secret, and the digests of what was sent, in every form. */
  secretsIn(text: string): readonly string[];
}
