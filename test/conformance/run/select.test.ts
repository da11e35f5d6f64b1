/**
 * Which checks run, and which known failures are let pass.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { compareWithBaseline, readBaseline } from '../../../src/conformance/run/baseline.ts';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import type { CheckResult } from '../../../src/conformance/report.ts';
import { planChecks, selectChecks } from '../../../src/conformance/run/select.ts';

const idsOf = (checks: readonly { readonly id: string }[]): readonly string[] =>
  checks.map(({ id }) => id);
const all = idsOf(CATALOGUE);

describe('selected are', () => {
  test.each([
    [{}, all],
    [{ only: ['signature/*'] }, all.filter((id) => id.startsWith('signature/'))],
    [{ only: ['delivery/dup-seq'] }, ['delivery/dup-seq']],
    [{ only: ['delivery/dup-s?q'] }, ['delivery/dup-seq']],
    [{ only: ['*/dup-seq'] }, ['delivery/dup-seq']],
    [{ skip: ['signature/*'] }, all.filter((id) => !id.startsWith('signature/'))],
    [{ only: ['delivery/dup-*'], skip: ['*-race', '*-accepted'] }, ['delivery/dup-seq']],
  ])('with %j', (selection, ids) => {
    expect(idsOf(selectChecks(CATALOGUE, selection))).toEqual(ids);
  });

  test.each([
    [{ only: ['dup-seq'] }, 'only "dup-seq" matches no check'],
    [{ only: ['delivery/dup-seq', 'nothing'] }, 'only "nothing" matches no check'],
    [{ only: ['delivery.dup-seq'] }, 'only "delivery.dup-seq" matches no check'],
    [{ only: ['delivery/dup-se'] }, 'only "delivery/dup-se" matches no check'],
    [{ only: ['elivery/dup-seq'] }, 'only "elivery/dup-seq" matches no check'],
    [{ only: ['(delivery|http)/*'] }, 'only "(delivery|http)/*" matches no check'],
    [{ skip: ['nothing'] }, 'skip "nothing" matches no check'],
    [{ only: ['http/*'], skip: ['*'] }, 'select no check'],
  ])('none with %j', (selection, told) => {
    expect(() => selectChecks(CATALOGUE, selection)).toThrow(told);
  });
});

describe('with what is selected runs what it rests on', () => {
  const ran = (only: readonly string[], skip: readonly string[], hooks: readonly string[]) => {
    const plan = planChecks(CATALOGUE, { only, skip }, (hook) => hooks.includes(hook));
    return idsOf(plan.checks);
  };
  const gates = ['signature/accepts-valid', 'http/reachable'];

  test('the gates, whatever is selected', () => {
    expect(ran(['content/long-preview'], [], []).toSorted()).toEqual(
      [...gates, 'content/long-preview'].toSorted(),
    );
  });

  test('includes the check that validates effects, if there is an effects hook', () => {
    expect(ran(['content/long-preview'], [], ['effects', 'state'])).toContain(
      'delivery/effects-probe',
    );
    expect(ran(['content/long-preview'], [], ['state'])).not.toContain('delivery/effects-probe');
  });

  test('includes the check that validates another hook, if a selected check needs the hook', () => {
    expect(ran(['delivery/mark-before-success'], [], ['effects', 'fault'])).toContain(
      'delivery/fault-probe',
    );
    expect(ran(['delivery/dup-seq'], [], ['effects', 'fault'])).not.toContain(
      'delivery/fault-probe',
    );
    expect(ran(['delivery/mark-before-success'], [], ['effects'])).not.toContain(
      'delivery/fault-probe',
    );
  });

  test('but not what is skipped', () => {
    const left = ran(
      ['delivery/mark-before-success'],
      ['http/reachable', 'delivery/fault-probe'],
      ['effects', 'fault'],
    );
    expect(left).not.toContain('http/reachable');
    expect(left).not.toContain('delivery/fault-probe');
    expect(left).toContain('delivery/mark-before-success');
  });
});

describe('a baseline', () => {
  const read = (given: unknown) => readBaseline(given, 'known.json', CATALOGUE);
  const entry = { id: 'delivery/dup-seq', reason: 'until the queue is replaced' };

  test('is what it says', () => {
    expect(read({ known: [entry] })).toEqual([entry]);
    expect(read({ $schema: './baseline.schema.json', known: [] })).toEqual([]);
  });

  test.each<[unknown, string]>([
    [null, 'root: '],
    [[], 'root: '],
    [{}, 'known: '],
    [{ known: [{ id: 'delivery/dup-seq' }] }, 'known[0] has no reason'],
    [{ known: [entry, { ...entry, reason: ' ' }] }, 'known[1] has no reason'],
    [{ known: [{ ...entry, id: 7 }] }, 'known[0].id: '],
    [{ known: [{ ...entry, id: '' }] }, 'known[0].id: '],
    [{ known: [], unknown: [] }, 'unknown key "unknown"'],
    [{ known: [{ ...entry, till: 1 }] }, 'unknown key "till"'],
    [{ known: [entry, { ...entry, reason: 'again' }] }, 'duplicate entry delivery/dup-seq'],
    [{ known: [{ ...entry, id: 'delivery/gone' }] }, 'unknown check delivery/gone'],
  ])('rejects %j', (given, told) => {
    expect(() => read(given)).toThrow('Invalid baseline known.json: ');
    expect(() => read(given)).toThrow(told);
  });

  test('is stale where a check has passed, known where it failed, and else left alone', () => {
    const result = (id: string, status: CheckResult['status']) => ({ id, status }) as CheckResult;
    const known = ['failed', 'passed', 'skipped', 'broken'].map((name) => ({
      id: `http/${name}`,
      reason: 'x',
    }));
    const [failed, passed] = known;
    expect(
      compareWithBaseline(
        [
          result('http/failed', 'fail'),
          result('http/passed', 'pass'),
          result('http/skipped', 'not_tested'),
          result('http/broken', 'error'),
          result('http/other', 'fail'),
        ],
        known,
      ),
    ).toEqual({ known: [failed], stale: [passed] });
  });
});
