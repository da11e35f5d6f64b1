/**
 * The outcome of a run in one line: never green over what was not tested.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { formatOutcome, toneOf } from '../../../src/conformance/reporters/outcome.ts';
import type { CheckResult, Report } from '../../../src/conformance/report.ts';
import { summarise } from '../../../src/conformance/summary.ts';
import { blankResult } from '../blank-result.ts';
import { reportOf } from './mixed.ts';

const passed = blankResult({ id: 'http/reachable', status: 'pass' });
const untested = (id: string, more: Partial<CheckResult> = {}) =>
  blankResult({ id, status: 'not_tested', reason: 'Needs it.', ...more });
const failure = (level: CheckResult['level']) =>
  blankResult({ id: `signature/${level.toLowerCase()}`, status: 'fail', level, actual: 'x' });

const outcomeOf = (checks: readonly CheckResult[], more: Partial<Report> = {}) => {
  const report = reportOf(checks, more);
  return [toneOf(report), formatOutcome(report)];
};

describe('the outcome', () => {
  test('is green only when every MUST passed', () => {
    expect(outcomeOf([passed])).toEqual(['green', 'CONFORMANT, PASSED 1 of 1']);
    expect(outcomeOf([passed, untested('http/a', { level: 'SHOULD' })])).toEqual([
      'green',
      'CONFORMANT, PASSED 1 of 2 · 1 not tested: other reasons (1)',
    ]);
  });

  test('is amber over a MUST that was not tested: it tells which, and how to test more', () => {
    const checks = [
      passed,
      untested('domain/a', { needs: 'state' }),
      untested('delivery/b', { needs: 'effects' }),
      untested('delivery/c', { needs: 'effects' }),
      untested('http/d'),
    ];
    expect(outcomeOf(checks, { next_step: 'add --effects-sink crm to test 2 more' })).toEqual([
      'yellow',
      'PASSED 1 of 5 · 4 not tested: duplicates (2), state (1), other reasons (1) → add --effects-sink crm to test 2 more',
    ]);
  });

  test('is amber over MUST checks that were not selected', () => {
    const summary = summarise([passed], { failOn: 'must', mustsLeftOut: 40 });
    expect(outcomeOf([passed], { summary })).toEqual([
      'yellow',
      'PASSED 1 of 1 · 40 MUST not selected',
    ]);
  });

  test('is amber over a MUST that only the baseline accepts', () => {
    const known = [{ id: 'signature/must', reason: 'until #12' }];
    const more = { baseline: { known, stale: [] } };
    expect(outcomeOf([passed, failure('MUST')], more)).toEqual([
      'yellow',
      'PASSED 1 of 2 · 1 known failure',
    ]);
  });

  test('is red as the exit status is, by the level that fails the run', () => {
    expect(outcomeOf([passed, failure('SHOULD')])).toEqual([
      'green',
      'CONFORMANT, PASSED 1 of 2 · 1 warning (SHOULD)',
    ]);
    expect(outcomeOf([passed, failure('SHOULD')], { fail_on: 'should' })).toEqual([
      'red',
      'FAILED 1 of 2 (1 SHOULD) · 1 passed',
    ]);
    expect(outcomeOf([passed, failure('SHOULD'), failure('MUST'), failure('INFO')])).toEqual([
      'red',
      'FAILED 1 of 4 (1 MUST) · 1 passed · 1 warning (SHOULD) · 1 note (INFO)',
    ]);
    const stale = { baseline: { known: [], stale: [{ id: 'http/reachable', reason: 'x' }] } };
    expect(outcomeOf([passed], stale)).toEqual([
      'red',
      'FAILED: 1 stale in the baseline · 1 passed',
    ]);
  });

  test('of an interrupted run is neither passed nor conformant', () => {
    const cut = { by: 'interruption', budget_ms: null, reached: 9, total: 99 } as const;
    const more = { interrupted: true, cut_off: cut };
    expect(outcomeOf([passed], more)).toEqual(['yellow', 'INTERRUPTED after 9 of 99 · 1 passed']);
    expect(outcomeOf([passed, failure('MUST')], more)).toEqual([
      'red',
      'INTERRUPTED after 9 of 99, 1 failed so far · 1 passed · 1 failed (MUST)',
    ]);
  });

  test('of a run whose time budget is spent says so', () => {
    const cut_off = { by: 'budget', budget_ms: 300_000, reached: 1, total: 2 } as const;
    const left = untested('http/a', { cut_off: 'budget' });
    expect(outcomeOf([passed, left], { cut_off })).toEqual([
      'yellow',
      'INCONCLUSIVE, time budget of 5 min spent after 1 of 2 · 1 passed · 1 not tested: not reached (1)',
    ]);
  });
});
