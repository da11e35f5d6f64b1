/**
 * Markdown for a terminal: headings and code styled, paragraphs and tables wrapped to the width. Code blocks keep their
 * lines, so that commands can be pasted.
 *
 * @module
 */
import { lexer, type Token, type Tokens } from 'marked';
import wrapAnsi from 'wrap-ansi';
import type { Terminal } from '../terminal.ts';
import { widthOf } from './width.ts';

/** Prose is hard to read in longer lines. */
const MAX_COLUMNS = 100;
const GAP = '  ';

type Page = Pick<Terminal, 'style' | 'columns'>;

const wrap = (text: string, columns: number): string[] =>
  wrapAnsi(text, Math.max(columns, 1), { trim: true, hard: true }).split('\n');

const inline = (tokens: readonly Token[] | undefined, page: Page): string =>
  (tokens ?? []).map((token) => inlineToken(token, page)).join('');

/** A link to another page names the command that prints it. */
const link = ({ href, tokens }: Tokens.Link, page: Page): string => {
  const text = inline(tokens, page);
  const topic = /(?:^|\/)(?<topic>[\w-]+)\.md(?:#|$)/u.exec(href)?.groups?.['topic'];
  if (topic !== undefined && !href.includes('test/')) return `${text} (docs ${topic})`;
  return href.startsWith('http') && href !== text ? `${text} (${href})` : text;
};

const inlineToken = (token: Token, page: Page): string => {
  switch (token.type) {
    case 'strong':
      return page.style('bold', inline(token.tokens, page));
    case 'em':
      return page.style('italic', inline(token.tokens, page));
    case 'codespan':
      return page.style('cyan', (token as Tokens.Codespan).text);
    case 'link':
      return link(token as Tokens.Link, page);
    case 'html':
      return '';
    case 'text':
      return token.tokens === undefined
        ? (token as Tokens.Text).text.replaceAll('\n', ' ')
        : inline(token.tokens, page);
    default:
      return 'text' in token ? String(token.text) : token.raw;
  }
};

/** Shrink the widest columns until the row fits, but none below its longest word. */
const fit = (
  widths: readonly number[],
  leastWidths: readonly number[],
  columns: number,
): number[] => {
  const fitted = [...widths];
  const total = (): number =>
    fitted.reduce((sum, width) => sum + width, GAP.length * (fitted.length - 1));
  const slack = (at: number): number => (fitted[at] ?? 0) - (leastWidths[at] ?? 0);
  while (total() > columns) {
    const [widest] = [...fitted.keys()]
      .filter((at) => slack(at) > 0)
      .toSorted((a, b) => (fitted[b] ?? 0) - (fitted[a] ?? 0));
    if (widest === undefined) break;
    fitted[widest] = (fitted[widest] ?? 0) - 1;
  }
  return fitted;
};

/** Rows of a table that is too wide: the first cell, the others indented below it. */
const stack = (rows: readonly (readonly string[])[], columns: number): string[] =>
  rows.flatMap(([first = '', ...rest]) => [
    ...wrap(first, columns),
    ...rest.flatMap((cell) => wrap(cell, columns - 2).map((line) => `  ${line}`)),
  ]);

const longestWord = (cell: string): number => Math.max(...cell.split(/\s+/u).map(widthOf));

const table = ({ header, rows }: Tokens.Table, page: Page, columns: number): string[] => {
  const head = header.map(({ tokens }) => page.style('bold', inline(tokens, page)));
  const cells = [
    ...(head.some((cell) => widthOf(cell) > 0) ? [head] : []),
    ...rows.map((row) => row.map(({ tokens }) => inline(tokens, page))),
  ];
  const widest = (measure: (cell: string) => number): number[] =>
    header.map((_, at) => Math.max(...cells.map((row) => measure(row[at] ?? ''))));
  const words = widest(longestWord);
  const least = words.reduce((sum, width) => sum + width, GAP.length * (words.length - 1));
  if (least > columns) return stack(cells, columns);
  const widths = fit(widest(widthOf), words, columns);
  return cells.flatMap((row) => {
    const wrapped = row.map((cell, at) => wrap(cell, widths[at] ?? columns));
    return Array.from({ length: Math.max(...wrapped.map(({ length }) => length)) }, (_, line) =>
      wrapped
        .map((cell, at) => {
          const text = cell[line] ?? '';
          return text + ' '.repeat(Math.max((widths[at] ?? 0) - widthOf(text), 0));
        })
        .join(GAP)
        .trimEnd(),
    );
  });
};

const list = ({ items, ordered, start }: Tokens.List, page: Page, columns: number): string[] =>
  items.flatMap((item, at) => {
    const mark = ordered ? `${Number(start) + at}. ` : '• ';
    const lines = blocks(item.tokens, page, columns - mark.length);
    return lines.map((line, index) => `${index === 0 ? mark : ' '.repeat(mark.length)}${line}`);
  });

const html = ({ text }: Tokens.HTML, page: Page): string[] => {
  const summary = /<summary>(?<summary>.*?)<\/summary>/u.exec(text)?.groups?.['summary'];
  return summary === undefined ? [] : [page.style('bold', summary.replaceAll(/<[^<>]*>/gu, ''))];
};

const block = (token: Token, page: Page, columns: number): string[] => {
  switch (token.type) {
    case 'heading': {
      const text = inline(token.tokens, page);
      return [
        page.style((token as Tokens.Heading).depth === 1 ? ['bold', 'underline'] : 'bold', text),
      ];
    }
    case 'code':
      return (token as Tokens.Code).text
        .split('\n')
        .map((line) => (line === '' ? '' : `    ${page.style('green', line)}`));
    case 'table':
      return table(token as Tokens.Table, page, columns);
    case 'list':
      return list(token as Tokens.List, page, columns);
    case 'html':
      return html(token as Tokens.HTML, page);
    case 'space':
      return [];
    default:
      return wrap('tokens' in token ? inline(token.tokens, page) : token.raw, columns);
  }
};

const blocks = (tokens: readonly Token[], page: Page, columns: number): string[] => {
  const shown = tokens
    .map((token) => block(token, page, columns))
    .filter(({ length }) => length > 0);
  return shown.flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]));
};

/** Lines for a terminal of that width. */
export const renderMarkdown = (markdown: string, page: Page): string[] =>
  blocks(lexer(markdown), page, Math.min(page.columns, MAX_COLUMNS));
