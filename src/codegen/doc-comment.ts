/**
 * Doc comments from what a schema says to people.
 *
 * @module
 */
import type { Members } from './documents.ts';
import { fidelityInWords } from './fidelity.ts';

const WIDTH = 96;

/** The lines of a doc comment, none when there is nothing to say. */
export function docComment(schema: Members): string[] {
  const blocks = [...prose(schema), ...remarks(schema)].filter((block) => block.length > 0);
  const lines = blocks.flatMap((block, at) => {
    const isTag = block[0]?.startsWith('@') ?? false;
    const followsTag = blocks[at - 1]?.[0]?.startsWith('@') ?? false;
    return at > 0 && !(isTag && followsTag) ? ['', ...block] : block;
  });
  const [first] = lines;
  if (first === undefined) return [];
  if (lines.length === 1) return [`/** ${first} */`];
  return ['/**', ...lines.map((line) => (line === '' ? ' *' : ` * ${line}`)), ' */'];
}

function prose({ title, description }: Members): string[][] {
  const text = description ?? (typeof title === 'string' ? `${title}.` : undefined);
  if (typeof text !== 'string') return [];
  const paragraphs = safe(text.trim()).split(/\n\s*\n/);
  return paragraphs
    .flatMap((paragraph, at) => [...(at > 0 ? [['']] : []), wrap(paragraph)])
    .filter((block) => block.join('') !== '');
}

function remarks(schema: Members): string[][] {
  const { deprecated } = schema;
  const blocks: string[][] = [];
  const fidelity = fidelityInWords(schema);
  if (fidelity !== null) blocks.push(wrap(safe(`@remarks ${fidelity}`)));
  if (schema['default'] !== undefined) blocks.push([`@defaultValue ${shown(schema['default'])}`]);
  const examples =
    schema['examples'] ?? (schema['example'] === undefined ? [] : [schema['example']]);
  for (const example of Array.isArray(examples) ? examples : []) {
    if (typeof example !== 'object' || example === null)
      blocks.push([`@example ${shown(example)}`]);
  }
  if (deprecated === true) blocks.push(['@deprecated']);
  return blocks;
}

const shown = (value: unknown): string => safe(`\`${JSON.stringify(value)}\``);

/** Text that cannot end the comment it stands in. */
const safe = (text: string): string => text.replaceAll('*/', '*\\/');

/** Folds running text; a list or a table keeps its lines. */
function wrap(text: string): string[] {
  if (/^[ \t]*([-*|>]|\d+\.|```)/m.test(text))
    return text.split('\n').map((line) => line.trimEnd());
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
