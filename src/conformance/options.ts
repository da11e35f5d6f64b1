/**
 * Options of a run.
 *
 * @module
 */
import type { LookupFunction } from 'node:net';
import type { EventType } from '../../schemas/contract.ts';
import type { Check } from './check.ts';
import type { DescribeNeed, SuggestNeed } from './needs.ts';
import type { HeaderPairs } from './net/exchange.ts';
import type { Event } from './probe/event-maker.ts';
import type { Hooks, StartSandbox } from './hooks/hooks.ts';
import type { CheckResult, FailOn, KnownFailure } from './report.ts';

export interface VerifyOptions {
  /** URL of the receiver, exactly as it would be registered. */
  readonly url: string;
  /** Signing secret of the receiver. Never appears in a report. */
  readonly secret: string;
  /** Further values to redact in reports, such as API keys of hooks, each with a name to show instead. */
  readonly hidden?: readonly (readonly [value: string, name: string])[] | undefined;
  /** The last lines that the receiver's own process wrote, if the caller can see them. Shown with a crash. */
  readonly receiverLog?: (() => string | null) | undefined;
  /** Additional headers of every request, e.g. for a gateway. */
  readonly headers?: HeaderPairs | undefined;
  /** Accept any TLS certificate. */
  readonly insecure?: boolean | undefined;
  /**
   * Resolves the host name of every connection to the receiver; default: the system's. A caller that runs the suite for
   * others rejects addresses here.
   */
  readonly lookup?: LookupFunction | undefined;
  /** Timeout of one request; default: the provider's limit of 10,000 ms. */
  readonly timeoutMs?: number | undefined;
  /** Maximum number of concurrent checks in parallel stages; default: 8. */
  readonly concurrency?: number | undefined;
  /** Two runs with the same seed send the same requests, except for times. Random by default; the report contains it. */
  readonly seed?: number | undefined;
  /**
   * Draw new event ids and addresses, whatever the seed: for a receiver that remembers those of an earlier run with it.
   * Default: false.
   */
  readonly freshIds?: boolean | undefined;
  /** Ids or globs of ids (`signature/*`); default: all. */
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  /** Stop after the first failure that decides the verdict. */
  readonly bail?: boolean | undefined;
  readonly failOn?: FailOn | undefined;
  /** Accepted failures; see `readBaseline`. */
  readonly baseline?: readonly KnownFailure[] | undefined;
  readonly hooks?: Hooks | undefined;
  /** Start or find a sandbox, from which the receiver recovers dead letters. */
  readonly sandbox?: StartSandbox | undefined;
  /**
   * Time budget of the whole run; default: 300,000 ms. If it is estimated to be too short, checks of the highest level
   * run first; checks that are not reached are not tested.
   */
  readonly budgetMs?: number | undefined;
  /** Spend more time: more generated events, longer histories, longer pauses; default: false. */
  readonly thorough?: boolean | undefined;
  /** Event types that have an effect in the receiver: effects of other types are not judged. Default: learned by the run. */
  readonly events?: readonly EventType[] | undefined;
  /**
   * Address of a lead that the receiver knows, or a function that returns one for each lead. Used for every event whose
   * effect or state is judged; default: generated addresses.
   */
  readonly leadEmail?: string | (() => string) | undefined;
  /** Saved events that are replayed before any are generated; see `readExamples`. */
  readonly examples?: readonly Event[] | undefined;
  /** Ends the run early; the report contains the results so far. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Build a command that reruns one check with a seed, or the whole run if the id is null. Shown with findings; must not
   * contain secrets.
   */
  readonly rerun?: ((id: string | null, seed: number) => string) | undefined;
  /** Build a command that prints the page of a check. Shown with findings. */
  readonly explain?: ((id: string) => string) | undefined;
  /**
   * URL of the documentation, with the page of each check at `/checks/<id>`, for reports that link to it. Default: the
   * documentation that a sandbox on this machine serves at its default address.
   */
  readonly docsUrl?: string | undefined;
  /** Wording of what a check needs, e.g. by flags; default: by options of this interface. */
  readonly describeNeed?: DescribeNeed | undefined;
  /** Wording of how to test more, e.g. by flags; default: by options of this interface. */
  readonly suggestNeed?: SuggestNeed | undefined;
  /** Called when a check starts or finishes. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export type Progress =
  | { readonly type: 'started'; readonly check: Check }
  /** The receiver is so slow that the time budget will probably not last for all checks; reported once. */
  | {
      readonly type: 'slow';
      /** Average response time. */
      readonly answerMs: number;
      /** Estimated duration of the remaining checks. */
      readonly estimateMs: number;
      readonly remainingMs: number;
    }
  /** The receiver is slow: checks run side by side and repeat less; reported once. */
  | { readonly type: 'shortened'; readonly answerMs: number }
  /** The receiver limits the rate of requests, so the run waits; reported once. */
  | { readonly type: 'throttled'; readonly waitMs: number }
  | { readonly type: 'finished'; readonly check: Check; readonly result: CheckResult };

/** Names an option in a message: `only` in code, `--only` on the command line. */
export type NameOption = (option: string) => string;

/**
 * Invalid or contradictory options. Its message names options as in code; {@link OptionsError.describe} words it for another
 * edge.
 */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
  /** The message with options named by the caller. */
  readonly describe: (name: NameOption) => string;

  /** @param message a text that names no option, or a function of how options are named */
  constructor(message: string | ((name: NameOption) => string)) {
    const describe = typeof message === 'string' ? () => message : message;
    super(describe((option) => option));
    this.describe = describe;
  }
}
