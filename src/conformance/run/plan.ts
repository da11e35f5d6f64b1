/**
 * Input of a run: the selected checks and everything they share.
 *
 * @module
 */
import type { Check } from '../check.ts';
import type { DescribeNeed, Hook } from '../needs.ts';
import type { Progress } from '../options.ts';
import type { ProbeContext } from '../probe/probe.ts';
import type { CheckResult } from '../report.ts';
import type { Deadline } from './cut-off.ts';

export interface RunPlan {
  /** In catalogue order. */
  readonly checks: readonly Check[];
  /** Ids of the checks that validate hooks; see `CheckPlan.validators`. */
  readonly validators: ReadonlyMap<Hook, string>;
  readonly context: Omit<
    ProbeContext,
    | 'seen'
    | 'timeoutMs'
    | 'events'
    | 'random'
    | 'backlog'
    | 'memory'
    | 'allExchanges'
    | 'primaryType'
  >;
  readonly seed: number;
  /** Makes event ids and addresses differ from those of another run with the seed; default: 0, the same ones. */
  readonly idSalt?: number | undefined;
  /** Timeout of one request. */
  readonly timeoutMs: number;
  /** Maximum number of concurrent checks in parallel stages. */
  readonly concurrency: number;
  /** Whether to stop after the first failure that counts. */
  readonly bail: boolean;
  /** Whether a result makes the receiver not conformant. */
  readonly counts: (result: CheckResult) => boolean;
  /** When the run must end; default: never. */
  readonly deadline?: Deadline | undefined;
  /** See `VerifyOptions.explain`. */
  readonly explain?: ((id: string) => string) | undefined;
  /** See `VerifyOptions.rerun`. */
  readonly rerun?: ((id: string | null, seed: number) => string) | undefined;
  /** See `VerifyOptions.describeNeed`. */
  readonly describeNeed?: DescribeNeed | undefined;
  readonly onProgress: (progress: Progress) => void;
}
