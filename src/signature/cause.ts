/**
 * One reason why a signature does not match.
 *
 * @module
 */

/** One thing that went wrong, in words, and what to do about it. */
export interface Cause {
  /** `body/…`, `secret/…`, `algorithm/…` or `header/…`. */
  readonly id: string;
  /** Completes "The signature …". */
  readonly says: string;
  readonly remedy: string;
}
