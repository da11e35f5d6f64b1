/**
 * Text laid out for a terminal.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import {
  columnsOf,
  cutTo,
  firstSentences,
  wrap,
  wrapCommand,
} from '../../../src/conformance/reporters/layout.ts';

test.for([
  ['plain', 5],
  ['', 0],
  ['日本', 4],
  ['e\u0301', 1],
  ['👩‍💻', 2],
  ['’', 1],
] as const)('"%s" takes %i columns', ([text, columns]) => {
  expect(columnsOf(text)).toBe(columns);
});

test('text is wrapped at spaces, and keeps its line breaks', () => {
  expect(wrap('one two three\nfour', 7)).toEqual(['one two', 'three', 'four']);
});

test('a word that is too long stays whole, so that it can be copied', () => {
  expect(wrap('see http://localhost:3000/x now', 8)).toEqual([
    'see',
    'http://localhost:3000/x',
    'now',
  ]);
});

test.for([
  ['fits', 4, 'fits'],
  ['does not', 5, 'does…'],
  ['日本語', 5, '日本…'],
] as const)('"%s" cut to %i columns is "%s"', ([text, width, cut]) => {
  expect(cutTo(text, width)).toBe(cut);
});

test.for([
  ['One. Two.', 20, 'One. Two.'],
  ['One. Two. Three.', 10, 'One. Two. …'],
  ['The first is longer. Two.', 12, 'The first is longer. …'],
  ['No end in sight of this', 6, 'No end…'],
  ['a: 500; b: 500; c: 500; d: 500', 20, 'a: 500; b: 500; …'],
] as const)('"%s" within %i characters is "%s"', ([text, max, shown]) => {
  expect(firstSentences(text, max)).toBe(shown);
});

test('a wrapped command still is the same command', () => {
  const command = `printf '%s|' one 'two  words' "three  \\"words\\"" four\\ words five`;
  const lines = wrapCommand(command, 24);
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines.slice(0, -1)) expect(line).toMatch(/ \\$/);
  const run = (text: string): string => spawnSync('sh', ['-c', text]).stdout.toString();
  expect(run(lines.join('\n          '))).toBe(run(command));
  expect(run(command)).toContain('two  words|three  "words"|four words|five|');
});

test('a command that fits, has line breaks of its own, or open quotes is left alone', () => {
  expect(wrapCommand('a b', 10)).toEqual(['a b']);
  expect(wrapCommand('a b \\\n  c', 5)).toEqual(['a b \\', '  c']);
  expect(wrapCommand("it's a long one that is open", 10)).toEqual(["it's a long one that is open"]);
});
