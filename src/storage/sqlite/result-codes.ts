/**
 * SQLite's primary result codes, as far as they are told apart.
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
  notADatabase: 26,
} as const;
