/**
 * Leases that this node holds, and until when it may rely on them.
 *
 * @module
 */
import type { SystemClock } from '../clock/port.ts';
import type { AccountKey } from '../domain/delivery.ts';

interface Lease {
  readonly account: AccountKey;
  readonly epoch: number;
}

export interface HeldLeases {
  readonly size: number;
  /** Epoch of a lease; null if it is not held, or no longer trusted. */
  epochOf(keyHash: string): number | null;
  epochOfAccount(account: AccountKey): number | null;
  accounts(): readonly AccountKey[];
  add(keyHash: string, lease: Lease): void;
  /** Removes a lease without notifying anyone: it was given up. */
  remove(keyHash: string): void;
  /** Removes a lease that has ended, and notifies the listeners. @returns false if it was not held */
  lose(account: AccountKey): boolean;
  loseAll(): void;
  /**
   * Trusts all leases until a time of the monotonic clock. When it is reached, they are lost, and `onExpired` is called.
   */
  trustUntil(monotonicMs: number): void;
  onLost(listener: (keyHash: string) => void): () => void;
  /** Stops the timer. */
  stop(): void;
}

export const createHeldLeases = (
  clock: Pick<SystemClock, 'monotonic' | 'after'>,
  onExpired: () => void,
): HeldLeases => {
  const leases = new Map<string, Lease>();
  const hashes = new Map<AccountKey, string>();
  const listeners = new Set<(keyHash: string) => void>();
  let trusted = -Infinity;
  let cancel = (): void => undefined;

  const isTrusted = (): boolean => clock.monotonic() < trusted;
  const remove = (keyHash: string): void => {
    const lease = leases.get(keyHash);
    if (lease === undefined) return;
    leases.delete(keyHash);
    hashes.delete(lease.account);
  };
  const notify = (keyHash: string): void => {
    for (const listener of listeners) listener(keyHash);
  };
  const loseAll = (): void => {
    const lost = [...leases.keys()];
    leases.clear();
    hashes.clear();
    for (const keyHash of lost) notify(keyHash);
  };
  const arm = (): void => {
    cancel();
    cancel = clock.after(Math.max(0, trusted - clock.monotonic()) + 1, () => {
      if (isTrusted()) return arm();
      loseAll();
      onExpired();
    });
  };
  const epochOf = (keyHash: string | undefined): number | null => {
    if (keyHash === undefined || !isTrusted()) return null;
    return leases.get(keyHash)?.epoch ?? null;
  };
  return {
    get size() {
      return leases.size;
    },
    epochOf,
    epochOfAccount: (account) => epochOf(hashes.get(account)),
    accounts: () => [...hashes.keys()],
    add: (keyHash, lease) => {
      leases.set(keyHash, lease);
      hashes.set(lease.account, keyHash);
    },
    remove,
    lose: (account) => {
      const keyHash = hashes.get(account);
      if (keyHash === undefined) return false;
      remove(keyHash);
      notify(keyHash);
      return true;
    },
    loseAll,
    trustUntil: (monotonicMs) => {
      trusted = monotonicMs;
      arm();
    },
    onLost: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop: () => cancel(),
  };
};
