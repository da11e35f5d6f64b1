/**
 * What a run can be told.
 *
 * @module
 */
import type { Check } from './check.ts';
import type { HeaderPairs } from './net/exchange.ts';
import type { Event } from './probe/event-maker.ts';
import type { Hooks, StartSandbox } from './hooks/hooks.ts';
import type { CheckResult, FailOn, KnownFailure } from './report.ts';

export interface VerifyOptions {
  /** The receiver's URL, exactly as it would be registered. */
  readonly url: string;
  /** The secret that the receiver has. Never shown. */
  readonly secret: string;
  /** More values that no report may show, such as API keys of hooks, each with a name to show in its place. */
  readonly hidden?: readonly (readonly [value: string, name: string])[] | undefined;
  /** Sent with every request, e.g. for a gateway in front. */
  readonly headers?: HeaderPairs | undefined;
  /** Takes any TLS certificate. */
  readonly insecure?: boolean | undefined;
  /** Milliseconds that one request may take; the provider's limit of 10 s unless given. */
  readonly timeoutMs?: number | undefined;
  /** Checks that may run side by side, where their stage allows it; 8 unless given. */
  readonly concurrency?: number | undefined;
  /** Two runs with the same seed send the same, but for times. Drawn and reported unless given. */
  readonly seed?: number | undefined;
  /** Ids or globs of ids (`signature/*`); all unless given. */
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  /** Stop after the first failure that counts. */
  readonly bail?: boolean | undefined;
  readonly failOn?: FailOn | undefined;
  /** Failures that are let pass; see `readBaseline`. */
  readonly baseline?: readonly KnownFailure[] | undefined;
  readonly hooks?: Hooks | undefined;
  /** Starts, or finds, a sandbox that reaches the receiver: what recovers dead letters asks there. */
  readonly sandbox?: StartSandbox | undefined;
  /**
   * Milliseconds that the whole run may take; 300,000 unless given. What matters most runs first when an estimate says
   * that it will not last; what is not reached by then is not tested.
   */
  readonly budgetMs?: number | undefined;
  /** Spend more time on generated input: more random events, more histories. False unless given. */
  readonly thorough?: boolean | undefined;
  /** Saved cases that the generated checks replay first; see `readExamples`. */
  readonly examples?: readonly Event[] | undefined;
  /** Ends the run early; what is known by then is reported. */
  readonly signal?: AbortSignal | undefined;
  /** A command that makes one check again: shown with a finding that no single request shows. Must hold no secret. */
  readonly rerun?: ((id: string) => string) | undefined;
  /** Told as the run goes on. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export type Progress =
  | { readonly type: 'started'; readonly check: Check }
  /** The receiver is so slow that the budget will probably not last for all checks; said once. */
  | {
      readonly type: 'slow';
      /** An answer takes so long, on average. */
      readonly answerMs: number;
      /** The rest of the run would take about so long. */
      readonly estimateMs: number;
      readonly remainingMs: number;
    }
  | { readonly type: 'finished'; readonly check: Check; readonly result: CheckResult };

/** The options do not fit together, or name what is not there. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
}
