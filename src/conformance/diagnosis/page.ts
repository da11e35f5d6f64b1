/**
 * What a page says to a person, without its markup.
 *
 * @module
 */
import type { Reply } from '../net/exchange.ts';
import { bodyOf, isHtml } from './evidence.ts';

interface Element {
  /** Where its opening tag begins, and where its closing tag ends. */
  readonly start: number;
  readonly end: number;
  /** What is between them. */
  readonly content: string;
}

/**
 * The closed elements of these names, in order, without those inside another. In linear time: a page is scanned for a
 * name's closing tag no further after its last occurrence.
 */
const elementsOf = function* (page: string, names: readonly string[]): Generator<Element> {
  const opening = new RegExp(`<(${names.join('|')})\\b`, 'gi');
  const unclosed = new Set<string>();
  for (let open = opening.exec(page); open !== null; open = opening.exec(page)) {
    const name = open[1]!.toLowerCase();
    if (unclosed.has(name)) continue;
    const tagEnd = page.indexOf('>', opening.lastIndex);
    if (tagEnd < 0) return;
    const closing = new RegExp(`</${name}>`, 'gi');
    closing.lastIndex = tagEnd + 1;
    const close = closing.exec(page);
    if (close === null) {
      unclosed.add(name);
      continue;
    }
    yield {
      start: open.index,
      end: closing.lastIndex,
      content: page.slice(tagEnd + 1, close.index),
    };
    opening.lastIndex = closing.lastIndex;
  }
};

const withoutElements = (page: string, names: readonly string[]): string => {
  let kept = '';
  let from = 0;
  for (const { start, end } of elementsOf(page, names)) {
    kept += page.slice(from, start);
    from = end;
  }
  return kept + page.slice(from);
};

/** Each tag becomes a line end. */
const withoutTags = (page: string): string => {
  let kept = '';
  let from = 0;
  for (;;) {
    const start = page.indexOf('<', from);
    const end = start < 0 ? -1 : page.indexOf('>', start);
    if (end < 0) return kept + page.slice(from);
    kept += `${page.slice(from, start)}\n`;
    from = end + 1;
  }
};

/** One piece of text a line. */
export const toText = (page: string): string =>
  withoutTags(withoutElements(page, ['title', 'style', 'script']))
    .replaceAll('&quot;', '"')
    .replaceAll(/&#(?:39|x27);/g, "'")
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');

/** A debug page goes on with settings, sources and the stack, in which any word can stand. */
const FIRST = 300;

/** The subject of an answer: a page’s title, headings and first words; of anything else the beginning. */
export const gistOf = (reply: Reply): string => {
  const body = bodyOf(reply);
  if (!isHtml(reply)) return body.slice(0, FIRST);
  const headings = Array.from(elementsOf(body, ['title', 'h1', 'h2']), ({ content }) =>
    toText(content),
  );
  const first = toText(body).replaceAll(/\s+/g, ' ').trim().slice(0, FIRST);
  return [...headings, first].join('\n');
};
