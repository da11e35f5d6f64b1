/**
 * Answers written to keep the suite busy: everything that searches an answer takes time linear in its length.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { readError } from '../../src/conformance/diagnosis/error-text.ts';
import { frameworkOf } from '../../src/conformance/diagnosis/frameworks.ts';
import { gistOf, toText } from '../../src/conformance/diagnosis/page.ts';
import { intermediaryOf, isHtml } from '../../src/conformance/diagnosis/evidence.ts';
import { leaksOf } from '../../src/conformance/judge/leaks.ts';
import { createSigning } from '../../src/conformance/probe/signing.ts';
import { createRedactor } from '../../src/conformance/redact/redact.ts';
import { onOneLine, splitCode } from '../../src/conformance/reporters/exchange-text.ts';
import { selectChecks } from '../../src/conformance/run/select.ts';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { answer, exchange, observed } from './fixtures.ts';

/** Eight times what is kept of an answer: quadratic work would take minutes, linear work takes milliseconds. */
const CHARACTERS = 512 * 1024;
/** Generous: a busy machine must not fail it. Milliseconds. */
const MAX_MS = 10_000;

const PIECES = [
  'x',
  ' ',
  '\n',
  '`',
  '` ',
  '<',
  '>',
  '<title>',
  '<title',
  '<script',
  '<h1>',
  '<th',
  '<b',
  '&',
  'at ',
  'at a',
  'at /',
  'at a(',
  'at a() in ',
  'at a.b(c) in d:line 1',
  ':line 1',
  'a:1:1',
  ':1',
  '1',
  '.rb:1',
  'a.rb:1:in ',
  '#1 /a',
  '#1 /a.php(',
  '.php(1',
  'Stack trace: ',
  "thread '",
  "thread 'a",
  'Error ',
  'xError',
  'error',
  '"data" argument must be ',
  '"key" argument must be Received ',
  'Illuminate\\\\',
  'server: gunicorn\n',
  'set-cookie: _a',
  '{"timestamp":"',
  'NaN',
  '\u0130',
  '\uD800',
] as const;

const redactor = createRedactor();
createSigning('whsec_never-to-be-seen-4711', redactor);

const SEARCHES: readonly (readonly [name: string, search: (text: string) => unknown])[] = [
  [
    'leaks of stacks',
    (text) => {
      const seen = [
        { by: 'test', inBurst: false, exchange: exchange(answer(500, { body: text })) },
      ];
      return leaksOf(observed({ exchanges: seen, secretsIn: redactor.find }), 'stack');
    },
  ],
  ['hidden values', (text) => [redactor.find(text), redactor.apply(text)]],
  ['error messages', readError],
  ['the text of a page', toText],
  ['the gist of a page', (text) => gistOf(answer(500, { body: `<html>${text}` }))],
  ['the kind of a page', (text) => isHtml(answer(500, { body: text }))],
  ['the framework of a page', (text) => frameworkOf(answer(500, { body: text }))],
  [
    'the server of an answer',
    (text) => {
      const reply = answer(500, { headers: [['x-a', text.slice(0, CHARACTERS / 16)]] });
      return [frameworkOf(reply), intermediaryOf(reply)];
    },
  ],
  ['code in a cause', splitCode],
  ['one line', onOneLine],
];

describe.each(SEARCHES)('%s', (_name, search) => {
  test('are searched in linear time, whatever the receiver answers', () => {
    for (const piece of PIECES) {
      const text = piece.repeat(Math.ceil(CHARACTERS / piece.length)).slice(0, CHARACTERS);
      for (const hostile of [text, `at ${text}`, `<title>${text}`]) {
        const started = performance.now();
        search(hostile);
        const tookMs = performance.now() - started;
        expect(tookMs, `${JSON.stringify(piece)} × ${CHARACTERS / piece.length}`).toBeLessThan(
          MAX_MS,
        );
      }
    }
  });
});

test('a glob of many asterisks is matched at once', () => {
  expect(() => selectChecks(CATALOGUE, { only: [`${'*'.repeat(200)}!`] })).toThrow(
    /matches no check/,
  );
});

test('code that holds only blanks stays text, and what follows it is found', () => {
  expect(splitCode('a ` ` b `c d` e').filter(({ isCode }) => isCode)).toEqual([
    { isCode: true, text: 'c d' },
  ]);
});
