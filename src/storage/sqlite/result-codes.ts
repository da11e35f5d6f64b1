/**
 * SQLite's primary result codes that the store handles.
 *
 * @module
 */

export const RESULT = {
  busy: 5,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const;

/** Whether the values violate a constraint, so that a retry cannot help. The low byte is the primary result code. */
export const isConstraintViolation = (error: unknown): boolean =>
  ((error as { errcode?: number }).errcode ?? 0) % 256 === RESULT.constraint;
