/**
 * Keys and IDs of events and deliveries. Rows are numbered within their account, so that IDs need no index, an account's
 * rows are adjacent, and the same calls produce the same IDs.
 *
 * @module
 */
import type { AccountKey } from './delivery.ts';

/** Exclusive upper bound of row numbers, which start at 1. */
export const ROW_NUMBERS: number = 2 ** 32;

/** The key of an account's row number `number`. */
export const rowKey = (account: AccountKey, number: number): number =>
  account * ROW_NUMBERS + number;

export const rowNumber = (key: number): number => key % ROW_NUMBERS;

/** The account of a row's key. */
export const rowAccount = (key: number): AccountKey => Math.floor(key / ROW_NUMBERS);

/** Format a delivery ID, such as `dlv_12`: the row's number. */
export const deliveryId = (key: number): string => `dlv_${rowNumber(key)}`;

const FORM = /^dlv_([1-9]\d{0,9})$/;

/** Parse a delivery ID. @returns the key, or null if it is not one */
export const deliveryKey = (account: AccountKey, id: string): number | null => {
  const number = Number(FORM.exec(id)?.[1]);
  return number < ROW_NUMBERS ? rowKey(account, number) : null;
};
