/**
 * A finished attempt: from the started attempt and its result to the record that is stored, and the event that announces
 * it.
 *
 * @module
 */
import type { Attempt, Millis } from '../../domain/delivery.ts';
import { deliveryId } from '../../domain/delivery-id.ts';
import { afterAttempt } from '../../domain/delivery-transitions.ts';
import type { RemedyTexts } from '../../domain/remedies.ts';
import type { AttemptRecord, Claim } from '../../storage/store.ts';
import type { AttemptEnd } from '../delivery/attempt.ts';
import { errorTextOf } from '../delivery/outcome.ts';
import type { AccountEvent } from '../engine.ts';
import type { Decision } from '../faults/rules.ts';
import type { Endpoint } from './endpoints.ts';

/** A started attempt. */
export interface StartedAttempt {
  readonly endpoint: Endpoint;
  readonly claim: Claim;
  /** Virtual time of the start. */
  readonly at: Millis;
  readonly url: string;
  /** Whether it takes no virtual time unless it times out. */
  readonly simulated: boolean;
  /** The injected fault; null for none. */
  readonly fault: Decision | null;
}

/**
 * @param endedAt virtual time of the end
 * @param remedies texts for remedies that change the sandbox's configuration
 */
export const recordOf = (
  { endpoint, claim, at, url, fault }: StartedAttempt,
  end: AttemptEnd,
  endedAt: Millis,
  remedies: RemedyTexts,
): AttemptRecord => {
  const { outcome, durationMs, signature, response } = end;
  const number = claim.attempt;
  const { status, nextAttemptAt } = afterAttempt({ number, outcome, endedAt }, endpoint.removed);
  const attempt: Attempt = {
    number,
    startedAt: at,
    endedAt,
    durationMs,
    outcome,
    error: errorTextOf(end, remedies),
    url,
    signature,
    response,
    nextAttemptAt,
    fault: fault === null ? null : { name: fault.name, rule: fault.rule },
  };
  return { delivery: claim.delivery, attempt, status };
};

/** The event that announces a stored attempt. */
export const attemptedEvent = (
  { endpoint, claim }: StartedAttempt,
  { attempt, status }: AttemptRecord,
): AccountEvent => ({
  type: 'delivery.attempted',
  delivery: {
    id: deliveryId(claim.delivery),
    eventId: claim.eventId,
    eventType: claim.eventType,
    webhookId: endpoint.webhook.id,
    body: claim.body,
    signature: claim.signature,
  },
  attempt,
  status,
});
