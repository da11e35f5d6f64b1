/**
 * What waits for one webhook, the oldest due first. What comes in the order in which it is due, which is most, goes to
 * the end of a list; the rest goes into a heap.
 *
 * @module
 */
import type { Millis } from '../../domain/delivery.ts';

/** Must not change while it waits. */
interface Waiting {
  readonly number: number;
  /** Never null while it waits. */
  readonly dueAt: Millis | null;
}

export interface DueQueue<Item> {
  push(item: Item): void;
  /** The next one, without taking it. */
  peek(): Item | undefined;
  pop(): Item | undefined;
  /** Takes all, in any order. */
  clear(): Item[];
}

/** Taken places at the head of the list are given back when there are so many, and as many as waiting ones. */
const SLACK = 1024;

const isBefore = (a: Waiting, b: Waiting): boolean => {
  const first = a.dueAt ?? 0;
  const second = b.dueAt ?? 0;
  return first < second || (first === second && a.number < b.number);
};

const addTo = <Item extends Waiting>(heap: Item[], item: Item): void => {
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

const takeFrom = <Item extends Waiting>(heap: Item[]): Item | undefined => {
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

export const createDueQueue = <Item extends Waiting>(): DueQueue<Item> => {
  let list: Item[] = [];
  let head = 0;
  let heap: Item[] = [];

  const listed = (): Item | undefined => (head < list.length ? list[head] : undefined);
  /** Whether the heap's first comes before the list's. */
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
      const first = listed();
      return heapIsFirst(first) ? heap[0] : first;
    },
    pop: () => {
      const first = listed();
      if (heapIsFirst(first)) return takeFrom(heap);
      if (first === undefined) return undefined;
      head += 1;
      if (head === list.length) {
        list = [];
        head = 0;
      } else if (head >= SLACK && head * 2 >= list.length) {
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
