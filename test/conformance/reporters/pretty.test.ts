/**
 * The report for a terminal.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { columnsOf } from '../../../src/conformance/reporters/layout.ts';
import { blockedBy } from '../../../src/conformance/verdict.ts';
import { pretty } from '../../../src/conformance/reporters/pretty.ts';
import { blankResult } from '../blank-result.ts';
import { reportOf } from './mixed.ts';
import { nasty, real } from './sample.ts';

const finding = (more = {}) =>
  blankResult({
    id: 'content/address',
    status: 'fail',
    expected: ['a 2xx'],
    actual: '400 in 3 ms',
    diagnosis: 'Refuses every event whose `lead_email` contains an apostrophe.',
    fix: 'Do not.',
    reproduce: 'curl …',
    rerun: 'sendemall-mock verify http://localhost:3000/ --only content/address --seed 7',
    ...more,
  });

test('a finding is its title, expected, actual, cause, fix, and the command that repeats it', () => {
  const [shown] = pretty(reportOf([finding()])).split('\n\n');
  expect(shown?.split('\n')).toEqual([
    'FAILED  MUST   content/address  Does content/address',
    '  expected   a 2xx',
    '  actual     400 in 3 ms',
    '  cause      Refuses every event whose `lead_email` contains an apostrophe.',
    '  fix        Do not.',
    '  reproduce  sendemall-mock verify http://localhost:3000/ --only \\',
    '             content/address --seed 7',
  ]);
});

test('a finding names the command that prints the page of its check', () => {
  const explain = 'sendemall-mock explain content/address';
  const [shown] = pretty(reportOf([finding({ explain })])).split('\n\n');
  expect(shown?.split('\n').at(-1)).toBe(`  explain    ${explain}`);
});

test('with details it has requirement, request, response and both commands, too', async () => {
  const text = pretty(await real(), { details: true });
  const [shown = ''] = text.split('\n\nFAILED');
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
    expect(shown).toContain(`\n  ${label}`);
  }
});

test('long texts are cut at a sentence, and whole with details', () => {
  const fix = `Compare digests. ${'Then do something that takes many words. '.repeat(20)}`;
  const report = reportOf([finding({ fix, diagnosis: fix })]);
  expect(pretty(report).split('\n').length).toBeLessThan(25);
  expect(pretty(report)).toContain(' …\n');
  expect(pretty(report, { details: true }).replaceAll(/\s+/g, ' ')).toContain(fix.trim());
});

test('a note is one line, however long', () => {
  const actual = 'accepted upper-case digits: 200 in 3 ms; '.repeat(9);
  const note = finding({ id: 'signature/upper-case', level: 'INFO', actual });
  const [line, next] = pretty(reportOf([note])).split('\n');
  expect(line).toMatch(/^NOTE {4}INFO {3}signature\/upper-case {2}accepted .*…$/);
  expect(columnsOf(line!)).toBe(80);
  expect(next).toBe('');
});

test.each([40, 60, 80, 200])(
  'lines fit into %i columns, except for words that must stay whole',
  (width) => {
    const words =
      'Texts of many words, with a URL such as http://localhost:3000/a/long/path, are wrapped. ';
    const long = finding({ actual: words, diagnosis: words.repeat(2), fix: words, title: words });
    const untested = blankResult({ id: 'http/a', status: 'not_tested', reason: words.repeat(3) });
    const stale = [{ id: 'http/reachable', reason: words }];
    const text = pretty(reportOf([long, untested], { baseline: { known: [], stale } }), { width });
    const lines = text.split('\n');
    expect(lines.length).toBeGreaterThan(15);
    const tooLong = lines.filter((line) => columnsOf(line) > width);
    expect(tooLong.filter((line) => !/http:|^ {2}FAILED/.test(line))).toEqual([]);
  },
);

test('what one cause decides is listed with its finding, and not as untested', () => {
  const explained = blankResult({
    id: 'content/b',
    status: 'not_tested',
    reason: 'Explained by …',
  });
  const text = pretty(reportOf([finding({ decides: ['content/b'] }), explained]));
  expect(text).toContain('\n  decides    content/b\n');
  expect(text).toContain('content/address  and 1 more by the same cause\n');
  expect(text).not.toContain('Not tested');
  expect(text.trimEnd().split('\n').at(-1)).toBe('FAILED 1 of 2 (1 MUST) · 1 explained by these');
});

test('a forgery that took effect comes first, whatever its level', () => {
  const forged = finding({ id: 'signature/forged', level: 'SHOULD', forgery_took_effect: true });
  const text = pretty(reportOf([finding(), forged]));
  expect(text.startsWith('WARNING SHOULD signature/forged')).toBe(true);
  expect(text).toContain('\nFix first: signature/forged. Do not.\n');
});

test('of equally severe failures the one on which most checks depend is to be fixed first', () => {
  const failures = ['signature/duplicate-headers', 'signature/missing-header'].map((id) =>
    finding({ id }),
  );
  const waiting = blankResult({
    id: 'content/b',
    status: 'not_tested',
    reason: blockedBy('signature/missing-header'),
  });
  const text = pretty(reportOf([...failures, waiting]));
  expect(text).toContain('\nFix first: signature/missing-header. ');
});

test('findings come worst first, then what was not tested, the failures in short, and the outcome', () => {
  const text = pretty(nasty());
  const order = [
    'FAILED',
    'ERROR',
    'WARNING',
    'NOTE',
    'KNOWN',
    'Not tested:',
    'These checks pass now',
    'Findings:',
    'Fix first:',
    'FAILED 1 of 8',
  ].map((word) => text.search(new RegExp(`^${word}`, 'm')));
  expect(order).toEqual(order.toSorted((one, other) => one - other));
  expect(order[0]).toBe(0);
  expect(text.replaceAll('\n', ' ').trimEnd()).toMatch(
    /FAILED 1 of 8 \(1 MUST\) · 2 passed · 1 warning \(SHOULD\) · 1 note \(INFO\) · 1 known failure · 1 error · 1 not tested: other reasons \(1\)$/,
  );
});

test('what was not tested is grouped by the one thing that would make it testable', async () => {
  const report = await real();
  const text = pretty(report);
  expect(text.match(/\d {2}Needs an effects hook/g)).toHaveLength(1);
  expect(text.match(/ … |→/g)).toHaveLength(1);
  expect(text.trimEnd().replaceAll('\n', ' ')).toMatch(
    / · \d+ not tested: duplicates \(\d+\), state \(\d+\), .* → pass hooks\.effects to test \d+ more$/,
  );
  expect(pretty(report, { details: true })).toMatch(
    /\n {7}signature\/forged-effects http\/other-path /,
  );
});

test('nothing in it steers the terminal', () => {
  for (const details of [false, true]) {
    // oxlint-disable-next-line no-control-regex
    expect(pretty(nasty(), { details })).not.toMatch(
      /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202E]/,
    );
  }
});

test('colours are the caller’s', () => {
  const text = pretty(nasty(), { paint: (colour, words) => `<${colour}>${words}</>` });
  expect(text).toContain('<red>FAILED  MUST   signature/missing-header</>');
});
