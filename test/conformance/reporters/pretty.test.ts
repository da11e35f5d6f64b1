/**
 * The report for a terminal.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { pretty } from '../../../src/conformance/reporters/pretty.ts';
import { nasty, real } from './sample.ts';

test('a finding shows request, response, requirement, cause, fix, and how to reproduce it', async () => {
  const text = pretty(await real());
  const [finding = ''] = text.split('\n\nFAILED');
  for (const label of [
    'actual',
    'expected',
    'request      POST http://127.0.0.1:',
    'response     204 in ',
    'requirement  Every webhook request carries X-SendEmAll-Signature',
    'cause',
    'fix',
    'reproduce    printf',
  ]) {
    expect(finding).toContain(`\n  ${label}`);
  }
  expect(finding).toMatch(/^FAILED {2}MUST {3}signature\/missing-header {2}Rejects/);
});

test('findings come worst first, then what was not tested, counts and verdict', () => {
  const text = pretty(nasty());
  const order = [
    'FAILED',
    'ERROR',
    'WARNING',
    'NOTE',
    'KNOWN',
    'Not tested:',
    'These checks pass now',
  ].map((word) => text.search(new RegExp(`^${word}`, 'm')));
  expect(order).toEqual(order.toSorted((one, other) => one - other));
  expect(order[0]).toBe(0);
  expect(text).toContain(
    '2 passed, 1 failed (MUST), 1 warning (SHOULD), 1 note (INFO), 1 known failure, 1 error, 1 not tested (1.2 s, seed 7)',
  );
  expect(text.trimEnd().split('\nNot conformant: ')).toHaveLength(2);
});

test('what was not tested is grouped by the one thing that would make it testable', async () => {
  const text = pretty(await real());
  expect(text).toMatch(
    /\n {3}\d+ {2}Needs an effects hook: pass `hooks\.effects`.*\n {7}http\/other-path delivery\/\S+ /,
  );
  expect(text.match(/\d {2}Needs an effects hook/g)).toHaveLength(1);
});

test('nothing in it steers the terminal', () => {
  // oxlint-disable-next-line no-control-regex
  expect(pretty(nasty())).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202E]/);
});

test('colours are the caller’s', () => {
  const text = pretty(nasty(), (colour, words) => `<${colour}>${words}</>`);
  expect(text).toContain('<red>FAILED  MUST   signature/missing-header</>');
});
