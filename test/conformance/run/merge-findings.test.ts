/**
 * One cause, one finding.
 *
 * @module
 */
import { expect, test } from 'vitest';
import type { CheckResult } from '../../../src/conformance/report.ts';
import { mergeFindings, type Cause } from '../../../src/conformance/run/merge-findings.ts';
import { blankResult } from '../blank-result.ts';

const failed = (id: string, level: CheckResult['level'] = 'MUST'): CheckResult =>
  blankResult({ id, level, status: 'fail', actual: 'it failed' });

const causes: Readonly<Record<string, Cause>> = {
  'http/a': { key: 'lost', isOwn: false },
  'delivery/b': { key: 'lost', isOwn: true },
  'delivery/c': { key: 'other', isOwn: true },
};

const merged = (...results: readonly CheckResult[]) =>
  mergeFindings(results, (id) => causes[id]).map(({ id, status, reason }) => ({
    id,
    status,
    reason,
  }));

test('of failures with the same cause, the one whose experiment it was stays', () => {
  expect(merged(failed('http/a'), failed('delivery/b'), failed('delivery/c'))).toEqual([
    { id: 'http/a', status: 'not_tested', reason: 'Explained by delivery/b: the same cause.' },
    { id: 'delivery/b', status: 'fail', reason: null },
    { id: 'delivery/c', status: 'fail', reason: null },
  ]);
});

test('the most severe stays, whoever has shown the cause', () => {
  const [first, second] = merged(failed('http/a'), failed('delivery/b', 'SHOULD'));
  expect(first).toMatchObject({ status: 'fail' });
  expect(second).toMatchObject({ status: 'not_tested' });
});

test('failures without a known cause stay, and so do results that are no failure', () => {
  const passed = { ...failed('http/a'), status: 'pass' as const };
  expect(merged(passed, failed('signature/z'), failed('delivery/b'))).toMatchObject([
    { status: 'pass' },
    { status: 'fail' },
    { status: 'fail' },
  ]);
});
