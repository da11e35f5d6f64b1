/**
 * Numbers of rows with a small number each, for snapshots of millions of rows: 8 bytes a row as long as the numbers ascend,
 * as they do in every snapshot that a store has exported.
 *
 * @module
 */

export interface NumberMap {
  has(number: number): boolean;
  get(number: number): number | undefined;
  set(number: number, value: number): void;
  /** The largest number; 0 without numbers. */
  max(): number;
}

const INITIAL = 1024;

/** Creates an empty map. Numbers and values are integers from 0 to 2³² − 1. */
export const createNumberMap = (): NumberMap => {
  let numbers = new Uint32Array(INITIAL);
  let values = new Uint32Array(INITIAL);
  let length = 0;
  /** Numbers that came after a larger one. */
  const others = new Map<number, number>();
  /** Position found last: the next number is often the next one asked for. */
  let near = 0;

  /** @returns the position of a number; -1 if it is not in ascending order */
  const find = (number: number): number => {
    for (let at = near; at < Math.min(near + 2, length); at += 1) {
      if (numbers[at] === number) return (near = at);
    }
    let [from, to] = [0, length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (numbers[middle]! < number) from = middle + 1;
      else to = middle;
    }
    return from < length && numbers[from] === number ? (near = from) : -1;
  };
  const append = (number: number, value: number): void => {
    if (length === numbers.length) {
      const [larger, largerValues] = [new Uint32Array(length * 2), new Uint32Array(length * 2)];
      larger.set(numbers);
      largerValues.set(values);
      [numbers, values] = [larger, largerValues];
    }
    numbers[length] = number;
    values[length] = value;
    length += 1;
  };
  const last = (): number => (length === 0 ? -1 : numbers[length - 1]!);

  const get = (number: number): number | undefined => {
    const at = find(number);
    return at === -1 ? others.get(number) : values[at];
  };
  return {
    get,
    has: (number) => get(number) !== undefined,
    set: (number, value) => {
      if (number > last()) {
        append(number, value);
        return;
      }
      const at = find(number);
      if (at === -1) others.set(number, value);
      else values[at] = value;
    },
    max: () => Math.max(last(), 0),
  };
};
