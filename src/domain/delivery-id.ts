/**
 * Events and deliveries are numbered within their account, so that ids need no index of their own, an account's rows
 * lie side by side, and the same calls give the same ids.
 *
 * @module
 */
import type { AccountKey } from './delivery.ts';

/** Rows of an account are numbered from 1 to one less than this. */
export const ROW_NUMBERS: number = 2 ** 32;

/** The key of an account's row number `number`. */
export const rowKey = (account: AccountKey, number: number): number =>
  account * ROW_NUMBERS + number;

export const rowNumber = (key: number): number => key % ROW_NUMBERS;

/** The account of a row's key. */
export const rowAccount = (key: number): AccountKey => Math.floor(key / ROW_NUMBERS);

/** @returns e.g. `dlv_0000001z` */
export const deliveryId = (key: number): string =>
  `dlv_${rowNumber(key).toString(36).padStart(8, '0')}`;

const FORM = /^dlv_([0-9a-z]{8})$/;

/** @returns the key; null for what is no delivery's id */
export const deliveryKey = (account: AccountKey, id: string): number | null => {
  const digits = FORM.exec(id)?.[1];
  const number = digits === undefined ? Number.NaN : Number.parseInt(digits, 36);
  return number < ROW_NUMBERS ? rowKey(account, number) : null;
};
