/**
 * Bytes that are not text, as hex around the first place that is not UTF-8.
 *
 * @module
 */

/** Bytes shown before and after that place. */
const BEFORE = 16;
const AFTER = 24;
const BYTES_PER_LINE = 16;

/** Offset of the first byte that does not continue valid UTF-8; the length if all do. */
export const firstInvalidByte = (bytes: Uint8Array): number => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const decoded = new TextEncoder().encode(decoder.decode(bytes));
  let at = 0;
  while (at < bytes.length && decoded[at] === bytes[at]) at += 1;
  // U+FFFD in place of an invalid byte starts with EF, which may be that byte: then the difference is one further.
  const isReplaced =
    at > 0 && [0xef, 0xbf, 0xbd].every((byte, index) => decoded[at - 1 + index] === byte);
  return isReplaced ? at - 1 : at;
};

const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

const printable = (bytes: Uint8Array): string =>
  String.fromCharCode(...bytes).replaceAll(/[^\u0020-\u007E]/g, '.');

/**
 * Show bytes around the first invalid one, 16 a line, with their ASCII characters.
 *
 * @param total length of the whole, of which `bytes` may be the beginning
 */
export const hexLines = (bytes: Uint8Array, total = bytes.length): readonly string[] => {
  const at = firstInvalidByte(bytes);
  const start = Math.max(0, at - BEFORE);
  const shown = bytes.subarray(start, Math.min(bytes.length, at + AFTER));
  const lines: string[] = [];
  for (let from = 0; from < shown.length; from += BYTES_PER_LINE) {
    const part = shown.subarray(from, from + BYTES_PER_LINE);
    lines.push(
      `${String(start + from + 1).padStart(6)}  ${hexOf(part).padEnd(3 * BYTES_PER_LINE - 1)}  ${printable(part)}`,
    );
  }
  return [
    `(${total} ${total === 1 ? 'byte' : 'bytes'}; byte ${at + 1} is not UTF-8. Bytes ${start + 1} to ${start + shown.length}:)`,
    ...lines,
  ];
};
