/**
 * Serialises a snapshot slice by slice.
 *
 * @module
 */
import type { AccountExport } from '../../storage/store.ts';

const clockView = ({ clock }: AccountExport): object => {
  const { mode, rate, anchorVirtual, anchorWall } = clock;
  return { mode, rate, anchor_virtual: anchorVirtual, anchor_wall: anchorWall };
};

/**
 * Serialise a snapshot as one JSON object, in parts.
 *
 * @param write called with one part after the other, and awaited
 */
export const writeSnapshot = async (
  snapshot: AccountExport,
  write: (text: string) => Promise<void>,
): Promise<void> => {
  const { version, seed, opens, slices } = snapshot;
  const head = JSON.stringify({ version, seed, opens, clock: clockView(snapshot) });
  await write(`${head.slice(0, -1)},"tables":{`);
  let current: string | null = null;
  let isFirst = true;
  for await (const { table, rows } of slices) {
    let text = '';
    if (table !== current) {
      text = `${current === null ? '' : '],'}${JSON.stringify(table)}:[`;
      current = table;
      isFirst = true;
    }
    if (rows.length > 0) {
      // Strip the brackets of the slice: its table has one pair around all slices.
      text += (isFirst ? '' : ',') + JSON.stringify(rows).slice(1, -1);
      isFirst = false;
    }
    if (text !== '') await write(text);
  }
  await write(current === null ? '}}' : ']}}');
};
