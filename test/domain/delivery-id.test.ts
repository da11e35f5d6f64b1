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
    expect(deliveryId(key)).toMatch(/^dlv_[1-9]\d*$/);
    expect(deliveryKey(account, deliveryId(key))).toBe(key);
  });
});

test('an id is the number of the row', () => {
  expect(deliveryId(rowKey(3, 12))).toBe('dlv_12');
});

test('two accounts give a row the same id and different keys', () => {
  expect(deliveryId(rowKey(1, 7))).toBe(deliveryId(rowKey(2, 7)));
  expect(rowKey(1, LAST)).toBeLessThan(rowKey(2, 1));
});

test.each([
  '',
  'dlv_',
  'dlv_0',
  'dlv_012',
  '12',
  'dlv_-1',
  'dlv_1.5',
  'dlv_1e3',
  'dlv_0000001z',
  'xdlv_12',
  'dlv_12 ',
  'evt_12',
  // The first number that no row of an account has: 2 ** 32.
  'dlv_4294967296',
  'dlv_99999999999',
])('%s is no id of a delivery', (id) => {
  expect(deliveryKey(1, id)).toBeNull();
});
