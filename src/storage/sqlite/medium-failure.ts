/**
 * SQLite result codes that mean that the medium failed, not the program.
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

/** Converts an error of the medium to a {@link StoreFailure}. Returns any other error as it is. */
export const toStoreFailure = (error: unknown): unknown => {
  const { errcode } = error as { readonly errcode?: number };
  // The low byte is the primary result code.
  const reason = errcode === undefined ? undefined : REASONS.get(errcode & 0xff);
  return reason === undefined ? error : new StoreFailure(reason, error);
};

/** Whether an SQLite error means that the medium failed. */
export const isMediumFailure = (error: unknown): boolean =>
  toStoreFailure(error) instanceof StoreFailure;
