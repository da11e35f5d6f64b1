/**
 * Error codes (SQLSTATE) of PostgreSQL, and the errors of its driver, that the store handles.
 *
 * @module
 */
import { StoreFailure, type StoreFailureReason } from '../domain/store-failure.ts';

export const CODE = {
  uniqueViolation: '23505',
  insufficientPrivilege: '42501',
  invalidPassword: '28P01',
  invalidAuthorization: '28000',
  unknownDatabase: '3D000',
  tooManyConnections: '53300',
  cannotConnectNow: '57P03',
  readOnly: '25006',
  diskFull: '53100',
} as const;

/** SQLSTATE, or the code of a system error; empty without one. */
export const codeOf = (error: unknown): string => {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
};

/** Reasons by SQLSTATE, or by its class: the first two characters. */
const REASONS: ReadonlyMap<string, StoreFailureReason> = new Map([
  [CODE.diskFull, 'full'],
  [CODE.readOnly, 'read_only'],
  ['XX001', 'corrupt'],
  ['XX002', 'corrupt'],
  ['40001', 'busy'],
  ['40P01', 'busy'],
  ['55P03', 'busy'],
  // Insufficient resources, operator intervention, connection exception, system error.
  ['53', 'busy'],
  ['57', 'io'],
  ['08', 'io'],
  ['58', 'io'],
]);

const SYSTEM_ERROR = /^(?:E[A-Z]{3,}|ERR_(?:TLS|SSL|SOCKET)_?[A-Z_]*)$/u;
const DRIVER_ERROR =
  /^(?:Connection terminated|Client has encountered a connection error|timeout e|Client was closed|Query read timeout)/u;

const isOfConnection = (error: Error): boolean =>
  SYSTEM_ERROR.test(codeOf(error)) || DRIVER_ERROR.test(error.message);

const reasonOf = (error: Error): StoreFailureReason | undefined => {
  const code = codeOf(error);
  const known = REASONS.get(code) ?? REASONS.get(code.slice(0, 2));
  if (known !== undefined && code.length === 5) return known;
  // A connection that cannot be opened, for whatever reason: when the store was opened, it could be.
  const { severity } = error as { readonly severity?: string };
  return isOfConnection(error) || severity === 'FATAL' || severity === 'PANIC' ? 'io' : undefined;
};

/** Whether the connection is of no use any more, so that the outcome of a commit is unknown. */
export const isConnectionLost = (error: unknown): boolean =>
  error instanceof Error && (isOfConnection(error) || /^(?:08...|57P0[123])$/u.test(codeOf(error)));

/** Converts an error of the server or of the connection to a {@link StoreFailure}. Returns any other error as it is. */
export const toStoreFailure = (error: unknown): unknown => {
  const reason = error instanceof Error ? reasonOf(error) : undefined;
  return reason === undefined ? error : new StoreFailure(reason, error);
};

/** Whether the values themselves cannot be stored, so that a retry cannot help: data exceptions, violated constraints. */
export const isBadData = (error: unknown): boolean => /^2[23]...$/u.test(codeOf(error));
