/**
 * Sends claimed deliveries and records the results.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { DELIVERY_POLICY } from '../../../schemas/contract.ts';
import type { AccountKey, Attempt, Millis, Outcome } from '../../domain/delivery.ts';
import { deliveryId } from '../../domain/delivery-id.ts';
import { nextAttemptAt } from '../../domain/retry-plan.ts';
import { toMoment } from '../../domain/time.ts';
import { createSigner } from '../../signature/sign.ts';
import type { AttemptRecord, Claim } from '../../storage/store.ts';
import { makeAttempt, type AttemptEnd } from '../delivery/attempt.ts';
import type { EventBus } from '../events.ts';
import type { Decision } from '../faults/rules.ts';
import { makeFaultyAttempt } from '../faults/faulty-attempt.ts';
import type { DispatchContext, DispatchSources } from './port.ts';
import type { Endpoint, Endpoints } from './endpoints.ts';
import { targetOf } from '../delivery/transport.ts';
import type { VirtualEnds } from './virtual-ends.ts';

const logger = getLogger(['sendemall-mock', 'engine']);

/** The work of one generation of an account. */
export interface Work {
  readonly endpoints: Endpoints;
  /** Attempts that are sent and not recorded yet, without those in `ends`. */
  inFlight: number;
  /** Those among them that are not answered yet. */
  unanswered: number;
  /** Attempts that have timed out, and whose end the account's clock has not reached. */
  readonly ends: VirtualEnds;
}

export interface Sender {
  /** Sends what is ready as far as places are free. */
  sendReady(work: Work, endpoint: Endpoint): void;
  /** Attempts recorded so far. */
  attempts(): number;
}

const isTimeout = (outcome: Outcome): boolean => outcome.startsWith('timeout_');

/** What is known of an attempt when it starts. */
interface Start {
  readonly work: Work;
  readonly endpoint: Endpoint;
  readonly claim: Claim;
  readonly at: Millis;
  readonly url: string;
  readonly simulated: boolean;
  /** What is made to go wrong; null for nothing. */
  readonly fault: Decision | null;
}

/** @returns null when there is no next attempt */
const nextAttempt = (
  { endpoint, claim }: Start,
  outcome: Outcome,
  endedAt: Millis,
): Millis | null =>
  outcome === 'delivered' || endpoint.removed ? null : nextAttemptAt(claim.attempt, endedAt);

const statusAfter = (
  { endpoint }: Start,
  outcome: Outcome,
  nextAt: Millis | null,
): AttemptRecord['status'] => {
  if (outcome === 'delivered') return 'delivered';
  if (endpoint.removed) return 'cancelled';
  return nextAt === null ? 'dead' : 'pending';
};

const emit = (
  bus: EventBus,
  { endpoint, claim }: Start,
  attempt: Attempt,
  status: AttemptRecord['status'],
): void => {
  const { eventId, eventType } = claim;
  const id = deliveryId(claim.delivery);
  const delivery = { id, eventId, eventType, webhookId: endpoint.webhook.id };
  bus.emit({ type: 'delivery.attempted', delivery, attempt, status });
};

