/**
 * Owners of accounts on other nodes, remembered for a while so that not every request asks the database.
 *
 * @module
 */
import type { SystemClock } from '../clock/port.ts';
import type { Owner } from './directory.ts';

/** Real milliseconds. */
const REMEMBER_MS = 5000;
const MAX_REMEMBERED = 10_000;

type Remote = Exclude<Owner, { node: 'self' }>;

export interface RememberedOwners {
  get(keyHash: string): Remote | undefined;
  set(keyHash: string, owner: Remote): void;
  forget(keyHash: string): void;
  clear(): void;
}

export const createRememberedOwners = (clock: Pick<SystemClock, 'monotonic'>): RememberedOwners => {
  const owners = new Map<string, { readonly owner: Remote; readonly until: number }>();
  return {
    get: (keyHash) => {
      const known = owners.get(keyHash);
      return known !== undefined && clock.monotonic() < known.until ? known.owner : undefined;
    },
    set: (keyHash, owner) => {
      if (owners.size >= MAX_REMEMBERED) owners.clear();
      owners.set(keyHash, { owner, until: clock.monotonic() + REMEMBER_MS });
    },
    forget: (keyHash) => void owners.delete(keyHash),
    clear: () => owners.clear(),
  };
};
