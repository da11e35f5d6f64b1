/**
 * A bounded buffer between a producer of bytes and a client that reads them.
 *
 * The producer writes as fast as it can until {@link ReadAhead.ready} resolves: it has ended, or the buffer is full. From
 * then on it waits for the client whenever the buffer is full. What fits into the buffer is therefore produced without
 * waiting for the client, and a failure until then is an error response; a failure later cuts the connection.
 *
 * The producer's `write` rejects once the client has gone, or has read nothing for {@link MAX_STALL_MS} while the buffer
 * was full, so that a client cannot hold what the producer holds.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';

/** Real milliseconds. */
const MAX_STALL_MS = 30_000;

export interface ReadAhead {
  /** Resolves when the part is buffered and there is space for another one. */
  write(part: Uint8Array): Promise<void>;
  /** No part follows. */
  end(): void;
  /** The producer has failed. @returns whether that cuts a response that the client is reading */
  fail(error: unknown): boolean;
  /** Resolves when the buffer is full or complete. @returns its length in bytes if it is complete; null otherwise */
  ready(): Promise<number | null>;
  /** The parts, each released once it is read. */
  readonly body: ReadableStream<Uint8Array>;
}

/** A promise and the functions that settle it. */
const createSignal = () => {
  let resolve = (): void => undefined;
  let reject = (_error: unknown): void => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // The stream reports a failure, even if no `write` waits for it.
  promise.catch(() => undefined);
  return { promise, resolve: () => resolve(), reject: (error: unknown) => reject(error) };
};

export const createReadAhead = (maxBytes: number, wall: WallClock): ReadAhead => {
  const parts: Uint8Array[] = [];
  const filled = createSignal();
  let bytes = 0;
  let total = 0;
  let isFilled = false;
  let isEnded = false;
  let failure: { readonly error: unknown } | null = null;
  let space = createSignal();
  let data = createSignal();

  const fail = (error: unknown): boolean => {
    if (failure !== null) return false;
    failure = { error };
    parts.length = 0;
    filled.reject(error);
    space.reject(error);
    data.resolve();
    return isFilled;
  };
  const waitForSpace = async (): Promise<void> => {
    isFilled = true;
    filled.resolve();
    while (bytes >= maxBytes) {
      space = createSignal();
      const disarm = wall.after(MAX_STALL_MS, () => {
        fail(new Error(`the client has read nothing for ${MAX_STALL_MS} ms`));
      });
      await space.promise.finally(disarm);
    }
  };

  return {
    write: async (part) => {
      if (failure !== null) throw failure.error;
      parts.push(part);
      bytes += part.length;
      total += part.length;
      data.resolve();
      if (bytes >= maxBytes) await waitForSpace();
    },
    end: () => {
      isEnded = true;
      filled.resolve();
      data.resolve();
    },
    fail,
    ready: async () => {
      await filled.promise;
      return isEnded ? total : null;
    },
    body: new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          while (parts.length === 0 && !isEnded && failure === null) {
            data = createSignal();
            await data.promise;
          }
          if (failure !== null) return controller.error(failure.error);
          const part = parts.shift();
          if (part === undefined) return controller.close();
          bytes -= part.length;
          controller.enqueue(part);
          space.resolve();
        },
        cancel: () => void fail(new Error('the client has gone')),
      },
      { highWaterMark: 0 },
    ),
  };
};
