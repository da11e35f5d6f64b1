/**
 * Text from elsewhere, made harmless for what shows it.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { harmless, onOneLine, plainest } from '../../../src/conformance/reporters/exchange-text.ts';
import { markdown } from '../../../src/conformance/reporters/markdown.ts';
import { escapeAttribute, escapeMarkup } from '../../../src/conformance/reporters/xml-text.ts';
import { huge } from './sample.ts';

describe('in a terminal', () => {
  test('controls and turns of direction are replaced; tabs and line ends stay', () => {
    const controls = Array.from({ length: 0xa0 }, (_, code) => code).filter(
      (code) => (code < 0x20 || code >= 0x7f) && code !== 9 && code !== 10,
    );
    const turns = [0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069];
    for (const code of [...controls, ...turns]) {
      expect(harmless(`a${String.fromCodePoint(code)}b`)).toBe('a\uFFFDb');
    }
    for (const code of [
      0x20, 0x7e, 0xa0, 0x200d, 0x2010, 0x2029, 0x202f, 0x2065, 0x206a, 0x1f600,
    ]) {
      const text = `a${String.fromCodePoint(code)}b`;
      expect(harmless(text)).toBe(text);
    }
    expect(harmless('a\tb\nc\r\nd')).toBe('a\tb\nc\nd');
    expect(harmless('\uD800')).toBe('\uFFFD');
  });

  test('one line is one line', () => {
    expect(onOneLine('a\n\t\nb\tc\r\nd')).toBe('a b c d');
  });
});

describe('in markup', () => {
  test('what has a meaning there is escaped, and what XML cannot write is replaced', () => {
    expect(escapeMarkup(`<a href="b">'&amp;'</a>`)).toBe(
      '&lt;a href=&quot;b&quot;&gt;&#39;&amp;amp;&#39;&lt;/a&gt;',
    );
    expect(escapeMarkup('\u0000\u0008\u000B\uFFFE\uFFFF\uD800')).toBe('\uFFFD'.repeat(6));
    expect(escapeMarkup('\t\n\r \uFFFD😀\uE000\uD7FF')).toBe('\t\n\r \uFFFD😀\uE000\uD7FF');
  });

  test('line ends and tabs of attributes are written as references', () => {
    expect(escapeAttribute('a\r\n\t"b"')).toBe('a&#13;&#10;&#9;&quot;b&quot;');
  });
});

test('the last exchange shows a fault most plainly', () => {
  expect(plainest([])).toBeNull();
  expect(plainest(['a', 'b'] as never)).toBe('b');
});

test('Markdown holds as many findings as fit a job’s summary, and counts the rest', () => {
  const text = markdown(huge());
  const shown = text.match(/^### FAILED/gm)!.length;
  expect(text).toContain(
    `\n${120 - shown} more findings are omitted here: use another report format.\n`,
  );
  expect(shown).toBeGreaterThan(0);
  // One more would not have fitted.
  const one = Buffer.byteLength(text) / shown;
  expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
  expect(Buffer.byteLength(text) + one).toBeGreaterThan(800 * 1024);
});
