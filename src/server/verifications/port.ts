/**
 * Port to the conformance suite: the server runs it without knowing it. The composition root provides the adapter.
 *
 * @module
 */
import type { LookupFunction } from 'node:net';
import type {
  ReportFormat,
  VerificationFinding,
  VerificationSummary,
  VerificationVerdict,
} from '../../../schemas/sandbox.ts';
import type { EventType } from '../../../schemas/contract.ts';

/** What to verify, and how. Fields that are undefined take the suite's defaults. */
export interface VerificationPlan {
  readonly url: string;
  readonly secret: string;
  readonly only: readonly string[] | undefined;
  readonly skip: readonly string[] | undefined;
  /** Sink of the account of `apiKey` in which effects are counted. */
  readonly effectsSink: { readonly apiKey: string; readonly name: string } | undefined;
  readonly events: readonly EventType[] | undefined;
  readonly leadEmail: string | undefined;
  readonly seed: number | undefined;
  readonly thorough: boolean | undefined;
  readonly failOn: 'must' | 'should' | undefined;
  readonly budgetMs: number | undefined;
  /** URL of this sandbox's documentation, for links in reports. */
  readonly docsUrl: string;
  /** Resolves host names, and rejects addresses that must not be reached. */
  readonly lookup: LookupFunction;
}

export type VerificationProgress =
  | { readonly type: 'started'; readonly id: string }
  | {
      readonly type: 'finished';
      readonly id: string;
      /** Null if the check passed or was not tested. */
      readonly finding: VerificationFinding | null;
    };

/** The result of a run, with its reports. None of them contains the secret. */
export interface VerificationResult {
  readonly verdict: VerificationVerdict;
  readonly summary: VerificationSummary;
  readonly render: (format: ReportFormat) => string;
}

/** A run that is ready to start. */
export interface PreparedVerification {
  readonly checksTotal: number;
  /** Rejects if the run itself fails, with a message for people. An aborted run resolves with what it found. */
  run(
    signal: AbortSignal,
    onProgress: (progress: VerificationProgress) => void,
  ): Promise<VerificationResult>;
}

export interface Verifier {
  /** @throws {Problem} `VALIDATION_FAILED` for a plan that the suite does not take */
  prepare(plan: VerificationPlan): Promise<PreparedVerification>;
}
