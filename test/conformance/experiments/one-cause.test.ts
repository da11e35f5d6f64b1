/**
 * Checks that meet one fault report it once: what forgeries have in common, and what experiments on events have shown.
 *
 * @module
 */
import { expect, test } from 'vitest';
import type { CheckResult } from '../../../src/conformance/report.ts';
import { MUTANTS } from '../../receivers/mutants/all.ts';
import { examineMutant } from '../run-suite.ts';

const FORGERIES = [
  'signature/missing-header',
  'signature/malformed',
  'signature/duplicate-headers',
  'signature/partial-compare',
  'signature/refuses-with-4xx',
  'signature/deep-nesting',
  'signature/parse-before-verify',
  'http/empty-body',
];

const findingsOf = async (
  name: string,
  only: readonly string[],
): Promise<readonly CheckResult[]> => {
  const mutant = MUTANTS.find((one) => one.name === name)!;
  const { checks } = await examineMutant(mutant, only);
  return checks.filter(({ status, level }) => status === 'fail' && level !== 'INFO');
};

test.for([
  [
    'signature-malformed-accepted',
    'signature/malformed',
    'The receiver accepts every signature that is not sha256= and 64 hex digits',
    ['signature/duplicate-headers', 'signature/partial-compare'],
  ],
  [
    'signature-length-throws',
    'signature/malformed',
    'The receiver fails on every signature of another length than the correct one',
    ['signature/duplicate-headers'],
  ],
  [
    'signature-missing-throws',
    'signature/missing-header',
    'The receiver fails on every request without a signature',
    ['signature/deep-nesting', 'http/empty-body'],
  ],
  [
    'signature-forgery-answered-500',
    'signature/refuses-with-4xx',
    'The receiver fails on every forged request',
    ['signature/deep-nesting', 'signature/parse-before-verify', 'http/empty-body'],
  ],
  [
    'http-empty-throws',
    'http/empty-body',
    'The receiver fails on every forged request without a body',
    ['signature/parse-before-verify'],
  ],
] as const)('%s is one finding, of %s', async ([name, id, cause, decides]) => {
  const found = await findingsOf(name, FORGERIES);
  expect(found.map((one) => one.id)).toEqual([id]);
  expect(found[0]?.diagnosis).toContain(`${cause}: one that is otherwise plain gets`);
  expect(found[0]?.decides).toEqual(decides);
});

test.for([
  [
    'content-unknown-field-dropped',
    ['content/generated-rare', 'content/unknown-field'],
    'with a new member',
  ],
  [
    'content-limit-16k',
    ['content/generated-rare', 'content/size-limit'],
    'whose body is larger than 16,384 bytes',
  ],
  [
    'content-short-column',
    ['content/generated', 'content/long-preview'],
    'is longer than 255 characters',
  ],
  [
    'http-redirects-some',
    ['content/event-types', 'http/no-redirect'],
    'Redirects every `campaign.completed` event',
  ],
  [
    'delivery-drops-older-of-lead',
    ['delivery/out-of-order', 'domain/unsub-wins'],
    'older than the newest one of its lead',
  ],
] as const)('%s is one finding, whichever of %s meets it', async ([name, only, cause]) => {
  const found = await findingsOf(name, only);
  expect(found).toHaveLength(1);
  expect([found[0]!.id, ...found[0]!.decides].toSorted()).toEqual(only.toSorted());
  expect(found[0]?.diagnosis).toContain(cause);
});

test('faults with different causes stay two findings', async () => {
  const found = await findingsOf('signature-nesting-throws', FORGERIES);
  expect(found.map(({ id }) => id)).toContain('signature/deep-nesting');
  expect(found.map(({ decides }) => decides)).toEqual(found.map(() => []));
});