/** @param wake called when there may be more to do */
export const createSender = (
  account: AccountKey,
  { clock, faults }: DispatchSources,
  bus: EventBus,
  context: DispatchContext,
  wake: () => void,
): Sender => {
  const { store, wall, transport, recorder, capacity, attemptTimeoutMs, concurrency } = context;
  let attempts = 0;

  /** Has what was delivered delivered once more. It counts as in flight until that is planned. */
  const repeat = async ({ work, endpoint, claim }: Start, { rule }: Decision): Promise<void> => {
    work.inFlight += 1;
    try {
      const dueAt = clock.now();
      const again = { of: deliveryId(claim.delivery), body: null, dueAt };
      const delivery = await store.redeliver(account, { ...again, signature: 'valid' });
      if (delivery === null || work.endpoints.generation.state === 'discarded') return;
      // The second one is marked, too, and not repeated itself.
      faults.keep(endpoint.webhook.key, claim.eventId, {
        name: 'duplicate',
        rule,
        holdMs: 0,
        isRepeat: true,
      });
      work.endpoints.expect(endpoint.webhook.key, dueAt);
    } catch (error) {
      logger.error('Cannot send the duplicate of a delivery: {error}', { error });
    } finally {
      work.inFlight -= 1;
      wake();
    }
  };

  const recorded = (
    start: Start,
    attempt: Attempt,
    status: AttemptRecord['status'],
    written: boolean,
  ): void => {
    const { work, endpoint, fault } = start;
    if (work.endpoints.generation.state === 'discarded') return;
    work.inFlight -= 1;
    if (written) {
      const { outcome, nextAttemptAt: nextAt } = attempt;
      attempts += 1;
      context.attempts.set(outcome, (context.attempts.get(outcome) ?? 0) + 1);
      if (nextAt !== null && nextAt < endpoint.nextDue) endpoint.nextDue = nextAt;
      if (bus.hasSubscribers) emit(bus, start, attempt, status);
      if (fault?.name === 'duplicate' && !fault.isRepeat && status === 'delivered')
        void repeat(start, fault);
    }
    wake();
  };

  const record = (start: Start, end: AttemptEnd, endedAt: Millis): void => {
    const { work, claim, at, url, fault } = start;
    const { outcome, durationMs, error, signature, response } = end;
    const nextAt = nextAttempt(start, outcome, endedAt);
    const status = statusAfter(start, outcome, nextAt);
    const attempt: Attempt = {
      number: claim.attempt,
      startedAt: at,
      endedAt,
      durationMs,
      outcome,
      error,
      url,
      signature,
      response,
      nextAttemptAt: nextAt,
      fault: fault === null ? null : { name: fault.name, rule: fault.rule },
    };
    recorder.record(
      { delivery: claim.delivery, attempt, status },
      work.endpoints.generation,
      (written) => recorded(start, attempt, status, written),
    );
  };

  const finish = (start: Start, end: AttemptEnd): void => {
    const { work, endpoint, at, simulated } = start;
    endpoint.inFlight -= 1;
    work.unanswered -= 1;
    capacity.release();
    if (endpoint.ready.length > 0) endpoint.wake();
    if (!simulated) {
      record(start, end, Math.max(at, clock.now()));
      return;
    }
    if (!isTimeout(end.outcome)) {
      record(start, end, at);
      return;
    }
    const keepResult = (endedAt: Millis): void => {
      work.inFlight += 1;
      record(start, end, endedAt);
    };
    work.inFlight -= 1;
    work.ends.add({
      endpoint,
      endsAt: toMoment(at + DELIVERY_POLICY.timeoutMs),
      record: keepResult,
    });
    wake();
  };

  const send = (work: Work, endpoint: Endpoint, claim: Claim): void => {
    const { webhook } = endpoint;
    const { generation } = work.endpoints;
    const target = (endpoint.target ??= targetOf(webhook.url));
    const sign = (endpoint.sign ??= createSigner(webhook.secret));
    const { body, signature, dueAt } = claim;
    const simulated = clock.isSimulated();
    const fault = faults.hasDecisions() ? faults.take(webhook.key, claim.eventId) : null;
    const at = clock.stampFor(dueAt);
    const start: Start = { work, endpoint, claim, at, url: webhook.url, simulated, fault };
    endpoint.inFlight += 1;
    work.inFlight += 1;
    work.unanswered += 1;
    const sendable = { target, sign, body, signature, signal: generation.signal };
    const done = (end: AttemptEnd): void => {
      if (generation.state !== 'discarded') finish(start, end);
    };
    if (fault === null) makeAttempt(transport, attemptTimeoutMs, sendable, done);
    else {
      const { name } = fault;
      const attempt = { transport, wall, timeoutMs: attemptTimeoutMs, sendable, fault: name };
      makeFaultyAttempt(attempt, done);
    }
  };

  return {
    attempts: () => attempts,
    sendReady: (work, endpoint) => {
      if (recorder.isBlocked()) return;
      while (endpoint.inFlight < concurrency && endpoint.ready.length > 0) {
        if (capacity.isTurnSpent()) {
          endpoint.wake();
          return;
        }
        if (!capacity.acquire(endpoint.inFlight, endpoint.wake)) return;
        const claim = endpoint.ready.shift();
        if (claim !== undefined) send(work, endpoint, claim);
      }
    },
  };
};
