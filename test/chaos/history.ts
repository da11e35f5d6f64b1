/**
 * What the clients of a run under chaos know: what was accepted, refused or left unanswered.
 *
 * @module
 */
import type { Kind } from './receivers.ts';

export interface AccountHistory {
  readonly key: string;
  readonly kind: Kind;
  /** Whether virtual times can be foreseen: the clock jumps, and no attempt times out. */
  readonly isExact: boolean;
  /** Ids of events that were answered with 202, or of which a repetition said that they exist. */
  readonly accepted: Set<string>;
  /** Ids of events whose request was not answered, or with an error that does not say whether it took effect. */
  readonly unknown: Set<string>;
  /** Ids of dead letters whose acknowledgement was answered. */
  readonly acknowledged: Set<string>;
  webhookId: string;
}

/** What was measured while nodes failed. */
export interface Measures {
  /** Actions, by name. */
  readonly actions: Map<string, number>;
  /** Milliseconds from a failure until an account of the failed node was served again, by action. */
  readonly recoveries: Map<string, number[]>;
  /** Highest epoch seen of each account. */
  readonly epochs: Map<string, number>;
  /** Accounts whose epoch fell. */
  readonly fallen: string[];
  /** Answers to clients, by status, and failures of the connection. */
  readonly answers: Map<string, number>;
  /** Milliseconds of successful requests: how busy the machine is. */
  readonly latencies: number[];
}

export const createMeasures = (): Measures => ({
  actions: new Map(),
  recoveries: new Map(),
  epochs: new Map(),
  fallen: [],
  answers: new Map(),
  latencies: [],
});

export const count = (counts: Map<string, number>, name: string): void =>
  void counts.set(name, (counts.get(name) ?? 0) + 1);

/** @param share 0.5 for the median. NaN without values */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};
