import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { quoteForShell, shellWord } from '../../src/domain/shell.ts';

const WORDS = [
  'plain',
  '',
  "it's",
  "''",
  'a b',
  '$HOME `id` "x" \\',
  'http://[::1]:3000/a?b=c&d',
  '*',
];

describe.each([
  ['quoteForShell', quoteForShell],
  ['shellWord', shellWord],
])('%s', (_name, write) => {
  test.each(WORDS)('a shell reads %s as it is', (word) => {
    expect(execFileSync('sh', ['-c', `printf %s ${write(word)}`], { encoding: 'utf8' })).toBe(word);
  });
});

test('quotes stand where they must', () => {
  expect(shellWord('http://localhost:3000/a-b_c.d?')).toBe("'http://localhost:3000/a-b_c.d?'");
  expect(shellWord('http://localhost:3000/a-b_c.d=1,2@3%4+5')).toBe(
    'http://localhost:3000/a-b_c.d=1,2@3%4+5',
  );
  expect(shellWord('')).toBe("''");
  expect(shellWord('a\nb')).toBe("'a\nb'");
  expect(quoteForShell('plain')).toBe("'plain'");
});
