/**
 * One delivery attempt without a sandbox.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import { ulid } from 'ulid';
import { DELIVERY_POLICY } from '../schemas/contract.ts';
import type { TriggerRequest } from '../schemas/sandbox.ts';
import { systemClock } from './clock/system.ts';
import type { RemedyTexts } from './domain/remedies.ts';
import { toProviderTime } from './domain/time.ts';
import { deliveryHeaders, makeAttempt, type AttemptEnd } from './engine/delivery/attempt.ts';
import { errorTextOf } from './engine/delivery/outcome.ts';
import { createTransport, targetOf } from './engine/delivery/transport.ts';
import { serialise } from './engine/publish.ts';
import { createSigner } from './signature/sign.ts';
import { createGenerator } from './simulator/generator.ts';
import { completeEvents } from './simulator/trigger.ts';

const REMEDIES: RemedyTexts = {
  // Public targets are always allowed here.
  allow_public_targets: 'allow public targets',
  trust_certificate: 'for a private certificate set NODE_EXTRA_CA_CERTS=<its CA> before the start',
};

export interface OnceRequest {
  readonly url: string;
  readonly secret: string;
  readonly event: Pick<TriggerRequest, 'event' | 'data' | 'id' | 'timestamp'>;
  readonly signal?: AbortSignal;
}

export interface Once extends Omit<AttemptEnd, 'signature' | 'remedy'> {
  /** The request body, exactly as sent. */
  readonly body: string;
  /** A hint, e.g. about unknown fields; null for no hint. */
  readonly notice: string | null;
  readonly request: {
    readonly url: string;
    readonly headers: readonly (readonly [string, string])[];
  };
}

/**
 * Make one attempt at a receiver, without a sandbox, retries or storage. Public targets are allowed, because the caller
 * chooses the target.
 *
 * @throws {Problem} `VALIDATION_FAILED` if the given data does not fit the event
 * @throws the reason of `signal` if it is aborted
 *
 * @example
 * ```ts
 * const { outcome } = await deliverOnce({
 *   url: 'http://127.0.0.1:3000/webhooks/sendemall',
 *   secret: 'whsec_your-signing-secret',
 *   event: { event: 'email.replied' },
 * });
 * ```
 */
export const deliverOnce = async ({ url, secret, event, signal }: OnceRequest): Promise<Once> => {
  const now = systemClock.now();
  const seed = randomInt(0x1_0000_0000);
  const { events, notice } = await completeEvents(
    () => createGenerator({ seed, opens: 0 }),
    event,
    now,
  );
  const [generated] = events;
  if (generated === undefined) throw new Error('no event was generated');
  const body = serialise({
    ...generated,
    id: generated.id ?? `evt_${ulid(now)}`,
    timestamp: generated.timestamp ?? toProviderTime(now),
  });
  const timeoutMs = DELIVERY_POLICY.timeoutMs;
  const transport = createTransport({ wall: systemClock, timeoutMs, allowPublicTargets: true });
  const sendable = {
    target: targetOf(url),
    sign: createSigner(secret),
    body,
    signature: 'valid',
  } as const;
  try {
    const end = await new Promise<AttemptEnd>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      makeAttempt(transport, timeoutMs, sendable, resolve);
    });
    const { outcome, durationMs, response, signature } = end;
    const error = errorTextOf(end, REMEDIES);
    const request = { url, headers: deliveryHeaders(signature) };
    return { outcome, error, durationMs, response, body, notice, request };
  } finally {
    await transport.close();
  }
};
