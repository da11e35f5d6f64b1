/**
 * One attempt at a delivery: sign the bytes, send them, judge the answer.
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
  /** Cuts the attempt when aborted; it has no result then. */
  readonly signal?: AbortSignal | undefined;
}

export interface AttemptEnd extends Verdict {
  readonly durationMs: Millis;
  /** As sent; null when left out. */
  readonly signature: string | null;
  readonly response: AttemptResponse | null;
}

/** Well formed, and by another key: what a forger could send. */
const forge = createSigner('not the secret of this webhook');

const signatureFor = ({ body, sign, signature }: Sendable): string | null => {
  if (signature === 'valid') return sign(body);
  return signature === 'wrong' ? forge(body) : null;
};

/** Only what the provider documents: anything more would be a promise that it does not make. */
export const deliveryHeaders = (signature: string | null): [name: string, value: string][] =>
  signature === null
    ? [['Content-Type', CONTENT_TYPE]]
    : [
        ['Content-Type', CONTENT_TYPE],
        [SIGNATURE.header, signature],
      ];

const logger = getLogger(['sendemall-mock', 'engine']);

/** The stack is what a report of a defect needs, and the attempt's record does not keep it. */
const logOwnFailure = (error: Error): void => {
  const { kind } = classifyNetworkError(error);
  if (kind !== 'internal' && kind !== 'exhausted') return;
  logger.error('An attempt failed inside the sandbox, not at the receiver: {error}', { error });
};

/** The end of an attempt from what came of its exchange. */
export const endOf = (
  result: PostResult,
  durationMs: Millis,
  signature: string | null,
  timeoutMs: number,
): AttemptEnd => {
  const { outcome, error } = verdictOn(result, timeoutMs);
  if (result.kind === 'error' && outcome === 'internal_error') logOwnFailure(result.error);
  return { outcome, error, durationMs, signature, response: result.response };
};

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
  const answered = (result: PostResult, durationMs: number): void =>
    done(endOf(result, durationMs, signature, timeoutMs));
  transport.post(sendable.target, headers, sendable.body, answered, sendable.signal);
};
