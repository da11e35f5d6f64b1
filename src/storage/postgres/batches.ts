/**
 * Batches: calls that arrive while the writer is busy are handled together, in one statement where possible.
 *
 * @module
 */
import { nextTurn } from '../../domain/event-loop.ts';
import type { Session } from '../../postgres/session.ts';
import type { Writer } from './writer.ts';

/** A call that waits for its batch. */
export interface Item {
  /** Roughly the number of characters and rows that it writes. */
  readonly weight: number;
  /** Rejects the call. */
  readonly fail: (error: unknown) => void;
}

/** Weight of a batch after which the next item waits for the next batch: about 20 ms. */
const MAX_WEIGHT = 4_000_000;

/**
 * @param handle settles every item; called by the writer
 * @returns a function that adds an item to the next batch
 */
export const createBatches = <One extends Item>(
  writer: Writer,
  handle: (session: Session, items: readonly One[]) => Promise<void>,
): ((item: One) => void) => {
  const waiting: One[] = [];
  let isScheduled = false;
  const take = (): One[] => {
    let weight = 0;
    let count = 0;
    for (const item of waiting) {
      if (count > 0 && weight + item.weight > MAX_WEIGHT) break;
      weight += item.weight;
      count += 1;
    }
    return waiting.splice(0, count);
  };
  const schedule = (): void => {
    isScheduled = true;
    writer
      .run(async (session) => {
        // Calls of the same turn join.
        await nextTurn();
        isScheduled = false;
        const items = take();
        if (waiting.length > 0) schedule();
        try {
          await handle(session, items);
        } catch (error) {
          for (const { fail } of items) fail(error);
        }
      })
      .catch((error: unknown) => {
        isScheduled = false;
        for (const { fail } of waiting.splice(0)) fail(error);
      });
  };
  return (item) => {
    waiting.push(item);
    if (!isScheduled) schedule();
  };
};
