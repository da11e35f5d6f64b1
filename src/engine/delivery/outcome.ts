/**
 * Classify the result of an exchange as an outcome, with an error text that names the cause and the remedy. A remedy that
 * changes the sandbox's own configuration is returned as data.
 *
 * @module
 */
import { STATUS_CODES } from 'node:http';
import type { Outcome } from '../../domain/delivery.ts';
import { classifyNetworkError, type SenderFailure } from '../../domain/network-error.ts';
import type { ConfigRemedy, RemedyTexts } from '../../domain/remedies.ts';
import { isSuccess } from '../../domain/retry-plan.ts';
import { formatDuration } from '../../domain/time.ts';
import { BlockedTargetError } from './target-guard.ts';
import { MAX_RESPONSE_BYTES, type Phase, type PostResult } from './transport.ts';

export interface Verdict {
  readonly outcome: Outcome;
  /** Null when delivered. */
  readonly error: string | null;
  /** The remedy, where it is a change to the sandbox's configuration; `error` does not contain it. */
  readonly remedy?: ConfigRemedy;
}

const DELIVERED: Verdict = { outcome: 'delivered', error: null };

const ofStatus = (status: number, location: string | undefined): Verdict => {
  if (isSuccess(status)) return DELIVERED;
  const summary = `answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
  return status >= 300 && status < 400
    ? {
        outcome: 'redirect',
        error: `${summary}${location === undefined ? '' : ` to ${location}`}; redirects are not followed: register the final URL`,
      }
    : { outcome: 'non_2xx', error: `${summary}; only a 2xx counts as received` };
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
        error: `no response within ${limit}; acknowledge first, then process`,
      };
    case 'body':
      return {
        outcome: 'timeout_body',
        error: `the response body was not complete within ${limit}; end the response`,
      };
  }
};

/** A failure of the sandbox itself; it says nothing about the receiver. */
const ofSender = (kind: SenderFailure, code: string): string => {
  switch (kind) {
    case 'exhausted':
      return `the sandbox has run out of resources (${code}), the receiver is not the cause; raise its limits (open files, memory) or lower the concurrency`;
    case 'stopped':
      return `the sandbox was stopped during this attempt (${code}), the receiver is not the cause`;
    case 'internal':
      return `internal error of the sandbox (${code}), the receiver is not the cause; please report it`;
  }
};

const ofBlocked = ({ address, reason }: BlockedTargetError): Verdict =>
  reason === 'public'
    ? {
        outcome: 'blocked',
        error: `not sent: ${address} is a public address, and the sandbox sends its simulated events to private addresses only`,
        remedy: 'allow_public_targets',
      }
    : {
        outcome: 'blocked',
        error: `not sent: ${address} is a cloud metadata service, which serves machine credentials; register your receiver's address`,
      };

const ofError = (error: Error, phase: Phase): Verdict => {
  if (error instanceof BlockedTargetError) return ofBlocked(error);
  const { kind, code } = classifyNetworkError(error);
  const cause = code || error.message;
  switch (kind) {
    case 'tls':
      return {
        outcome: 'tls_failure',
        error: `TLS failed (${code})`,
        remedy: 'trust_certificate',
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
        error: `connecting timed out (${code}); is the receiver accepting connections?`,
      };
    case 'not_http':
    case 'wrong_length':
      return {
        outcome: 'invalid_response',
        error: `the response is not HTTP/1.1 (${cause}); does another service listen on this port?`,
      };
    case 'headers_too_large':
      return {
        outcome: 'response_too_large',
        error: 'the response headers exceed 16 KiB; send fewer',
      };
    case 'reset':
    case 'closed_early':
      return {
        outcome: 'reset',
        error:
          phase === 'body'
            ? `the connection was reset during the response (${cause})`
            : `the connection was reset before any response (${cause}); did the receiver crash?`,
      };
    case 'exhausted':
    case 'stopped':
    case 'internal':
      return { outcome: 'internal_error', error: ofSender(kind, cause) };
  }
};

/** @param timeoutMs the attempt's real time limit, for the text of a timeout */
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
        error: `the response exceeds ${MAX_RESPONSE_BYTES} bytes; an acknowledgement needs no body`,
      };
    case 'timeout':
      return ofTimeout(result.phase, timeoutMs);
    case 'error':
      return ofError(result.error, result.phase);
  }
};

/**
 * The error of an attempt with its remedy.
 *
 * @param texts the remedies as the entry point words them
 * @returns null when delivered
 */
export const errorTextOf = ({ error, remedy }: Verdict, texts: RemedyTexts): string | null =>
  error === null || remedy === undefined ? error : `${error}; ${texts[remedy]}`;
