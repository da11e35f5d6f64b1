/**
 * Serialises a snapshot slice by slice, so that memory never holds more than its text.
 *
 * @module
 */
import { LIMITS } from '../../../schemas/contract.ts';
import { snapshotTooLarge } from '../../domain/problems.ts';
import type { AccountExport } from '../../storage/store.ts';

const clockView = ({ clock }: AccountExport): object => {
  const { mode, rate, anchorVirtual, anchorWall } = clock;
  return { mode, rate, anchor_virtual: anchorVirtual, anchor_wall: anchorWall };
};

/**
 * Serialise a snapshot.
 *
 * @returns UTF-8 parts that make up one JSON object
 * @throws {Problem} 413 over the limit
 */
export const snapshotText = async (snapshot: AccountExport): Promise<Uint8Array[]> => {
  const { version, seed, opens, slices } = snapshot;
  const head = JSON.stringify({ version, seed, opens, clock: clockView(snapshot) });
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const add = (text: string): void => {
    const part = Buffer.from(text);
    bytes += part.length;
    if (bytes > LIMITS.maxSnapshotBytes) throw snapshotTooLarge(LIMITS.maxSnapshotBytes);
    parts.push(part);
  };
  add(`${head.slice(0, -1)},"tables":{`);
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
    if (text !== '') add(text);
  }
  add(current === null ? '}}' : ']}}');
  return parts;
};
