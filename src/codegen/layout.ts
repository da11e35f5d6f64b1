/**
 * Lays source out: a group stays on one line where it fits, else one item a line.
 *
 * @module
 */

/** Text, parts one after the other, or a bracketed list that can break. */
export type Doc = string | readonly Doc[] | Group;

/** Items between brackets. */
export interface Group {
  readonly open: string;
  readonly items: readonly Item[];
  readonly close: string;
}

/** One item of a list, and the comment lines above it (which make the list break). */
export interface Item {
  readonly comment?: readonly string[];
  readonly doc: Doc;
}

const WIDTH = 100;

/** A bracketed list. */
export const group = (open: string, items: readonly (Doc | Item)[], close: string): Group => ({
  open,
  items: items.map((item) => (isItem(item) ? item : { doc: item })),
  close,
});

/** A call, such as `z.enum(…)`. */
export const call = (name: string, ...args: readonly Doc[]): Doc => group(`${name}(`, args, ')');

/**
 * The source of a doc.
 *
 * @param indent spaces in front of the line that it starts on
 * @param column where on that line it starts
 */
export function render(doc: Doc, indent = 0, column: number = indent): string {
  const flat = flatten(doc);
  if (flat !== null && column + flat.length + 1 <= WIDTH) return flat;
  if (typeof doc === 'string') return doc;
  if (!isGroup(doc)) return renderParts(doc, indent, column);
  const { open, items, close } = doc;
  if (items.length === 0) return open + close;
  const hugged = hug(items, open, indent, column);
  if (hugged !== null) return hugged + close;
  const pad = ' '.repeat(indent + 2);
  const lines = items.map(({ comment = [], doc: item }) =>
    [...comment, `${render(item, indent + 2)},`].map((line) => pad + line).join('\n'),
  );
  return `${open}\n${lines.join('\n')}\n${' '.repeat(indent)}${close}`;
}

/** A last group hugs the brackets: `z.array(z.looseObject({`, `z.discriminatedUnion('event', [`. */
function hug(items: readonly Item[], open: string, indent: number, column: number): string | null {
  const last = items.at(-1);
  const before = items.slice(0, -1).map(({ doc }) => doc);
  if (!last || last.comment || !open.endsWith('(') || !hasGroup(last.doc)) return null;
  if (!before.every((doc) => typeof doc === 'string')) return null;
  const start = open + before.map((doc) => `${doc}, `).join('');
  return start + render(last.doc, indent, Math.max(column + start.length, WIDTH));
}

/** Breaks the longest group and keeps the rest on its lines. */
function renderParts(nested: readonly Doc[], indent: number, column: number): string {
  const parts = unnest(nested);
  const sizes = parts.map((part) => (hasGroup(part) ? size(part) : 0));
  const longest = sizes.indexOf(Math.max(...sizes));
  let text = '';
  for (const [at, part] of parts.entries()) {
    const lineStart = text.lastIndexOf('\n') + 1;
    const start = lineStart === 0 ? column + text.length : text.length - lineStart;
    text += at === longest ? render(part, indent, WIDTH) : render(part, indent, start);
  }
  return text;
}

const unnest = (parts: readonly Doc[]): readonly (string | Group)[] =>
  parts.flatMap((part) => (typeof part === 'string' || isGroup(part) ? part : unnest(part)));

/** About how long a doc is. */
function size(doc: Doc): number {
  if (typeof doc === 'string') return doc.length;
  const docs = isGroup(doc) ? doc.items.map((item) => item.doc) : doc;
  return docs.reduce((sum: number, one) => sum + size(one), docs.length);
}

const hasGroup = (doc: Doc): boolean =>
  typeof doc !== 'string' && (isGroup(doc) ? doc.items.length > 0 : doc.some(hasGroup));

function flatten(doc: Doc): string | null {
  if (typeof doc === 'string') return doc;
  const items = isGroup(doc) ? doc.items : doc.map((part): Item => ({ doc: part }));
  const parts: string[] = [];
  for (const { comment, doc: item } of items) {
    const flat = comment ? null : flatten(item);
    if (flat === null) return null;
    parts.push(flat);
  }
  if (!isGroup(doc)) return parts.join('');
  const gap = doc.open.endsWith('{') && parts.length > 0 ? ' ' : '';
  return doc.open + gap + parts.join(', ') + gap + doc.close;
}

const isGroup = (doc: Doc | Item): doc is Group => typeof doc === 'object' && 'open' in doc;
const isItem = (item: Doc | Item): item is Item => typeof item === 'object' && 'doc' in item;
