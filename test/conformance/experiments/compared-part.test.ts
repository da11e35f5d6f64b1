/**
 * What of a signature is compared, named for every mutant that compares less than all of it.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { MUTANTS } from '../../receivers/mutants/all.ts';
import { examineMutant } from '../run-suite.ts';

test.for([
  ['signature-presence-only', 'Any signature is accepted, whatever it is: only the presence'],
  ['signature-error-swallowed', 'The signature is not compared at all'],
  ['signature-starts-with-8', 'digits 1 to 8 of its 64 digits are compared'],
  ['signature-first-half', 'digits 1 to 32 of its 64 digits are compared'],
  ['signature-second-half', 'digits 33 to 64 of its 64 digits are compared'],
  ['signature-ends-only', 'digits 1 to 8 and 57 to 64 of its 64 digits are compared'],
  ['signature-every-other-digit', '32 of its 64 digits are compared (number 1, 3, 5, …)'],
  ['signature-sum-of-digits', 'compared without their order, as by a sum, an XOR or a set'],
  ['signature-compares-given-length', 'Only part of the signature is compared'],
] as const)('%s: %s', async ([name, cause]) => {
  const mutant = MUTANTS.find((one) => one.name === name)!;
  const { checks } = await examineMutant(mutant, [
    'signature/wrong-digest',
    'signature/partial-compare',
  ]);
  const found = checks.filter(({ status }) => status === 'fail');
  expect(found).toHaveLength(1);
  expect(found[0]?.diagnosis).toContain(cause);
});

test('a report holds nothing that is made from a valid signature', async () => {
  const mutant = MUTANTS.find(({ name }) => name === 'signature-sum-of-digits')!;
  const { checks } = await examineMutant(mutant, ['signature/partial-compare']);
  const [found] = checks.filter(({ id }) => id === 'signature/partial-compare');
  const signatures = found!.exchanges.flatMap(({ request }) =>
    request.headers.filter(([name]) => name === 'X-SendEmAll-Signature'),
  );
  expect(signatures).toEqual([['X-SendEmAll-Signature', 'sha256=<made from the right digest>']]);
});
