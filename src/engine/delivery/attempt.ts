/**
 * One delivery attempt: sign the bytes, send them, classify the response.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { CONTENT_TYPE, SIGNATURE } from '../../../schemas/contract.ts';
import type { AttemptResponse, Millis, SignatureMode } from '../../domain/delivery.ts';
import { classifyNetworkError } from '../../domain/network-error.ts';
import { createSigner, type Signer } from '../../signature/sign.ts';
import { verdictOn, type Verdict } from './outcome.ts';
import type { PostResult, Target, Transport } from './transport.ts';

export interface Sendable {
  readonly target: Target;
  readonly sign: Signer;
  readonly body: string;
  readonly signature: SignatureMode;
  /** Aborting it cuts the attempt, which then reports no result. */
  readonly signal?: AbortSignal | undefined;
}

export interface AttemptEnd extends Verdict {
  readonly durationMs: Millis;
  /** The signature header as sent; null if omitted. */
  readonly signature: string | null;
  readonly response: AttemptResponse | null;
}

/** A well-formed signature with a wrong key, as a forger would send. */
const forge = createSigner('not the secret of this webhook');

const signatureFor = ({ body, sign, signature }: Sendable): string | null => {
  if (signature === 'valid') return sign(body);
  return signature === 'wrong' ? forge(body) : null;
};

/** Request headers of a delivery: only documented ones, so that no receiver relies on more. */
export const deliveryHeaders = (signature: string | null): [name: string, value: string][] =>
  signature === null
    ? [['Content-Type', CONTENT_TYPE]]
    : [
        ['Content-Type', CONTENT_TYPE],
        [SIGNATURE.header, signature],
      ];

const logger = getLogger(['sendemall-mock', 'engine']);

/** Log the stack for bug reports; the attempt record keeps only the message. */
const logOwnFailure = (error: Error): void => {
  const { kind } = classifyNetworkError(error);
  if (kind !== 'internal' && kind !== 'exhausted') return;
  logger.error('Attempt failed inside the sandbox, not at the receiver: {error}', { error });
};

/** Build an attempt's result from its exchange, logging the sandbox's own failures. */
export const endOf = (
  result: PostResult,
  durationMs: Millis,
  signature: string | null,
  timeoutMs: number,
): AttemptEnd => {
  const verdict = verdictOn(result, timeoutMs);
  if (result.kind === 'error' && verdict.outcome === 'internal_error') logOwnFailure(result.error);
  return { ...verdict, durationMs, signature, response: result.response };
};

/**
 * Make one attempt.
 *
 * @param timeoutMs the transport's real time limit, named in the error of a timeout
 * @param done called once with the result; never if `sendable.signal` is aborted first
 */
export const makeAttempt = (
  transport: Transport,
  timeoutMs: number,
  sendable: Sendable,
  done: (end: AttemptEnd) => void,
): void => {
  const signature = signatureFor(sendable);
  const headers =
    signature === null
      ? ['Content-Type', CONTENT_TYPE]
      : ['Content-Type', CONTENT_TYPE, SIGNATURE.header, signature];
  const finished = (result: PostResult, durationMs: number): void =>
    done(endOf(result, durationMs, signature, timeoutMs));
  transport.post(sendable.target, headers, sendable.body, finished, sendable.signal);
};
