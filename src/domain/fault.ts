/**
 * What can be made to go wrong on the sender's side, and what each of it does.
 *
 * @module
 */

export const FAULTS = {
  duplicate: 'sends an event once more after it was delivered',
  duplicate_concurrent: 'sends the same request twice at the same time',
  reorder: 'holds an event back for a minute, so that later ones overtake it',
  delay: 'sends an event later, by five minutes unless told otherwise',
  lost_acknowledgement: 'throws a 2xx away, so that the event comes again by the retry plan',
  bad_signature: 'signs an attempt with another secret',
  missing_signature: 'leaves the signature of an attempt out',
  tampered_body: 'changes the body of an attempt after it was signed',
  unknown_event: 'sends an event of a kind that the contract does not know first, rightly signed',
  unknown_field: 'adds a field that the contract does not know, rightly signed',
  slow_body: 'sends the body in pieces, over a second of real time',
  reset_mid_body: 'cuts the connection in the middle of the body',
  burst: 'holds events back for up to a minute, and sends them all at once',
} as const;

export type FaultName = keyof typeof FAULTS;

/** What an attempt is marked with. */
export interface FaultLabel {
  readonly name: FaultName;
  /** `flt_…`: the rule that made it happen. */
  readonly rule: string;
}

/** Whatever the answer to one of these is, it is not the event that was taken: that comes by the retry plan. */
export const COUNTS_AS_FAILED: ReadonlySet<FaultName> = new Set([
  'lost_acknowledgement',
  'bad_signature',
  'missing_signature',
  'tampered_body',
  'unknown_event',
]);

/** These hold the first attempt back. */
export const HOLDS_BACK: ReadonlySet<FaultName> = new Set(['reorder', 'delay', 'burst']);
