/**
 * What one event does to another: its failure, its repeat at the same moment; and types that are taken for another.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { MUTANTS } from '../../receivers/mutants/all.ts';
import { examineMutant } from '../run-suite.ts';

test.for([
  [
    'delivery-failure-forgets-ids',
    'delivery/other-failed',
    'A repeat of an event that was processed before takes effect again (2 effects) once the processing of another event has failed',
  ],
  [
    'delivery-failure-skips-mark',
    'delivery/other-failed',
    'what the failure leaves behind keeps the id',
  ],
  [
    'delivery-failure-marks-with-next',
    'delivery/other-failed',
    'is taken for a repeat and lost once another event has been processed in between',
  ],
  [
    'delivery-neighbours-forgotten',
    'delivery/beside-repeat',
    'An event that arrives at the same moment as a repeat of another event is not remembered',
  ],
  ['content-type-prefix', 'content/similar-type', 'is handled as `email.opened`'],
  ['content-type-suffix', 'content/similar-type', '`email.pre_unsubscribed` is handled as'],
  ['content-type-word', 'content/similar-type', 'compared by a part of its name'],
] as const)('%s, by %s: %s', async ([name, id, cause]) => {
  const mutant = MUTANTS.find((one) => one.name === name)!;
  const { checks } = await examineMutant(mutant, [id]);
  const found = checks.filter(({ status, level }) => status === 'fail' && level !== 'INFO');
  expect(found.map((one) => one.id)).toEqual([id]);
  expect(found[0]?.diagnosis).toContain(cause);
});
