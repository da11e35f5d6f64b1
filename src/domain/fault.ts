/**
 * Faults that can be injected on the sender's side.
 *
 * @module
 */

/** Descriptions by name, as in `does` of the sandbox API. */
export const FAULTS = {
  duplicate: 'sends an event again after it was delivered',
  duplicate_concurrent: 'sends the same request twice at the same time',
  reorder: 'holds an event for a minute, so that later events overtake it',
  delay: 'sends an event later, by five minutes unless "delay" is given',
  lost_acknowledgement: 'discards a 2xx response, so that the event is retried',
  bad_signature: 'signs an attempt with another secret',
  missing_signature: 'omits the signature of an attempt',
  tampered_body: 'modifies the body of an attempt after signing',
  unknown_event: 'first sends an event of an unknown type, correctly signed',
  unknown_field: 'adds an unknown field, correctly signed',
  slow_body: 'sends the body in chunks, over one second of real time',
  reset_mid_body: 'resets the connection in the middle of the body',
  burst: 'holds events for up to a minute, then sends them all at once',
} as const;

export type FaultName = keyof typeof FAULTS;

/** Marks an attempt that a fault affected. */
export interface FaultLabel {
  readonly name: FaultName;
  /** `flt_…`, the rule that caused it. */
  readonly rule: string;
}

/** Faults whose attempts count as failed whatever the response, because the receiver did not get the genuine event. */
export const COUNTS_AS_FAILED: ReadonlySet<FaultName> = new Set([
  'lost_acknowledgement',
  'bad_signature',
  'missing_signature',
  'tampered_body',
  'unknown_event',
]);

/** Faults that hold back the first attempt. */
export const HOLDS_BACK: ReadonlySet<FaultName> = new Set(['reorder', 'delay', 'burst']);
