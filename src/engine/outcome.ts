/**
 * Tells outcomes apart, and says what each one means and what to do about it.
 *
 * @module
 */
import { STATUS_CODES } from 'node:http';
import type { Outcome } from '../domain/delivery.ts';
import { isSuccess } from '../domain/retry-plan.ts';
import { formatSpan } from '../domain/time.ts';
import { BlockedTargetError } from './target-guard.ts';
import { MOST_RESPONSE_BYTES, type Phase, type PostResult } from './transport.ts';

export interface Verdict {
  readonly outcome: Outcome;
  /** Null when delivered. */
  readonly error: string | null;
}

const DELIVERED: Verdict = { outcome: 'delivered', error: null };

const ofStatus = (status: number, location: string | undefined): Verdict => {
  if (isSuccess(status)) return DELIVERED;
  const said = `answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
  return status >= 300 && status < 400
    ? {
        outcome: 'redirect',
        error: `${said}${location === undefined ? '' : ` to ${location}`}; redirects are not followed: register the final URL`,
      }
    : { outcome: 'non_2xx', error: `${said}; only a 2xx counts as received` };
};

const ofTimeout = (phase: Phase, timeoutMs: number): Verdict => {
  const limit = formatSpan(timeoutMs);
  switch (phase) {
    case 'connect':
      return {
        outcome: 'timeout_connect',
        error: `no connection within ${limit}; is the receiver accepting connections, or is its backlog full?`,
      };
    case 'headers':
      return {
        outcome: 'timeout_headers',
        error: `no answer within ${limit}; acknowledge first and process afterwards`,
      };
    case 'body':
      return {
        outcome: 'timeout_body',
        error: `the answer's body was not complete within ${limit}; end the response`,
      };
  }
};

const codeOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0)
    return codeOf(error.errors.at(-1));
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
};

const CERTIFICATE_CODES = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
]);

const isTlsCode = (code: string): boolean =>
  CERTIFICATE_CODES.has(code) ||
  code.startsWith('ERR_TLS_') ||
  code.startsWith('ERR_SSL_') ||
  code === 'EPROTO';

const ofError = (error: Error, phase: Phase): Verdict => {
  if (error instanceof BlockedTargetError) {
    return {
      outcome: 'blocked',
      error: `not sent: ${error.address} is a public address, and a mock's made-up events are kept off those; start the sandbox with --allow-public-targets if it is yours`,
    };
  }
  const code = codeOf(error);
  if (isTlsCode(code)) {
    return {
      outcome: 'tls_failure',
      error: `TLS failed (${code}); for a private certificate start the sandbox with NODE_EXTRA_CA_CERTS=<its CA>`,
    };
  }
  switch (code) {
    case 'ECONNREFUSED':
      return {
        outcome: 'refused',
        error: 'connection refused; is the receiver running on this port?',
      };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return {
        outcome: 'name_not_found',
        error: `the host name does not resolve (${code}); check the URL`,
      };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return {
        outcome: 'unreachable',
        error: `no route to the receiver (${code}); check the URL's address`,
      };
    case 'EMFILE':
    case 'ENFILE':
      return {
        outcome: 'unreachable',
        error: `not sent: this process has no file descriptor left (${code}); raise its limit (ulimit -n) and start it again`,
      };
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return {
        outcome: 'timeout_connect',
        error: `no connection in time (${code}); is the receiver accepting connections?`,
      };
  }
  if (code.startsWith('HPE_') || error.name === 'HTTPParserError') {
    return {
      outcome: 'invalid_response',
      error: `the answer is not HTTP/1.1 (${code || error.message}); is this port another service's?`,
    };
  }
  if (code.startsWith('UND_ERR_HEADERS_OVERFLOW')) {
    return {
      outcome: 'response_too_large',
      error: "the answer's headers are over 16 KiB; send fewer",
    };
  }
  return {
    outcome: 'reset',
    error:
      phase === 'body'
        ? `the connection was cut in the middle of the answer (${code || error.message})`
        : `the connection was cut before an answer (${code || error.message}); did the receiver crash?`,
  };
};

export const verdictOn = (result: PostResult, timeoutMs: number): Verdict => {
  switch (result.kind) {
    case 'answered': {
      const { status, headers } = result.response;
      const location = headers.find(([name]) => name.toLowerCase() === 'location')?.[1];
      return ofStatus(status, location);
    }
    case 'too_large':
      return {
        outcome: 'response_too_large',
        error: `the answer is longer than ${MOST_RESPONSE_BYTES} bytes; an acknowledgement needs no body`,
      };
    case 'timeout':
      return ofTimeout(result.phase, timeoutMs);
    case 'error':
      return ofError(result.error, result.phase);
  }
};
