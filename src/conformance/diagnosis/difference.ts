/**
 * Where two texts of bytes part, for a person to see.
 *
 * @module
 */

const WINDOW = 12;
const HEX_BYTES = 6;
const TOKEN = /[\w.+\\-]/;

const isToken = (byte: number | undefined): boolean =>
  byte !== undefined && TOKEN.test(String.fromCharCode(byte));

/** Control characters and marks as escapes, the rest as it is. */
const visible = (text: string): string =>
  text.replaceAll(
    /[\u0000-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202F\uFEFF]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** The token at a place, or the one byte there; quoted, with its bytes in hex. */
const show = (bytes: Uint8Array, at: number): string => {
  if (at >= bytes.length) return 'nothing more (the end)';
  let start = at;
  while (start > 0 && at - start < WINDOW && isToken(bytes[start - 1])) start -= 1;
  let end = at;
  while (end < bytes.length && end - at < WINDOW && isToken(bytes[end])) end += 1;
  const byte = bytes[at] ?? 0;
  // A separator between two tokens, an invisible character, or the bytes of one character.
  if (byte > 0x7f) end = Math.min(bytes.length, at + 4);
  else if (end === start || byte < 0x20 || byte === 0x7f) end = at + 1;
  const text = Buffer.from(bytes.subarray(start, end)).toString('utf8').replaceAll('\uFFFD', '');
  const hex = Buffer.from(bytes.subarray(at, at + HEX_BYTES)).toString('hex');
  return `\`${visible(text)}\` (from that byte: ${hex.replaceAll(/(..)(?=.)/g, '$1 ')})`;
};

/** `first difference at byte 41: sent …, you hashed …`, counted from 1; null if they are equal. */
export const firstDifference = (sent: Uint8Array, hashed: Uint8Array): string | null => {
  const length = Math.min(sent.length, hashed.length);
  let at = 0;
  while (at < length && sent[at] === hashed[at]) at += 1;
  if (at === sent.length && at === hashed.length) return null;
  // Not in the middle of a character.
  const within = (byte: number | undefined): boolean =>
    byte !== undefined && (byte & 0xc0) === 0x80;
  while (at > 0 && (within(sent[at]) || within(hashed[at]))) at -= 1;
  return `first difference at byte ${at + 1}: sent ${show(sent, at)}, you hashed ${show(hashed, at)}`;
};
