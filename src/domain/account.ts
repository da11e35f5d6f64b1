/**
 * An account is an API key's namespace: its own webhooks, events, dead letters and clock.
 *
 * @module
 */
import type { AccountKey, Millis } from './delivery.ts';

/** What a virtual clock needs to go on where it stood (the shape of `clock/port.ts`'s `ClockState`). */
export interface ClockRecord {
  readonly mode: 'realtime' | 'scaled' | 'frozen' | 'skip';
  readonly rate: number;
  readonly anchorVirtual: Millis;
  readonly anchorWall: Millis;
}

export interface Account {
  readonly key: AccountKey;
  /** SHA-256 of the API key, in hex: the key itself is never kept. */
  readonly keyHash: string;
  /** Seed of everything generated for this account. */
  readonly seed: number;
  /** How often a sandbox has opened this account from disk; keeps seeded ids apart between runs. */
  readonly opens: number;
  readonly clock: ClockRecord;
}
