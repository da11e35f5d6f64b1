/**
 * Priority queue of the pending deliveries of a webhook, ordered by due time and then by number.
 *
 * Most items arrive in that order already: they are appended to a list, where an item costs a tenth of what it costs in a
 * heap of 10,000. The others go into a heap.
 *
 * @module
 */
import TinyQueue from 'tinyqueue';
import type { Millis } from '../../domain/delivery.ts';

/** An item must not change while it is queued. */
interface Queued {
  readonly number: number;
  /** Never null while it is queued. */
  readonly dueAt: Millis | null;
}

export interface DueQueue<Item> {
  push(item: Item): void;
  /** The first item, which stays in the queue. */
  peek(): Item | undefined;
  /** Removes and returns the first item. */
  pop(): Item | undefined;
  /** Removes and returns all items, in any order. */
  clear(): Item[];
}

/** Free the removed items at the head of the list once there are this many, and as many as queued ones. */
const MIN_REMOVED_TO_FREE = 1024;

const compare = (a: Queued, b: Queued): number =>
  (a.dueAt ?? 0) - (b.dueAt ?? 0) || a.number - b.number;

export const createDueQueue = <Item extends Queued>(): DueQueue<Item> => {
  let list: Item[] = [];
  let head = 0;
  /** Created with its first item: most queues never need it. */
  let heap: TinyQueue<Item> | null = null;

  const headOfList = (): Item | undefined => (head < list.length ? list[head] : undefined);

  const popFromList = (): Item | undefined => {
    const first = headOfList();
    if (first === undefined) return undefined;
    head += 1;
    if (head === list.length) {
      list = [];
      head = 0;
    } else if (head >= MIN_REMOVED_TO_FREE && head * 2 >= list.length) {
      list = list.slice(head);
      head = 0;
    }
    return first;
  };

  /** The heap, if its first item comes before that of the list; else null. */
  const firstHeap = (): TinyQueue<Item> | null => {
    if (heap === null || heap.length === 0) return null;
    const first = headOfList();
    return first === undefined || compare(heap.data[0] as Item, first) < 0 ? heap : null;
  };

  return {
    push: (item) => {
      const last = list.length > 0 ? list[list.length - 1] : undefined;
      if (last === undefined || compare(last, item) < 0) list.push(item);
      else (heap ??= new TinyQueue<Item>([], compare)).push(item);
    },
    peek: () => firstHeap()?.peek() ?? headOfList(),
    pop: () => firstHeap()?.pop() ?? popFromList(),
    clear: () => {
      const all = [...list.slice(head), ...(heap?.data ?? [])];
      list = [];
      heap = null;
      head = 0;
      return all;
    },
  };
};
