/**
 * Escaping for XML.
 *
 * @module
 */

/** Characters that XML 1.0 cannot represent, not even as a reference. */
const NOT_IN_XML = /[^\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Replace characters that XML cannot represent, and lone surrogates. */
export const representable = (text: string): string =>
  text.toWellFormed().replaceAll(NOT_IN_XML, '\uFFFD');

/** Escape text and quoted attribute values for XML. */
export const escapeMarkup = (text: string): string =>
  representable(text).replaceAll(/[&<>"']/g, (character) => REFERENCES[character]!);

/** Escape an XML attribute value, where parsers would turn line breaks and tabs into spaces. */
export const escapeAttribute = (text: string): string =>
  escapeMarkup(text).replaceAll('\r', '&#13;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
