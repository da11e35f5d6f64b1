/**
 * A failure of the medium that state is kept on: no request can be served differently until someone makes room, fixes
 * permissions or replaces the file. Retrying helps once they have.
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
