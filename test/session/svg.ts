/**
 * A terminal's screen as an SVG: interpreted by xterm's own engine, one text a row, one span a style.
 *
 * @module
 */
import xterm from '@xterm/headless';

const CELL = { width: 8.4, height: 19 } as const;
const PADDING = 18;
const TITLE_BAR = 30;

/** The eight colours of a terminal, bright enough on the background. */
const PALETTE = [
  '#484f58',
  '#ff7b72',
  '#3fb950',
  '#d29922',
  '#58a6ff',
  '#bc8cff',
  '#39c5cf',
  '#e6edf3',
];

interface Span {
  readonly at: number;
  readonly style: string;
  text: string;
}

type Cell = NonNullable<ReturnType<NonNullable<ReturnType<Line>>['getCell']>>;
type Line = xterm.Terminal['buffer']['active']['getLine'];

const styleOf = (cell: Cell): string =>
  [
    cell.isFgPalette() ? `fill="${PALETTE[cell.getFgColor() % 8]}"` : '',
    cell.isBold() ? 'font-weight="bold"' : '',
    cell.isDim() ? 'opacity="0.65"' : '',
    cell.isUnderline() ? 'text-decoration="underline"' : '',
  ]
    .filter((part) => part !== '')
    .join(' ');

const spansOf = (line: NonNullable<ReturnType<Line>>, columns: number): Span[] => {
  const spans: Span[] = [];
  for (let at = 0; at < columns; at++) {
    const cell = line.getCell(at);
    if (cell === undefined) break;
    const style = styleOf(cell);
    const last = spans.at(-1);
    if (last?.style === style) last.text += cell.getChars() || ' ';
    else spans.push({ at, style, text: cell.getChars() || ' ' });
  }
  return spans.filter(({ text }) => text.trim() !== '');
};

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const span = ({ at, style, text }: Span): string => {
  const begin = text.length - text.trimStart().length;
  const x = (PADDING + (at + begin) * CELL.width).toFixed(1);
  return `<tspan x="${x}"${style === '' ? '' : ` ${style}`}>${escape(text.trim())}</tspan>`;
};

/** What the screen shows, without styles: the rows up to the last one that is not empty. */
export const textOf = (svg: string): string[] =>
  [...svg.matchAll(/<text [^>]*>(?<row>.*)<\/text>/gu)].map(({ groups }) =>
    (groups?.['row'] ?? '')
      .replaceAll(/<[^>]*>/gu, ' ')
      .replaceAll(/ +/gu, ' ')
      .trim(),
  );

/**
 * Draws what a terminal of that width shows at the end.
 *
 * @param output everything written to it, escape sequences included
 * @param title what a person without the image reads
 */
export const drawTerminal = async (
  output: string,
  columns: number,
  title: string,
): Promise<string> => {
  const terminal = new xterm.Terminal({ cols: columns, rows: 200, allowProposedApi: true });
  await new Promise<void>((resolve) => {
    terminal.write(output, resolve);
  });
  const { active } = terminal.buffer;
  const rows = Array.from({ length: active.length }, (_, at) => {
    const line = active.getLine(at);
    return line === undefined ? [] : spansOf(line, columns);
  });
  const last = rows.findLastIndex((spans) => spans.length > 0);
  const shown = rows.slice(0, last + 1);
  terminal.dispose();

  const width = Math.ceil(columns * CELL.width + 2 * PADDING);
  const height = TITLE_BAR + shown.length * CELL.height + PADDING;
  const texts = shown.flatMap((spans, at) =>
    spans.length === 0
      ? []
      : [`<text y="${TITLE_BAR + (at + 0.8) * CELL.height}">${spans.map(span).join('')}</text>`],
  );
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, at) => `<circle cx="${PADDING + 4 + at * 18}" cy="16" r="5.5" fill="${fill}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>`,
    ...dots,
    `<g fill="${PALETTE[7]}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" xml:space="preserve">`,
    ...texts,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
};
