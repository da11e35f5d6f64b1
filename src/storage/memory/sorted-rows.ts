/**
 * Rows in the order of their numbers, only ever added at the end. Numbers follow one another but for what a snapshot
 * left out, so a row is found where its number says, or by halving.
 *
 * @module
 */

interface Numbered {
  /** Within the account. */
  readonly number: number;
}

/** How many rows have a number below this one: where it is, or would be. */
export const countBelow = (rows: readonly Numbered[], number: number): number => {
  const guess = number - (rows[0]?.number ?? 0);
  if (guess >= 0 && guess < rows.length && rows[guess]?.number === number) return guess;
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
