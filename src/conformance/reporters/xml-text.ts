/**
 * Text as XML and HTML take it.
 *
 * @module
 */

import { toUSVString } from 'node:util';

/** What XML 1.0 has no way to write, not even as a reference. */
const NOT_IN_XML = /[^\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for quoted attributes, in XML and in HTML. */
export const escapeMarkup = (text: string): string =>
  toUSVString(text)
    .replaceAll(NOT_IN_XML, '\uFFFD')
    .replaceAll(/[&<>"']/g, (character) => REFERENCES[character]!);

/** For attributes of XML, whose readers turn bare line ends into blanks. */
export const escapeAttribute = (text: string): string =>
  escapeMarkup(text).replaceAll('\r', '&#13;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
