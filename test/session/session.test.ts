/**
 * The session in README is what the commands print today, but for times, ids and durations.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { hasScript } from '../cli/terminal-support.ts';
import { recordSession, SESSION_FILE } from './record.ts';
import { drawTerminal, textOf } from './svg.ts';

/** The same for every run: each time, id and duration becomes a mark of any length. */
const steady = (row: string): string =>
  row
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\b\d\d:\d\d:\d\d\b/gu, 'TIME')
    .replaceAll(/\b(?:evt|dlv|whk|cmp|lead)_\w+/gu, 'ID')
    .replaceAll(/\b\d+(?:\.\d+)? m?s\b/gu, 'TOOK')
    .replaceAll(/\bseed \d+|--seed \d+/gu, 'SEED');

test.skipIf(!hasScript)('a new recording shows the same', { timeout: 120_000 }, async () => {
  const recorded = textOf(readFileSync(SESSION_FILE, 'utf8'));
  expect(recorded.length).toBeGreaterThan(10);
  const again = textOf(await recordSession());
  expect(again.map(steady), 'Run `npm run session` and commit.').toEqual(recorded.map(steady));
});

test('the SVG is well-formed, without scripts', () => {
  const svg = readFileSync(SESSION_FILE, 'utf8');
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(svg).close();
  expect(svg).not.toMatch(/<script|<foreignObject|\bon\w+=|href/iu);
});

test('styles and special characters are kept', async () => {
  const svg = await drawTerminal('a\u001B[31m<b>\u001B[0m & c\r\n\u001B[2Kx\r\u001B[2Ky', 20, 't');
  expect(textOf(svg)).toEqual(['a &lt;b&gt; &amp; c', 'y']);
  expect(svg).toContain('<tspan x="26.4" fill="#ff7b72">&lt;b&gt;</tspan>');
});
