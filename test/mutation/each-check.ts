/**
 * Each check by itself: the model receiver passes it, and each of its mutants fails it. Says no more than the self-test
 * does, but says it of one check at a time: a change to a check's code is tried against few receivers, not against all.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { isActive } from '../../src/conformance/check.ts';
import { examine, examineMutant, SECRET } from '../conformance/lab.ts';
import { ModelReceiver } from '../receivers/model/receiver.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';

/** Those that only look have nothing to look at alone. */
describe.each(CATALOGUE.filter(isActive))('$id', ({ id, catches }) => {
  test('passes for the model', async () => {
    await using receiver = new ModelReceiver(SECRET);
    await receiver.start();
    const { checks } = await examine(receiver, [id]);
    expect(checks.map(({ status, actual }) => ({ status, actual }))).toEqual([
      { status: 'pass', actual: null },
    ]);
  });

  test.for(catches)('fails for %s', async (name) => {
    const mutant = MUTANTS.find((one) => one.name === name)!;
    const { checks } = await examineMutant(mutant, [id]);
    expect(checks.map(({ status }) => status)).toEqual(['fail']);
    const [{ actual, expected, diagnosis, fix }] = checks as [(typeof checks)[0]];
    for (const told of [actual, diagnosis, fix, ...expected]) expect(told).toMatch(/\S/);
  });
});
