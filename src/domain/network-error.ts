/**
 * Classifies network errors: failures of the network or the receiver, and failures of the sender itself.
 *
 * An allow list. Only a code of the network, the TLS library or the HTTP parser is evidence about the other side.
 * Everything else (a `TypeError`, an assertion, an exhausted descriptor table, an invalid argument) is a failure of the
 * sender, and blaming the receiver for it would mislead its developer.
 *
 * @module
 */

export type NetworkFailure =
  | 'refused'
  | 'name_not_found'
  | 'unreachable'
  | 'reset'
  /** Closed properly, but before the response was complete. */
  | 'closed_early'
  | 'connect_timeout'
  | 'tls'
  | 'not_http'
  /** The length of the body differs from its `Content-Length`. */
  | 'wrong_length'
  | 'headers_too_large';

export type SenderFailure =
  /** The sending process has run out of descriptors, memory or buffers. */
  | 'exhausted'
  /** The sender was shut down during the exchange. */
  | 'stopped'
  /** A defect of the sender. */
  | 'internal';

export type FailureKind = NetworkFailure | SenderFailure;

export interface ClassifiedError {
  readonly kind: FailureKind;
  /** Such as `ECONNRESET`; empty if the error has no code. */
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
  // connect(2) blocked by a firewall, or an address that is not a host's.
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

export type TlsFailure =
  /** The other side does not speak TLS. */
  | 'not_tls'
  /** The certificate has expired or is not valid yet. */
  | 'not_valid_now'
  /** The certificate is for another host name. */
  | 'other_name'
  /** The certificate is self-signed, its authority is unknown, or its chain is incomplete. */
  | 'untrusted'
  | 'other';

/** Codes of OpenSSL's certificate verification, and Node's own about TLS. The first match counts. */
const TLS_CODES: readonly (readonly [TlsFailure, RegExp])[] = [
  [
    'not_tls',
    /^(EPROTO$|ERR_SSL_.*(WRONG_VERSION_NUMBER|PACKET_LENGTH|UNKNOWN_PROTOCOL|HTTP_REQUEST))/,
  ],
  ['not_valid_now', /^(CERT|CRL)_(HAS_EXPIRED|NOT_YET_VALID)$/],
  ['other_name', /^(ERR_TLS_CERT_ALTNAME_|HOSTNAME_MISMATCH$)/],
  ['untrusted', /^(CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/],
  ['other', /^(ERR_TLS_|ERR_SSL_|ERROR_IN_C|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/],
];

/** @returns null unless the code is of TLS */
export const tlsFailureOf = (code: string): TlsFailure | null =>
  TLS_CODES.find(([, pattern]) => pattern.test(code))?.[0] ?? null;

/**
 * The code of an error, unwrapped: of an `AggregateError` (one error per address of a name) the last, else its own, else
 * that of its cause, in which `fetch` wraps the original error. Empty for an error without a code.
 */
export const codeOf = (error: unknown): string => {
  const { code, errors, cause } = (error ?? {}) as Readonly<Record<string, unknown>>;
  if (Array.isArray(errors) && errors.length > 0) return codeOf(errors.at(-1));
  if (typeof code === 'string' && code !== '') return code;
  return cause === undefined || cause === null ? '' : codeOf(cause);
};

/** Describe an error for people: its code, or else the innermost message, such as "bad port". */
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
  if (tlsFailureOf(code) !== null) return 'tls';
  const { name } = (error ?? {}) as { name?: unknown };
  return code.startsWith('HPE_') || name === 'HTTPParserError' ? 'not_http' : 'internal';
};

/** @param error as reported by a socket, an HTTP client or a DNS lookup */
export const classifyNetworkError = (error: unknown): ClassifiedError => {
  const code = codeOf(error);
  return { kind: kindOf(code, error), code };
};
