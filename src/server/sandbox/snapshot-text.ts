/**
 * A snapshot as JSON text, encoded slice by slice: never more of it is in memory than its text.
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
 * @returns parts that make up one JSON object; all of them together can be loaded again
 * @throws {Problem} 413
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
      // The brackets of a slice go: those of its table stand around all of them.
      text += (isFirst ? '' : ',') + JSON.stringify(rows).slice(1, -1);
      isFirst = false;
    }
    if (text !== '') add(text);
  }
  add(current === null ? '}}' : ']}}');
  return parts;
};
