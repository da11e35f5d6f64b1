/**
 * Readers–writer lock of one account: changes share it; a reset, restore or snapshot holds it exclusively.
 *
 * @module
 */

export interface AccountLock {
  /** Resolves when the exclusive work is done; null if not running. Check again afterwards: more may have started. */
  closed(): Promise<void> | null;
  /** Run `work` concurrently with other shared work, but never with exclusive work. */
  shared<T>(work: () => Promise<T>): Promise<T>;
  /** Block new work, wait for running work, then run `work` alone. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
}

export const createAccountLock = (): AccountLock => {
  let running = 0;
  let closed: Promise<void> | null = null;
  let drained = (): void => undefined;

  return {
    closed: () => closed,
    shared: async (work) => {
      while (closed !== null) await closed;
      running += 1;
      try {
        return await work();
      } finally {
        running -= 1;
        if (running === 0) drained();
      }
    },
    exclusive: async (work) => {
      while (closed !== null) await closed;
      let open = (): void => undefined;
      closed = new Promise((resolve) => {
        open = resolve;
      });
      try {
        if (running > 0) {
          await new Promise<void>((resolve) => {
            drained = resolve;
          });
        }
        return await work();
      } finally {
        closed = null;
        open();
      }
    },
  };
};
