/**
 * TypeScript source as nested lists. Line breaks are left to the formatter, which runs over every generated file.
 *
 * @module
 */
import { format } from 'oxfmt';

/** Text, a sequence of parts, or a bracketed list. */
export type Doc = string | readonly Doc[] | Group;

/** Items between brackets. */
export interface Group {
  readonly open: string;
  readonly items: readonly Item[];
  readonly close: string;
}

/** An item of a list, with comment lines above it. Even an empty comment puts each item on a line of its own. */
export interface Item {
  readonly comment?: readonly string[];
  readonly doc: Doc;
}

const isGroup = (doc: Doc | Item): doc is Group => typeof doc === 'object' && 'open' in doc;
const isItem = (item: Doc | Item): item is Item => typeof item === 'object' && 'doc' in item;

/** A bracketed list. */
export const group = (open: string, items: readonly (Doc | Item)[], close: string): Group => ({
  open,
  items: items.map((item) => (isItem(item) ? item : { doc: item })),
  close,
});

/** A call, such as `z.enum(…)`. */
export const call = (name: string, ...args: readonly Doc[]): Doc => group(`${name}(`, args, ')');

/** The source of a doc, unformatted. */
export const render = (doc: Doc): string => {
  if (typeof doc === 'string') return doc;
  if (!isGroup(doc)) return doc.map(render).join('');
  const { open, items, close } = doc;
  if (items.every(({ comment }) => comment === undefined)) {
    return open + items.map((item) => render(item.doc)).join(', ') + close;
  }
  const lines = items.flatMap(({ comment = [], doc: item }) => [...comment, `${render(item)},`]);
  return [open, ...lines, close].join('\n');
};

/**
 * Format a generated module, in the style of the repository.
 *
 * @throws {Error} if the source has a syntax error, which is a bug of the generator
 */
export const formatSource = async (file: string, source: string): Promise<string> => {
  const { code, errors } = await format(file, source, { singleQuote: true, printWidth: 100 });
  if (errors.length === 0) return code;
  throw new Error(`${file} is generated with a syntax error: ${errors[0]?.message ?? ''}`);
};
