/**
 * The row that the keyboard is on, by id, so that rows which arrive above it do not move it.
 *
 * @module
 */
import { signal } from '@preact/signals';
import { go, route } from '../state/location.ts';
import { isNarrow } from './media.ts';
import { shown } from '../state/deliveries.ts';

export const cursor = signal<string | null>(null);
/** Set by the list: scrolls a row into view. */
export const scroller = { reveal: (_index: number): void => undefined };

export const cursorIndex = (): number =>
  shown.value.findIndex(({ id }) => id === (cursor.value ?? route.value.id));

export const moveCursor = (by: number): void => {
  const rows = shown.value;
  const to = Math.min(Math.max(cursorIndex() + by, 0), rows.length - 1);
  const row = rows[to];
  if (row === undefined || route.value.view !== 'deliveries') return;
  cursor.value = row.id;
  scroller.reveal(to);
  // An open delivery follows the cursor.
  if (route.value.id !== null) go({ id: row.id }, 'replace');
};

export const openCursor = (): void => {
  if (route.value.view !== 'deliveries' || cursor.value === null) return;
  go({ id: cursor.value });
  // Where the delivery takes the place of the list, the focus must not stay on what is hidden.
  if (isNarrow.value) requestAnimationFrame(() => document.getElementById('detail')?.focus());
};
