/**
 * Account: the namespace of an API key, with its own webhooks, events, dead letters and clock.
 *
 * @module
 */
import type { AccountKey, Millis } from './delivery.ts';

/** State from which a virtual clock resumes (same shape as `ClockState` in `clock/port.ts`). */
export interface ClockRecord {
  readonly mode: 'realtime' | 'scaled' | 'frozen' | 'skip';
  readonly rate: number;
  readonly anchorVirtual: Millis;
  readonly anchorWall: Millis;
}

export interface Account {
  readonly key: AccountKey;
  /** SHA-256 of the API key, in hex. The key itself is never stored. */
  readonly keyHash: string;
  /** Seed of everything generated for this account. */
  readonly seed: number;
  /** Number of times a sandbox has opened this account from disk. Makes seeded IDs differ between runs. */
  readonly opens: number;
  readonly clock: ClockRecord;
}
