/**
 * The hook that would make most of the untested checks testable.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import { isActive } from '../../../src/conformance/check.ts';
import type { Hook } from '../../../src/conformance/needs.ts';
import { nextStepOf } from '../../../src/conformance/run/next-step.ts';

/** Results of checks that lack a hook, as the runner gives them: the first hook that is missing. */
const resultsWithout = (hooks: ReadonlySet<Hook>) =>
  CATALOGUE.flatMap((check) => {
    const missing = isActive(check) ? (check.needs ?? []).find((hook) => !hooks.has(hook)) : null;
    return [{ id: check.id, needs: missing ?? null }];
  });

const stepWith = (...hooks: Hook[]) => {
  const given = new Set(hooks);
  return nextStepOf(CATALOGUE, resultsWithout(given), (hook) => given.has(hook));
};

test('it is the need of most checks that lack nothing else', () => {
  const needing = CATALOGUE.filter(
    (check) => isActive(check) && check.needs?.length === 1 && check.needs[0] === 'effects',
  );
  expect(stepWith()).toEqual({ need: 'effects', checks: needing.length });
});

test('a check that lacks two hooks is not promised by one', () => {
  const alone = CATALOGUE.filter(
    (check) => isActive(check) && (check.needs ?? []).join() === 'restart',
  ).length;
  const both = CATALOGUE.filter(
    (check) => isActive(check) && check.needs?.includes('restart') === true,
  ).length;
  expect(both).toBeGreaterThan(alone);
  const step = nextStepOf(
    CATALOGUE,
    CATALOGUE.filter((check) => isActive(check) && check.needs?.includes('restart') === true).map(
      ({ id }) => ({ id, needs: 'restart' as const }),
    ),
    () => false,
  );
  expect(step?.checks ?? 0).toBe(alone);
});

test('no step is suggested when nothing is missing', () => {
  expect(stepWith('effects', 'state', 'fault', 'restart', 'recovery', 'campaign')).toBeNull();
});
