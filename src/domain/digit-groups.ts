/**
 * Whole numbers in groups of digits, without `toLocaleString`, whose first call loads locale data for 25 ms.
 *
 * @module
 */

/** A whole number from 0 on, with a comma before every third digit from the right: `4,096`. */
export const inDigitGroups = (value: number): string => {
  const digits = String(value);
  const first = digits.length % 3 || 3;
  const rest = digits.slice(first).match(/.{3}/g) ?? [];
  return [digits.slice(0, first), ...rest].join(',');
};
