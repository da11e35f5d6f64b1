/**
 * Observations of a whole run, for the passive checks.
 *
 * @module
 */
import type { Sender } from '../judge/sender.ts';
import type { Exchange } from '../net/exchange.ts';

/** What experiments say of the whole run, as they name any cause. */
interface ShownCause {
  readonly key: string;
  readonly sentence: string;
  readonly fix: string;
}

export interface SeenExchange {
  /** Id of the check that sent it; `control` for a control. */
  readonly by: string;
  /** Part of an intentional burst, which only the check that sent it judges. */
  readonly inBurst: boolean;
  readonly exchange: Exchange;
}

/** The receiver became unreachable after a request of a check. */
export interface Crash {
  readonly by: string;
  readonly exchange: Exchange | null;
  /** 0 if it was available at the next check, null if it did not recover in time. */
  readonly recoveredAfterMs: number | null;
  /** Who can send the exchange's request; undefined without an exchange. */
  readonly sender?: Sender | undefined;
  /** It responds to unsigned requests but closes the connection on every valid event: the process is running. */
  readonly answersUnsigned: boolean;
  /** The check had made the system behind the receiver fail. */
  readonly isWhileFailing?: boolean;
  /** What experiments have shown: it takes more than this request. */
  readonly cause?: ShownCause;
  /** What the receiver's own process wrote last; undefined if that is not known. */
  readonly log?: string | undefined;
}

/** A control, i.e. a valid event after a check, that was not accepted. */
export interface LostControl {
  readonly after: string;
  readonly control: Exchange;
}

/** The receiver is up, and answers no event any more. */
export interface Hang {
  /** Id of the check behind which it was seen. */
  readonly by: string;
  readonly control: Exchange;
  readonly cause: ShownCause;
}

/** Accepted events have no effect any longer. */
export interface EffectsStop {
  /** After a restart, this one alone stopped them again; null when that could not be tried. */
  readonly culprit: SeenExchange | null;
  /** Accepted events have their effect when the next one arrives, and not before. */
  readonly isHeldBack?: boolean;
  /** What was sent around the time when effects stopped, latest first. */
  readonly suspects: readonly SeenExchange[];
}

export interface Observed {
  readonly exchanges: readonly SeenExchange[];
  readonly crashes: readonly Crash[];
  readonly lostControls: readonly LostControl[];
  /** Null or undefined while it answers. */
  readonly hang?: Hang | null;
  /** Why each response is slower than the one before it; null or undefined while that is not so. */
  readonly slowdown?: ShownCause | null;
  /** Controls that were sent. */
  readonly controls: number;
  /** Timeout of one request. */
  readonly timeoutMs: number;
  /** Since when accepted events have no effect any longer; null while they have. */
  readonly effectsStop?: EffectsStop | null;
  /** Whether effects can be observed. */
  readonly seesEffects?: boolean;
  /** Labels of all secrets in a text: the signing secret and the digests of all requests, in every encoding. */
  secretsIn(text: string): readonly string[];
}
