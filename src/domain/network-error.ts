/**
 * Whose failure an exchange's error is: the network's and the receiver's, or the sender's own.
 *
 * An allow list. Only a code that the network, the TLS library or the HTTP parser gives is evidence about the other
 * side. Everything else (a `TypeError`, an assertion, an exhausted descriptor table, a rejected argument) is a failure
 * of the sender, and blaming the receiver for it would send its developer on a wild-goose chase.
 *
 * @module
 */

export type NetworkFailure =
  | 'refused'
  | 'name_not_found'
  | 'unreachable'
  | 'reset'
  /** Ended in an orderly way, but before the answer was complete. */
  | 'closed_early'
  | 'connect_timeout'
  | 'tls'
  | 'not_http'
  /** The body is not as long as its `Content-Length` says. */
  | 'wrong_length'
  | 'headers_too_large';

export type SenderFailure =
  /** The sending process has run out of something: descriptors, memory, buffers. */
  | 'exhausted'
  /** The sender was shut down during the exchange. */
  | 'stopped'
  /** A defect of the sender. */
  | 'internal';

export type FailureKind = NetworkFailure | SenderFailure;

export interface ClassifiedError {
  readonly kind: FailureKind;
  /** E.g. `ECONNRESET`; empty when the error has none. */
  readonly code: string;
}

const KINDS: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'name_not_found',
  EAI_AGAIN: 'name_not_found',
  EAI_FAIL: 'name_not_found',
  EAI_NODATA: 'name_not_found',
  EAI_NONAME: 'name_not_found',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EAFNOSUPPORT: 'unreachable',
  // A firewall's answer to connect(2), and the kernel's for an address that is no host's.
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  EINVAL: 'unreachable',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ENOTCONN: 'reset',
  ESHUTDOWN: 'reset',
  ERR_STREAM_PREMATURE_CLOSE: 'closed_early',
  UND_ERR_SOCKET: 'closed_early',
  UND_ERR_INFO: 'closed_early',
  ETIMEDOUT: 'connect_timeout',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'connect_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  EPROTO: 'tls',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'wrong_length',
  UND_ERR_HEADERS_OVERFLOW: 'headers_too_large',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  EMFILE: 'exhausted',
  ENFILE: 'exhausted',
  ENOBUFS: 'exhausted',
  ENOMEM: 'exhausted',
  EAI_MEMORY: 'exhausted',
  ABORT_ERR: 'stopped',
  UND_ERR_ABORTED: 'stopped',
  UND_ERR_CLOSED: 'stopped',
  UND_ERR_DESTROYED: 'stopped',
};

/** Codes of OpenSSL's certificate verification, and Node's own about TLS. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERROR_IN_C|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/;

/**
 * The code of an error; of several that it gathers (one per address of a name), the last; or else that of its cause, in
 * which `fetch` wraps what happened. Empty without one.
 */
export const codeOf = (error: unknown): string => {
  const { code, errors, cause } = (error ?? {}) as Readonly<Record<string, unknown>>;
  if (Array.isArray(errors) && errors.length > 0) return codeOf(errors.at(-1));
  if (typeof code === 'string' && code !== '') return code;
  return cause === undefined || cause === null ? '' : codeOf(cause);
};

/** The code, or without one the innermost message: "bad port". For people; `fetch failed` alone says nothing. */
export const describeNetworkError = (error: unknown): string => {
  const code = codeOf(error);
  if (code !== '') return code;
  const { message, cause } = (error ?? {}) as Readonly<Record<string, unknown>>;
  if (cause !== undefined && cause !== null) return describeNetworkError(cause);
  return typeof message === 'string' && message !== '' ? message : String(error);
};

const kindOf = (code: string, error: unknown): FailureKind => {
  const known = Object.hasOwn(KINDS, code) ? KINDS[code] : undefined;
  if (known !== undefined) return known;
  if (TLS_CODE.test(code)) return 'tls';
  const { name } = (error ?? {}) as { name?: unknown };
  return code.startsWith('HPE_') || name === 'HTTPParserError' ? 'not_http' : 'internal';
};

/** @param error as a socket, an HTTP client or a name look-up reports it */
export const classifyNetworkError = (error: unknown): ClassifiedError => {
  const code = codeOf(error);
  return { kind: kindOf(code, error), code };
};
