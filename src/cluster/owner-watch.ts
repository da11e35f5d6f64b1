/**
 * Notices when another node takes over an account while requests wait for its owner: a node that is stopped, or cut off
 * from the network, neither answers nor closes its connections. A living node that has handed the account over does.
 *
 * @module
 */
import type { WallClock } from '../clock/port.ts';
import type { AccountDirectory, Owner } from './directory.ts';

/** Interval at which the owner of an account with waiting requests is looked up. Real milliseconds. */
const CHECK_MS = 1000;

interface Watched {
  readonly waiting: Map<AbortController, string>;
  cancel: () => void;
}

export interface OwnerWatch {
  /** @returns a signal that is aborted when `node` does not own the account any more, and a function that ends the watch */
  watch(keyHash: string, node: string): { readonly moved: AbortSignal; readonly end: () => void };
}

export const createOwnerWatch = (
  directory: Pick<AccountDirectory, 'forget' | 'locate' | 'isAlive'>,
  wall: WallClock,
): OwnerWatch => {
  const accounts = new Map<string, Watched>();

  const check = async (keyHash: string, { waiting }: Watched): Promise<void> => {
    directory.forget(keyHash);
    // An unreachable database tells nothing about the owner.
    const owner = await directory.locate(keyHash).catch((): Owner | null => null);
    if (owner === null) return;
    const former = new Set([...waiting.values()].filter((node) => node !== owner.node));
    for (const node of former) {
      if (await directory.isAlive(node).catch(() => true)) continue;
      for (const [controller, of] of waiting) if (of === node) controller.abort();
    }
  };
  const schedule = (keyHash: string, watched: Watched): void => {
    watched.cancel = wall.after(CHECK_MS, () => {
      void check(keyHash, watched).then(() => {
        if (watched.waiting.size > 0) schedule(keyHash, watched);
      });
    });
  };

  return {
    watch: (keyHash, node) => {
      let watched = accounts.get(keyHash);
      if (watched === undefined) {
        watched = { waiting: new Map(), cancel: () => undefined };
        accounts.set(keyHash, watched);
        schedule(keyHash, watched);
      }
      const { waiting } = watched;
      const entry = watched;
      const controller = new AbortController();
      waiting.set(controller, node);
      const end = (): void => {
        waiting.delete(controller);
        if (waiting.size > 0) return;
        entry.cancel();
        if (accounts.get(keyHash) === entry) accounts.delete(keyHash);
      };
      return { moved: controller.signal, end };
    },
  };
};
