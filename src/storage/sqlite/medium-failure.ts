/**
 * SQLite's result codes that say that the medium fails, as opposed to the program.
 *
 * @module
 */
import { StoreFailure, type StoreFailureReason } from '../../domain/store-failure.ts';
import { RESULT } from './result-codes.ts';

const REASONS: ReadonlyMap<number, StoreFailureReason> = new Map([
  [RESULT.busy, 'busy'],
  [RESULT.readOnly, 'read_only'],
  [RESULT.ioError, 'io'],
  [RESULT.corrupt, 'corrupt'],
  [RESULT.full, 'full'],
  [RESULT.cannotOpen, 'io'],
  [RESULT.notADatabase, 'corrupt'],
]);

/** A failure of the medium as a {@link StoreFailure}; any other error as it is. */
export const asFailure = (error: unknown): unknown => {
  const { errcode } = error as { readonly errcode?: number };
  // The low byte is the primary result code.
  const reason = errcode === undefined ? undefined : REASONS.get(errcode & 0xff);
  return reason === undefined ? error : new StoreFailure(reason, error);
};

export const isMediumFailure = (error: unknown): boolean =>
  asFailure(error) instanceof StoreFailure;
