/**
 * A delivery's id is its place in the sandbox's history, so that it needs no index of its own.
 *
 * @module
 */

const FORM = /^dlv_([0-9a-z]{8,11})$/;

/** @returns e.g. `dlv_0000001z` */
export const deliveryId = (seq: number): string => `dlv_${seq.toString(36).padStart(8, '0')}`;

/** @returns the place in the history; null for what is no delivery's id */
export const deliverySeq = (id: string): number | null => {
  const digits = FORM.exec(id)?.[1];
  if (digits === undefined) return null;
  const seq = Number.parseInt(digits, 36);
  return Number.isSafeInteger(seq) && deliveryId(seq) === id ? seq : null;
};
