/**
 * Bytes that are not text.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { firstInvalidByte, hexLines } from '../../../src/conformance/reporters/binary-text.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

test.for([
  ['', 0],
  ['abc', 3],
  ['\xff', 0],
  ['ab\xc3(', 2],
  ['ab\xef\xbf\xbdc\xff', 6],
  ['ab\xef\xff', 2],
  ['ab\xe2\x82', 2],
] as const)('%j stops being UTF-8 at byte %i', ([text, at]) => {
  expect(firstInvalidByte(bytes(text))).toBe(at);
});

test('are shown as hex around the first that is not UTF-8, not from the beginning', () => {
  const body = bytes(`{"id":"evt_1","lead_name":"${'x'.repeat(100)}J\xc3(rg"}`);
  expect(hexLines(body)).toEqual([
    '(134 bytes; byte 129 is not UTF-8. Bytes 113 to 134:)',
    '   113  78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 4a  xxxxxxxxxxxxxxxJ',
    '   129  c3 28 72 67 22 7d                                .(rg"}',
  ]);
});

test('tell the size of the whole when only its beginning is known', () => {
  expect(hexLines(bytes('\xff\x00'), 5000)).toEqual([
    '(5000 bytes; byte 1 is not UTF-8. Bytes 1 to 2:)',
    '     1  ff 00                                            ..',
  ]);
});
