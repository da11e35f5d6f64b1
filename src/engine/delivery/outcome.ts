/**
 * The outcome of an exchange: what it means, and what to do about it.
 *
 * @module
 */
import { STATUS_CODES } from 'node:http';
import type { Outcome } from '../../domain/delivery.ts';
import { classifyNetworkError, type SenderFailure } from '../../domain/network-error.ts';
import { isSuccess } from '../../domain/retry-plan.ts';
import { formatDuration } from '../../domain/time.ts';
import { BlockedTargetError } from './target-guard.ts';
import { MAX_RESPONSE_BYTES, type Phase, type PostResult } from './transport.ts';

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
  const limit = formatDuration(timeoutMs);
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

/** A failure of the sandbox: nothing follows from it about the receiver. */
const ofSender = (kind: SenderFailure, said: string): string => {
  switch (kind) {
    case 'exhausted':
      return `the sandbox has run out of resources (${said}), the receiver is not the cause; raise its limits (open files, memory) or send fewer at once`;
    case 'stopped':
      return `the sandbox was stopped during this attempt (${said}), the receiver is not the cause`;
    case 'internal':
      return `internal error of the sandbox (${said}), the receiver is not the cause; please report it`;
  }
};

const ofError = (error: Error, phase: Phase): Verdict => {
  if (error instanceof BlockedTargetError) {
    return {
      outcome: 'blocked',
      error:
        error.reason === 'public'
          ? `not sent: ${error.address} is a public address, and a mock's made-up events are kept off those; start the sandbox with --allow-public-targets if it is yours`
          : `not sent: ${error.address} is the address of a cloud's metadata service, which holds a machine's credentials; register the address of your receiver`,
    };
  }
  const { kind, code } = classifyNetworkError(error);
  const said = code || error.message;
  switch (kind) {
    case 'tls':
      return {
        outcome: 'tls_failure',
        error: `TLS failed (${code}); for a private certificate start the sandbox with NODE_EXTRA_CA_CERTS=<its CA>`,
      };
    case 'refused':
      return {
        outcome: 'refused',
        error: 'connection refused; is the receiver running on this port?',
      };
    case 'name_not_found':
      return {
        outcome: 'name_not_found',
        error: `the host name does not resolve (${code}); check the URL`,
      };
    case 'unreachable':
      return {
        outcome: 'unreachable',
        error: `no route to the receiver (${code}); check the URL's address`,
      };
    case 'connect_timeout':
      return {
        outcome: 'timeout_connect',
        error: `no connection in time (${code}); is the receiver accepting connections?`,
      };
    case 'not_http':
    case 'wrong_length':
      return {
        outcome: 'invalid_response',
        error: `the answer is not HTTP/1.1 (${said}); is this port another service's?`,
      };
    case 'headers_too_large':
      return {
        outcome: 'response_too_large',
        error: "the answer's headers are over 16 KiB; send fewer",
      };
    case 'reset':
    case 'closed_early':
      return {
        outcome: 'reset',
        error:
          phase === 'body'
            ? `the connection was cut in the middle of the answer (${said})`
            : `the connection was cut before an answer (${said}); did the receiver crash?`,
      };
    case 'exhausted':
    case 'stopped':
    case 'internal':
      return { outcome: 'internal_error', error: ofSender(kind, said) };
  }
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
        error: `the answer is longer than ${MAX_RESPONSE_BYTES} bytes; an acknowledgement needs no body`,
      };
    case 'timeout':
      return ofTimeout(result.phase, timeoutMs);
    case 'error':
      return ofError(result.error, result.phase);
  }
};
