/**
 * Text from outside is refused by its length before anything that could take long looks at it.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { AddFaultRequest, AdvanceRequest } from '../../schemas/sandbox.ts';
import { explainSignature } from '../../src/signature/explain.ts';
import { parseDuration, parseTime } from '../../src/domain/time.ts';

/** Each of them took a form that could be matched in many ways. */
const SPANS = ['1s ', '1 s  ', ' ', '1', '1.', '1D'];

/** Doubling what is refused by its length costs nothing; what took quadratic time took minutes at the last size. */
const SIZES = [65, 1_000, 2_000, 250_000, 500_000, 1_000_000];

test.each(SPANS)('a span of %j again and again is refused, however long', (part) => {
  for (const size of SIZES) {
    const span = `${part.repeat(Math.ceil(size / part.length))}!`;
    expect(parseDuration(span)).toBeNull();
    expect(parseTime(span)).toBeNull();
    expect(AdvanceRequest.safeParse({ by: span }).success).toBe(false);
    expect(AddFaultRequest.safeParse({ fault: 'delay', delay: span }).success).toBe(false);
  }
});

test('a span that is as long as it may be is looked at in no time, whether it is one or not', () => {
  const blanks = `1s${' '.repeat(30)}1s`;
  expect(parseDuration(blanks)).toBe(2000);
  expect(parseDuration(`${blanks}${' '.repeat(28)}!`)).toBeNull();
  expect(parseDuration('1s '.repeat(21))).toBe(21_000);
});

test.each(["'", '"', ' ', 'x ', 'a,', '='])(
  'a signature of %j again and again is malformed, however long',
  (part) => {
    for (const size of SIZES) {
      const header = `x${part.repeat(size)}x`;
      const { causes } = explainSignature({
        body: '{}',
        secret: 'whsec_your-signing-secret',
        header,
      });
      expect(causes.length).toBeGreaterThan(0);
      if (size > 1024) expect(causes).toMatchObject([{ id: 'header/malformed' }]);
    }
  },
);
