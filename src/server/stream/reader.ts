/**
 * One reader of an account's stream. What it has not read yet waits in a queue, whose length is limited.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';
import type { Batch } from './batch.ts';

/** A reader that lags behind further is disconnected. Twice what the largest trigger publishes at once. */
export const MAX_QUEUED_EVENTS = 20_000;
/** Characters of the bodies in the queue: an event may have a million. */
export const MAX_QUEUED_CHARACTERS = 67_108_864;
/** Time for a lagging reader to read the final message before its connection is destroyed. Real milliseconds. */
const DISCONNECT_GRACE_MS = 30_000;

export interface Reader {
  /** Body of the response. */
  readonly body: ReadableStream<Uint8Array>;
  push(batch: Batch): void;
  /** Write a comment, unless messages wait. */
  comment(text: string): void;
  /** End the stream with a message that tells the reader how far it lags behind. */
  cutOff(behind: number): void;
  /** End the stream. */
  close(): void;
}

interface ReaderOptions {
  /** Number of the last event before the reader joined. */
  readonly joinedAfter: number;
  readonly wall: WallClock;
  /** Called when the reader gets no more messages. */
  readonly onLeave: () => void;
  /** Called once, when the stream has ended. */
  readonly onEnd: () => void;
  /** Destroys the connection. */
  readonly destroy: () => void;
}

/** Batches that wait, and how much they are. */
const createQueue = () => {
  const batches: Batch[] = [];
  let [events, characters] = [0, 0];
  const add = (batch: Batch, sign: number): void => {
    events += sign * batch.events;
    characters += sign * batch.characters;
  };
  return {
    push: (batch: Batch): void => {
      batches.push(batch);
      add(batch, 1);
    },
    shift: (): Batch | undefined => {
      const batch = batches.shift();
      if (batch !== undefined) add(batch, -1);
      return batch;
    },
    events: () => events,
    isOverfull: () => events > MAX_QUEUED_EVENTS || characters > MAX_QUEUED_CHARACTERS,
  };
};

export const createReader = (options: ReaderOptions): Reader => {
  const { joinedAfter, wall } = options;
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let queue = createQueue();
  let isEnded = false;
  let isCutOff = false;
  let finalMessage: string | null = null;
  let callOffDestroy = (): void => undefined;

  const end = (): void => {
    if (isEnded) return;
    isEnded = true;
    callOffDestroy();
    options.onLeave();
    options.onEnd();
  };
  const close = (): void => {
    if (isEnded) return;
    end();
    controller.close();
  };
  const write = (text: string): void => controller.enqueue(Buffer.from(text));
  const hasRoom = (): boolean => !isEnded && (controller.desiredSize ?? 0) > 0;

  /** Write what waits while the reader reads. */
  const flush = (): void => {
    while (hasRoom()) {
      if (finalMessage !== null) {
        write(finalMessage);
        return close();
      }
      const batch = queue.shift();
      if (batch === undefined) return;
      controller.enqueue(batch.bytesFor(joinedAfter));
    }
  };

  const cutOff = (behind: number): void => {
    if (isCutOff || isEnded) return;
    isCutOff = true;
    options.onLeave();
    queue = createQueue();
    finalMessage = `: you are ${behind} events behind, so this stream ends here\n\n`;
    callOffDestroy = wall.after(DISCONNECT_GRACE_MS, options.destroy);
    flush();
  };

  const body = new ReadableStream<Uint8Array>({
    start: (own) => {
      controller = own;
      write(': connected\n\n');
    },
    pull: flush,
    cancel: end,
  });
  return {
    body,
    push: (batch) => {
      if (isCutOff || batch.last <= joinedAfter) return;
      queue.push(batch);
      flush();
      if (queue.isOverfull()) cutOff(queue.events());
    },
    comment: (text) => {
      if (hasRoom()) write(`: ${text}\n\n`);
    },
    cutOff,
    close,
  };
};
