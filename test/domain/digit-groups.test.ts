/**
 * Digits in groups of three.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { inDigitGroups } from '../../src/domain/digit-groups.ts';

test.each([0, 7, 42, 999, 1000, 4096, 65_536, 999_999, 1_000_000, Number.MAX_SAFE_INTEGER])(
  '%d is written as the English locale does',
  (value) => {
    expect(inDigitGroups(value)).toBe(value.toLocaleString('en'));
  },
);
