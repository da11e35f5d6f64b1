/**
 * Priority queue of the pending deliveries of a webhook, ordered by due time and then by number.
 *
 * Most items arrive in that order already: they are appended to a list. The others go into a heap.
 *
 * @module
 */
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

const isBefore = (a: Queued, b: Queued): boolean => {
  const first = a.dueAt ?? 0;
  const second = b.dueAt ?? 0;
  return first < second || (first === second && a.number < b.number);
};

const addTo = <Item extends Queued>(heap: Item[], item: Item): void => {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(item, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = item;
};

const takeFrom = <Item extends Queued>(heap: Item[]): Item | undefined => {
  const top = heap[0];
  const item = heap.pop();
  const size = heap.length;
  if (item === undefined || size === 0) return top;
  let at = 0;
  for (let below = 1; below < size; below = 2 * at + 1) {
    let child = heap[below] as Item;
    const right = below + 1 < size ? heap[below + 1] : undefined;
    if (right !== undefined && isBefore(right, child)) {
      child = right;
      below += 1;
    }
    if (!isBefore(child, item)) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = item;
  return top;
};

export const createDueQueue = <Item extends Queued>(): DueQueue<Item> => {
  let list: Item[] = [];
  let head = 0;
  let heap: Item[] = [];

  const headOfList = (): Item | undefined => (head < list.length ? list[head] : undefined);
  /** Whether the first item of the heap comes before the first item of the list. */
  const heapIsFirst = (first: Item | undefined): boolean => {
    const top = heap.length > 0 ? heap[0] : undefined;
    return top !== undefined && (first === undefined || isBefore(top, first));
  };

  return {
    push: (item) => {
      const last = list.length > 0 ? list[list.length - 1] : undefined;
      if (last === undefined || isBefore(last, item)) list.push(item);
      else addTo(heap, item);
    },
    peek: () => {
      const first = headOfList();
      return heapIsFirst(first) ? heap[0] : first;
    },
    pop: () => {
      const first = headOfList();
      if (heapIsFirst(first)) return takeFrom(heap);
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
    },
    clear: () => {
      const all = [...list.slice(head), ...heap];
      list = [];
      heap = [];
      head = 0;
      return all;
    },
  };
};
