/**
 * A delivery attempt with an injected fault.
 *
 * @module
 */
import { CONTENT_TYPE, SIGNATURE } from '../../../schemas/contract.ts';
import type { SystemClock } from '../../clock/port.ts';
import { COUNTS_AS_FAILED, type FaultName } from '../../domain/fault.ts';
import { endOf, makeAttempt, type AttemptEnd, type Sendable } from '../delivery/attempt.ts';
import type { Transport } from '../delivery/transport.ts';
import { rawPost } from './raw-post.ts';

export interface FaultyAttempt {
  readonly transport: Transport;
  readonly wall: SystemClock;
  readonly timeoutMs: number;
  readonly sendable: Sendable;
  readonly fault: FaultName;
}

type Envelope = Record<string, unknown> & { readonly data: Record<string, unknown> };

const changed = (body: string, change: (envelope: Envelope) => object): string =>
  JSON.stringify(change(JSON.parse(body) as Envelope));

/** Change the recipient, as an attacker between sender and receiver could. */
const tampered = (body: string): string =>
  changed(body, (envelope) => ({
    ...envelope,
    data: { ...envelope.data, lead_email: 'someone.else@tampered.example' },
  }));

/** An unknown event is a different event, so it gets a different id. */
const unknownEvent = (body: string): string =>
  changed(body, (envelope) => ({
    ...envelope,
    event: 'email.archived',
    id: `${String(envelope['id'])}_unknown`,
  }));

const unknownField = (body: string): string =>
  changed(body, (envelope) => ({
    ...envelope,
    data: { ...envelope.data, engagement_score: 42 },
  }));

/** Send two requests at once and wait for both; the attempt is delivered if either was accepted. */
const twice = (attempt: FaultyAttempt, done: (end: AttemptEnd) => void): void => {
  const { transport, timeoutMs, sendable } = attempt;
  let first: AttemptEnd | null = null;
  const one = (end: AttemptEnd): void => {
    if (first === null) first = end;
    else done(first.outcome === 'delivered' ? first : end);
  };
  makeAttempt(transport, timeoutMs, sendable, one);
  makeAttempt(transport, timeoutMs, sendable, one);
};

const raw = (
  { transport, wall, timeoutMs, sendable }: FaultyAttempt,
  how: 'slow' | 'cut',
  done: (end: AttemptEnd) => void,
): void => {
  const { target, sign, body, signal } = sendable;
  const signature = sign(body);
  const headers = ['Content-Type', CONTENT_TYPE, SIGNATURE.header, signature];
  const { allowPublicTargets } = transport;
  rawPost(
    wall,
    { target, headers, body, how, timeoutMs, allowPublicTargets, signal },
    (result, durationMs) => {
      done(endOf(result, durationMs, signature, timeoutMs));
    },
  );
};

const send = (attempt: FaultyAttempt, done: (end: AttemptEnd) => void): void => {
  const { transport, timeoutMs, sendable, fault } = attempt;
  const { body, sign } = sendable;
  const as = (over: Partial<Sendable>): void =>
    makeAttempt(transport, timeoutMs, { ...sendable, ...over }, done);
  switch (fault) {
    case 'bad_signature':
      return as({ signature: 'wrong' });
    case 'missing_signature':
      return as({ signature: 'missing' });
    case 'tampered_body':
      return as({ body: tampered(body), sign: () => sign(body) });
    case 'unknown_event':
      return as({ body: unknownEvent(body) });
    case 'unknown_field':
      return as({ body: unknownField(body) });
    case 'duplicate_concurrent':
      return twice(attempt, done);
    case 'slow_body':
      return raw(attempt, 'slow', done);
    case 'reset_mid_body':
      return raw(attempt, 'cut', done);
    case 'duplicate':
    case 'reorder':
    case 'delay':
    case 'lost_acknowledgement':
    case 'burst':
      return as({});
  }
};

/** Name the fault in the error if it caused the failure. */
const withFault = (fault: FaultName, end: AttemptEnd): AttemptEnd => {
  if (fault === 'reset_mid_body' && end.outcome === 'reset') {
    const error =
      'fault reset_mid_body: the sandbox closed the connection halfway through the body';
    return { ...end, error };
  }
  if (!COUNTS_AS_FAILED.has(fault)) return end;
  if (end.outcome !== 'delivered') {
    return { ...end, error: `fault ${fault}: ${end.error ?? 'refused'}` };
  }
  const status = end.response?.status ?? 0;
  return {
    ...end,
    outcome: 'ignored',
    error:
      fault === 'lost_acknowledgement'
        ? `fault lost_acknowledgement: answered ${status}, which was discarded`
        : `fault ${fault}: answered ${status}, which does not count as delivered`,
  };
};

/**
 * As `makeAttempt`, with `attempt.fault` injected. A fault after which the delivery must be retried ends as `ignored`
 * even if the receiver accepted it.
 */
export const makeFaultyAttempt = (
  attempt: FaultyAttempt,
  done: (end: AttemptEnd) => void,
): void => {
  send(attempt, (end) => done(withFault(attempt.fault, end)));
};
