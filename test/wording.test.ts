/**
 * The language of the field: phrases that a reader would have to translate, each with what to write instead, in all that a
 * person reads. The rules behind them are in AGENTS.md under "Habits".
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A phrase, and what to write instead. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\banew\b/i, 'again'],
  [/\b(is|are|was|were) none\b/i, 'is missing, does not exist, there are no …'],
  [/\bso many\b/i, 'the number or the limit itself'],
  [/\bat the most\b/i, 'at most'],
  [/\brightly\b/i, 'correctly'],
  [/\bparted by\b/i, 'separated by'],
  [/\bgives? away\b/i, 'reveals'],
  [/\bcomes? of (it|them|this)\b|\bwhat comes of\b/i, 'the result, results in'],
  [/\bat home\b/i, 'reachable, running'],
  [/\b(is|are|was|were|be|been) told\b|\btold (of|about|by|to)\b/i, 'is reported, is notified'],
  [/\btells? (of|about|them|apart)\b/i, 'reports, describes, distinguishes'],
  [/\bnobody\b/i, 'no one, no …; or name the subject'],
  [/\bwhoever\b/i, 'the caller, anyone who'],
  [/\bvouch(es|ed|ers?|ing)?\b/i, 'validate'],
  [/\bpassed over\b/i, 'ignored, skipped'],
  [/\bin silence\b/i, 'silently'],
  [/\bin vain\b/i, 'without success'],
  [/\bby itself\b/i, 'on its own, automatically'],
  [/\bmade[- ]up\b/i, 'generated, simulated'],
  [/\b(and )?the like\b/i, 'similar, and so on'],
  [/\bgravest\b/i, 'most severe'],
  [/\bfor good\b/i, 'permanently'],
  [/\bnot any more\b/i, 'no longer'],
];

const SELF = 'test/wording.test.ts';

/** The tracked files that people read: code with its comments, specs, documentation. */
const readable = (): string[] =>
  execFileSync(
    'git',
    ['ls-files', '-z', '--', 'src', 'spec', 'docker', 'README.md', 'AGENTS.md', 'test'],
    { cwd: root, encoding: 'utf8' },
  )
    .split('\0')
    .filter((path) => /\.(ts|js|yaml|md)$/.test(path) && path !== SELF)
    // It quotes the code of receivers.
    .filter((path) => path !== 'test/automatic-mutants/results.md')
    // Receivers held out from the authors of the suite.
    .filter((path) => !path.includes('/held-out/'));

const findingsIn = (path: string, text: string): string[] =>
  text.split('\n').flatMap((line, index) =>
    PHRASES.flatMap(([phrase, better]) => {
      const found = phrase.exec(line);
      return found === null ? [] : [`${path}:${index + 1}: "${found[0]}": write ${better}`];
    }),
  );

test('what people read has no phrase of a private dialect', () => {
  const files = readable();
  expect(files.length).toBeGreaterThan(300);
  expect(files.flatMap((path) => findingsIn(path, readFileSync(root + path, 'utf8')))).toEqual([]);
});

test.each([
  ['mend', 'Mend it there.'],
  ['nobody', 'What nobody hears is not published.'],
  ['was told', 'It was told twice.'],
])('"%s" is found', (phrase, line) => {
  expect(findingsIn('a.md', `fine\n${line}`)).toEqual([
    expect.stringMatching(new RegExp(`^a\\.md:2: "${phrase}": write `, 'i')),
  ]);
});
