/**
 * Lookups in rows that are sorted by number and only ever appended to. Numbers are consecutive except where a snapshot
 * has gaps, so a row is usually found at the index that its number suggests, otherwise by binary search.
 *
 * @module
 */

interface Numbered {
  /** Number within the account. */
  readonly number: number;
}

/** @returns how many rows have a smaller number: the index at which this number is, or would be inserted */
export const countBelow = (rows: readonly Numbered[], number: number): number => {
  const expected = number - (rows[0]?.number ?? 0);
  if (expected >= 0 && expected < rows.length && rows[expected]?.number === number) return expected;
  let from = 0;
  let to = rows.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((rows[middle]?.number ?? 0) < number) from = middle + 1;
    else to = middle;
  }
  return from;
};

export const findRow = <Row extends Numbered>(
  rows: readonly Row[],
  number: number,
): Row | undefined => {
  const index = countBelow(rows, number);
  const row = index < rows.length ? rows[index] : undefined;
  return row?.number === number ? row : undefined;
};
