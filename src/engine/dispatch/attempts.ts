/**
 * The attempts of one generation: sends claims and records the results.
 *
 * An attempt is *in flight* from its start until its record is durable. In between it is *unanswered* until its request
 * has a result; only then is its place in the shared {@link Capacity} returned. If it timed out on a simulated clock, it
 * waits in {@link VirtualEnds} until the clock reaches its end.
 *
 * Failure: a record that the store rejects is dropped by the recorder, and the attempt counts as finished. When the
 * generation is discarded, requests are cut and their results ignored, because the rows no longer exist.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { DELIVERY_POLICY } from '../../../schemas/contract.ts';
import type { AccountKey, Millis, Outcome, WebhookKey } from '../../domain/delivery.ts';
import { deliveryId } from '../../domain/delivery-id.ts';
import { toMoment } from '../../domain/time.ts';
import type { AttemptRecord, Claim } from '../../storage/store.ts';
import type { AccountClock } from '../account-clock.ts';
import { makeAttempt, type AttemptEnd } from '../delivery/attempt.ts';
import type { EventBus } from '../event-bus.ts';
import { makeFaultyAttempt } from '../faults/faulty-attempt.ts';
import type { FaultRules } from '../faults/rules.ts';
import { attemptedEvent, recordOf, type StartedAttempt } from './finished-attempt.ts';
import { senderOf, type Endpoint } from './endpoints.ts';
import type { Generation } from './generation.ts';
import type { DispatchContext } from './dispatcher-types.ts';
import { createVirtualEnds, type VirtualEnds } from './virtual-ends.ts';

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Attempts {
  /** Attempts in flight, excluding those in `ends`. */
  inFlight(): number;
  /** Attempts that have timed out, and whose end the account's clock has not reached. */
  readonly ends: Pick<VirtualEnds, 'size' | 'earliest' | 'runDue'>;
  /** Send what is ready as far as places are free. */
  sendReady(endpoint: Endpoint): void;
  /** Discard the generation: cut all requests and ignore their results. */
  discardAll(): void;
}

export interface AttemptDependencies {
  readonly account: AccountKey;
  readonly clock: AccountClock;
  readonly faults: FaultRules;
  readonly bus: EventBus;
  readonly context: DispatchContext;
  /** Called when an attempt is stored. */
  onRecorded(outcome: Outcome): void;
  /** Called when there may be more to do. */
  wake(): void;
}

const isTimeout = (outcome: Outcome): boolean => outcome.startsWith('timeout_');

/** The rule by which the delivered event is sent once more; null for none. */
const repeatRule = ({ fault }: StartedAttempt, { status }: AttemptRecord): string | null =>
  fault?.name === 'duplicate' && !fault.isRepeat && status === 'delivered' ? fault.rule : null;

/**
 * Plan a second delivery of a delivered event, marked as a repeat so that it is not repeated itself. A failure is logged
 * only: the event was delivered.
 *
 * @returns its due time; null if no repeat was planned
 */
const planRepeat = async (
  { account, clock, faults, context }: AttemptDependencies,
  generation: Generation,
  { endpoint, claim }: StartedAttempt,
  rule: string,
): Promise<Millis | null> => {
  const dueAt = clock.now();
  const repeated = { of: deliveryId(claim.delivery), body: null, signature: 'valid' } as const;
  try {
    const delivery = await context.store.redeliver(account, { ...repeated, dueAt });
    if (delivery === null || generation.state === 'discarded') return null;
    const decision = { name: 'duplicate', rule, holdMs: 0, isRepeat: true } as const;
    faults.keep(endpoint.webhook.key, claim.eventId, decision);
    return dueAt;
  } catch (error) {
    logger.error('Cannot send the duplicate of a delivery: {error}', { error });
    return null;
  }
};

