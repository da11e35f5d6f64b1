/**
 * The self-test can fail: it reports a check that misses, an unrelated failure, and a false alarm.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { ModelReceiver } from '../receivers/model/receiver.ts';
import { SIGNATURE_MUTANTS } from '../receivers/mutants/signature.ts';
import { judgeMutant, judgeReference } from './judge.ts';
import { examineMutant } from './run-suite.ts';

const ONLY = ['signature/accepts-valid', 'signature/missing-header'];
const mutant = SIGNATURE_MUTANTS.find(({ name }) => name === 'signature-missing-accepted')!;
const problems = (...fragments: string[]) => fragments.map((one) => expect.stringContaining(one));

test('a mutant that no check catches is reported', async () => {
  const harmless = { ...mutant, make: (secret: string) => new ModelReceiver(secret) };
  const report = await examineMutant(harmless, ONLY);
  expect(judgeMutant(harmless, report)).toEqual(
    problems('not caught by signature/missing-header (MUST) pass'),
  );
});

test('an unrelated MUST failure is reported, unless the mutant lists it', async () => {
  const report = await examineMutant(mutant, ONLY);
  const stranger = { ...mutant, name: 'signature-stranger' };
  expect(judgeMutant(stranger, report)).toEqual(
    problems('nothing to do with it: signature/missing-header (MUST) fail'),
  );
  expect(
    judgeMutant({ ...stranger, also: { 'signature/missing-header': 'it is' } }, report),
  ).toEqual([]);
  expect(judgeMutant(mutant, report)).toEqual([]);
});

test('a failing reference receiver is reported, and so is an internal error of the suite', async () => {
  const report = await examineMutant(mutant, ONLY);
  expect(judgeReference(report)).toEqual(problems('false alarm: signature/missing-header'));
  const trouble = report.checks.map((check) => ({ ...check, status: 'error' as const }));
  expect(judgeReference({ ...report, checks: trouble })).toHaveLength(report.checks.length);
});
