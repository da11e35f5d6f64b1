/**
 * Reads the fenced blocks of a Markdown file and the comment above each that says how to try it.
 *
 * @module
 */

/** A fenced block and what the comment above it asks for. */
export interface Block {
  /** Line of the opening fence. */
  readonly line: number;
  /** Language after the fence (`sh`, `ts`, …); empty without one. */
  readonly language: string;
  readonly text: string;
  /** First word of the comment; null when the block has none. */
  readonly mode: string | null;
  /** The rest: `key=value`, `key="some words"`, or a bare word (then the value is ''). */
  readonly options: Readonly<Record<string, string>>;
}

const COMMENT = /^\s*<!--\s*test:\s*(?<mode>[a-z]+)\s*(?<rest>.*?)\s*-->\s*$/u;
const FENCE = /^(?<indent>\s*)(?<ticks>`{3,})(?<language>[\w-]*)/u;

/** All fenced blocks, in order. The comment stands directly above its block; a blank line may part them. */
export function readBlocks(markdown: string): Block[] {
  const lines = markdown.split(/\r?\n/u);
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at] ?? '')?.groups;
    if (!fence) continue;
    const { indent = '', ticks = '', language = '' } = fence;
    const end = lines.findIndex((line, i) => i > at && line.trim() === ticks);
    if (end === -1) throw new Error(`The block in line ${at + 1} is never closed.`);
    const above = lines[at - 1]?.trim() === '' ? lines[at - 2] : lines[at - 1];
    const comment = COMMENT.exec(above ?? '')?.groups;
    blocks.push({
      line: at + 1,
      language,
      text: lines
        .slice(at + 1, end)
        .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
        .join('\n'),
      mode: comment?.['mode'] ?? null,
      options: readOptions(comment?.['rest'] ?? ''),
    });
    at = end;
  }
  return blocks;
}

function readOptions(text: string): Record<string, string> {
  const found = text.matchAll(/(?<key>[\w-]+)(?:=(?:"(?<quoted>[^"]*)"|(?<plain>\S+)))?/gu);
  return Object.fromEntries(
    [...found].map(({ groups = {} }) => [groups['key'], groups['quoted'] ?? groups['plain'] ?? '']),
  );
}

/**
 * Whether an output shows what a block promises: its lines in order, other lines may stand between;
 * `…` stands for anything within a line, a line of only `…` for any lines.
 *
 * @returns the first promised line that is missing, or null
 */
export function missingLine(promised: string, output: string): string | null {
  const shown = output.split('\n').map((line) => line.trim());
  let from = 0;
  for (const line of promised.split('\n').map((one) => one.trim())) {
    if (line === '' || line === '…') continue;
    const pattern = new RegExp(`^${line.split('…').map(escape).join('.*')}$`, 'u');
    const at = shown.findIndex((one, i) => i >= from && pattern.test(one));
    if (at === -1) return line;
    from = at + 1;
  }
  return null;
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/gu, '\\$&');
}
