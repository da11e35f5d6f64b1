/**
 * One cause, one finding.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  firstSentence,
  mergeFindings,
  type Cause,
} from '../../../src/conformance/run/merge-findings.ts';
import type { CheckResult } from '../../../src/conformance/report.ts';
import { blankResult } from '../blank-result.ts';

const failure = (id: string, more: Partial<CheckResult> = {}): CheckResult =>
  blankResult({
    id,
    status: 'fail',
    expected: ['a 2xx'],
    actual: `${id} failed`,
    diagnosis: `Refuses apostrophes. ${id} saw it.`,
    fix: 'Do not.',
    reproduce: 'curl …',
    rerun: 'sendemall-mock verify …',
    ...more,
  });

const causes =
  (keys: Readonly<Record<string, string>>, notOwn: readonly string[] = []) =>
  (id: string): Cause | undefined =>
    keys[id] === undefined ? undefined : { key: keys[id], isOwn: !notOwn.includes(id) };

const KEYS = { 'content/a': 'refused:apostrophe', 'content/b': 'refused:apostrophe' };

describe('failures with the same cause', () => {
  test('are one finding, which lists the others; they are not tested', () => {
    const passed = blankResult({ id: 'http/reachable', status: 'pass' });
    const [first, second, third] = mergeFindings(
      [failure('content/a'), passed, failure('content/b')],
      causes(KEYS),
    );
    expect(first).toEqual({ ...failure('content/a'), decides: ['content/b'] });
    expect(second).toBe(passed);
    expect(third).toEqual({
      ...blankResult({ id: 'content/b', status: 'not_tested' }),
      reason: 'Explained by content/a: Refuses apostrophes.',
    });
  });

  test('keep the most severe, wherever it stands', () => {
    const results = mergeFindings(
      [failure('content/a', { level: 'SHOULD' }), failure('content/b')],
      causes(KEYS),
    );
    expect(results.map(({ status, decides }) => [status, decides])).toEqual([
      ['not_tested', []],
      ['fail', ['content/a']],
    ]);
  });

  test('of one level keep the one whose own experiment has shown the cause', () => {
    const results = mergeFindings(
      [failure('content/a'), failure('content/b')],
      causes(KEYS, ['content/a']),
    );
    expect(results.map(({ status }) => status)).toEqual(['not_tested', 'fail']);
  });

  test('keep a forgery that took effect before all others', () => {
    const results = mergeFindings(
      [failure('content/a'), failure('content/b', { level: 'SHOULD', forgery_took_effect: true })],
      causes(KEYS),
    );
    expect(results.map(({ status }) => status)).toEqual(['not_tested', 'fail']);
  });
});

test('failures with different causes, or without one, stay', () => {
  const results = [
    failure('content/a'),
    failure('content/b'),
    failure('http/c'),
    failure('http/d'),
  ];
  expect(mergeFindings(results, causes({ 'content/a': 'one', 'content/b': 'another' }))).toEqual(
    results,
  );
});

test('a cause of a check that did not fail explains nothing', () => {
  const results = [
    blankResult({ id: 'content/a', status: 'error', reason: 'x' }),
    failure('content/b'),
  ];
  expect(mergeFindings(results, causes(KEYS))).toEqual(results);
});

test.for([
  ['One. Two.', 'One.'],
  ['Above 65,536 bytes. Then more.', 'Above 65,536 bytes.'],
  ['Sees v1.2 of it', 'Sees v1.2 of it'],
  ['Why? Because.', 'Why?'],
] as const)('the first sentence of "%s" is "%s"', ([text, first]) => {
  expect(firstSentence(text)).toBe(first);
});
