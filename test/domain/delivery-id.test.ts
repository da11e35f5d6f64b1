import { describe, expect, test } from 'vitest';
import {
  deliveryId,
  deliveryKey,
  ROW_NUMBERS,
  rowKey,
  rowNumber,
} from '../../src/domain/delivery-id.ts';

const LAST = ROW_NUMBERS - 1;

describe.each([1, 35, 36, 1_000_000, LAST])('row %i', (number) => {
  test.each([0, 1, 99])('of account %i is found again by its id', (account) => {
    const key = rowKey(account, number);
    expect(rowNumber(key)).toBe(number);
    expect(deliveryId(key)).toMatch(/^dlv_[0-9a-z]{8}$/);
    expect(deliveryKey(account, deliveryId(key))).toBe(key);
  });
});

test('ids are in the order of the rows', () => {
  const ids = [1, 9, 10, 35, 36, 37, 1295, 1296, LAST].map((number) => deliveryId(number));
  expect(ids.toSorted()).toEqual(ids);
});

test('two accounts give a row the same id and different keys', () => {
  expect(deliveryId(rowKey(1, 7))).toBe(deliveryId(rowKey(2, 7)));
  expect(rowKey(1, LAST)).toBeLessThan(rowKey(2, 1));
});

test.each([
  '',
  'dlv_',
  '0000001z',
  'dlv_000001z',
  'dlv_00000001z',
  'xdlv_0000001z',
  'dlv_0000001Z',
  'evt_0000001z',
  // The first number that no row of an account has: 2 ** 32.
  'dlv_01z141z4',
  'dlv_zzzzzzzz',
])('%s is no id of a delivery', (id) => {
  expect(deliveryKey(1, id)).toBeNull();
});