/** Send one request, with the attempt's fault if it has one. */
const request = (
  { transport, wall, attemptTimeoutMs: timeoutMs }: DispatchContext,
  { endpoint, claim: { body, signature }, fault }: StartedAttempt,
  signal: AbortSignal,
  done: (end: AttemptEnd) => void,
): void => {
  const { target, sign } = senderOf(endpoint);
  const sendable = { target, sign, body, signature, signal };
  if (fault === null) makeAttempt(transport, timeoutMs, sendable, done);
  else makeFaultyAttempt({ transport, wall, timeoutMs, sendable, fault: fault.name }, done);
};

/** @param expect called with the due time of a webhook's next attempt */
export const createAttempts = (
  dependencies: AttemptDependencies,
  generation: Generation,
  expect: (webhook: WebhookKey, at: Millis) => void,
): Attempts => {
  const { clock, faults, bus, context, wake, onRecorded } = dependencies;
  const { recorder, capacity, concurrency } = context;
  const ends = createVirtualEnds();
  let inFlight = 0;
  let unanswered = 0;

  /** Counts as in flight until it is planned. */
  const repeat = async (attempt: StartedAttempt, rule: string): Promise<void> => {
    inFlight += 1;
    const dueAt = await planRepeat(dependencies, generation, attempt, rule);
    if (dueAt !== null) expect(attempt.endpoint.webhook.key, dueAt);
    inFlight -= 1;
    wake();
  };

  const recorded = (attempt: StartedAttempt, record: AttemptRecord, written: boolean): void => {
    if (generation.state === 'discarded') return;
    inFlight -= 1;
    if (written) {
      const { outcome, nextAttemptAt } = record.attempt;
      onRecorded(outcome);
      if (nextAttemptAt !== null) expect(attempt.endpoint.webhook.key, nextAttemptAt);
      if (bus.hasSubscribers()) bus.emit(attemptedEvent(attempt, record));
      const rule = repeatRule(attempt, record);
      if (rule !== null) void repeat(attempt, rule);
    }
    wake();
  };

  const record = (attempt: StartedAttempt, end: AttemptEnd, endedAt: Millis): void => {
    const row = recordOf(attempt, end, endedAt, context.remedies);
    recorder.record(row, generation, (written) => recorded(attempt, row, written));
  };

  const finish = (attempt: StartedAttempt, end: AttemptEnd): void => {
    const { endpoint, at, simulated } = attempt;
    endpoint.inFlight -= 1;
    unanswered -= 1;
    capacity.release();
    if (endpoint.ready.length > 0) endpoint.wake();
    if (!simulated) return record(attempt, end, Math.max(at, clock.now()));
    if (!isTimeout(end.outcome)) return record(attempt, end, at);
    inFlight -= 1;
    const endsAt = toMoment(at + DELIVERY_POLICY.timeoutMs);
    const recordLate = (endedAt: Millis): void => {
      inFlight += 1;
      record(attempt, end, endedAt);
    };
    ends.add({ endpoint, endsAt, record: recordLate });
    return wake();
  };

  const start = (endpoint: Endpoint, claim: Claim): void => {
    const { key, url } = endpoint.webhook;
    const simulated = clock.isSimulated();
    const fault = faults.hasDecisions() ? faults.take(key, claim.eventId) : null;
    const attempt = { endpoint, claim, at: clock.stampFor(claim.dueAt), url, simulated, fault };
    endpoint.inFlight += 1;
    inFlight += 1;
    unanswered += 1;
    request(context, attempt, generation.signal, (end) => {
      if (generation.state !== 'discarded') finish(attempt, end);
    });
  };

  return {
    inFlight: () => inFlight,
    ends,
    sendReady: (endpoint) => {
      if (recorder.isBlocked()) return;
      while (endpoint.inFlight < concurrency && endpoint.ready.length > 0) {
        if (capacity.isTurnSpent()) return endpoint.wake();
        if (!capacity.acquire(endpoint.inFlight, endpoint.wake)) return;
        start(endpoint, endpoint.ready.shift()!);
      }
    },
    discardAll: () => {
      generation.discard();
      for (; unanswered > 0; unanswered -= 1) capacity.release();
    },
  };
};
