/**
 * A readers–writer lock: changes to an account run side by side; a reset or restore runs alone.
 *
 * @module
 */

export interface Access {
  /** Null when nothing runs alone, else resolves when that is over: ask again then, something else may have begun. */
  closed(): Promise<void> | null;
  /** Runs beside others, but never beside exclusive work. */
  shared<T>(work: () => Promise<T>): Promise<T>;
  /** Lets running work finish, holds back what comes later, and runs alone. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
}

export const createAccess = (): Access => {
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
