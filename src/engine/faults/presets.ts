/**
 * Fault rules of the chaos levels.
 *
 * @module
 */
import type { FaultName } from '../../domain/fault.ts';
import type { NewRule } from './rules.ts';

export const CHAOS_LEVELS = ['mild', 'wild'] as const;
export type ChaosLevel = (typeof CHAOS_LEVELS)[number];

const rule = (fault: FaultName, probability: number, more: Partial<NewRule> = {}): NewRule => ({
  fault,
  probability,
  times: null,
  ...more,
});

/** Faults that any network or provider causes occasionally. */
const MILD: readonly NewRule[] = [
  rule('duplicate', 0.05),
  rule('reorder', 0.05),
  rule('delay', 0.05, { delayMs: 30_000 }),
  rule('unknown_field', 0.05),
];

/** Every fault that a correct receiver handles without losing or duplicating an event. */
const WILD: readonly NewRule[] = [
  rule('duplicate', 0.08),
  rule('duplicate_concurrent', 0.08),
  rule('reorder', 0.06),
  rule('delay', 0.05),
  rule('burst', 0.06),
  rule('lost_acknowledgement', 0.08),
  rule('unknown_event', 0.04),
  rule('unknown_field', 0.06),
  rule('slow_body', 0.02),
  rule('reset_mid_body', 0.04),
  rule('bad_signature', 0.03),
  rule('missing_signature', 0.02),
  rule('tampered_body', 0.03),
];

export const CHAOS: Readonly<Record<ChaosLevel, readonly NewRule[]>> = { mild: MILD, wild: WILD };
