/**
 * Each check by itself: the model receiver passes it, and each of its mutants fails it. Says no more than the self-test
 * does, but says it of one check at a time: a change to a check's code is tried against few receivers, not against all.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { isActive } from '../../src/conformance/check.ts';
import type { CheckResult, Report } from '../../src/conformance/report.ts';
import { examine, examineMutant, SECRET } from '../conformance/lab.ts';
import { ModelReceiver } from '../receivers/model/receiver.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';

/** Without those that open its gate, or vouch for a hook. */
const own = (id: string, { checks }: Report): readonly CheckResult[] =>
  checks.filter((check) => check.id === id);

/**
 * Those that only look have nothing to look at alone. Figures say nothing while two runs share the machine: what judges
 * them is tried by `test/conformance/verdicts.test.ts`.
 */
const alone = CATALOGUE.filter(isActive).filter(({ id }) => !id.startsWith('performance/'));

/** The receiver calls the sandbox, or nobody answers. */
const WITHOUT_EXCHANGE = /^(delivery\/recovery-|http\/reachable$)/;

describe.each(alone)('$id', ({ id, catches }) => {
  test('passes for the model', async () => {
    await using receiver = new ModelReceiver(SECRET);
    await receiver.start();
    const checks = own(id, await examine(receiver, [id]));
    expect(checks.map(({ status, actual }) => ({ status, actual }))).toEqual([
      { status: 'pass', actual: null },
    ]);
  });

  test.for(catches)('fails for %s', async (name) => {
    const mutant = MUTANTS.find((one) => one.name === name)!;
    const checks = own(id, await examineMutant(mutant, [id]));
    expect(checks.map(({ status }) => status)).toEqual(['fail']);
    const [{ actual, expected, diagnosis, fix, exchanges }] = checks as readonly [CheckResult];
    expect(expected).not.toHaveLength(0);
    if (!WITHOUT_EXCHANGE.test(id)) expect(exchanges).not.toHaveLength(0);
    for (const told of [actual, diagnosis, fix, ...expected]) expect(told).toMatch(/\S/);
  });
});
