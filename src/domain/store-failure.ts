/**
 * A failure of the storage medium. It persists until someone frees space, fixes permissions or replaces the file; a retry
 * succeeds after that.
 *
 * @module
 */

export type StoreFailureReason = 'full' | 'busy' | 'read_only' | 'io' | 'corrupt';

export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  readonly reason: StoreFailureReason;

  /** @param cause the adapter's own error, for the log */
  constructor(reason: StoreFailureReason, cause: unknown) {
    super(`the store failed (${reason})`, { cause });
    this.reason = reason;
  }
}

/** The store is closed, because the sandbox stops or has stopped. */
export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';

  constructor(cause?: unknown) {
    super('The store is closed.', { cause });
  }
}
