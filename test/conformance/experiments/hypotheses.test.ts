/**
 * Induction from values that were accepted and refused.
 *
 * @module
 */
import { expect, test } from 'vitest';
import {
  rankHypotheses,
  type Observation,
} from '../../../src/conformance/experiments/hypotheses.ts';
import { fieldsOf, type Field } from '../../../src/conformance/explore/fields.ts';

const field = (name: string): Field =>
  [...fieldsOf('email.replied'), ...fieldsOf('email.opened')].find((one) => one.name === name)!;

const seen = (good: readonly unknown[], bad: readonly unknown[]): readonly Observation[] => [
  ...good.map((value) => ({ value, isBad: false, level: 'MUST' as const })),
  ...bad.map((value) => ({ value, isBad: true, level: 'MUST' as const })),
];

const best = (name: string, good: readonly unknown[], bad: readonly unknown[]): string => {
  const [first] = rankHypotheses(field(name), seen(good, bad), bad[0], 0);
  return first!.hypothesis.phrase;
};

test.each([
  ['reply_preview', ['fine', 'so so'], ['50% off', '%s', 'x %2F'], 'contains a percent sign'],
  ['lead_name', ['Sarah Chen'], ['Cher', 'Bono'], 'is a single word'],
  [
    'lead_name',
    ['Sarah Chen'],
    ['Cher', 'Mary Jane Watson'],
    'does not have exactly 2 words, such as a single word',
  ],
  ['lead_email', ['a.b@c.example'], ["o'b@c.example", "x'y@d.example"], 'contains an apostrophe'],
  ['ip_country', ['US', 'DE'], ['XK', 'AQ'], 'is one of "XK", "AQ"'],
  [
    'user_agent',
    ['Mozilla (X11)', 'Opera (Mac)', 'Edge (Win)'],
    ['curl/8 on Linux', 'wget 1'],
    'does not contain "("',
  ],
  ['sequence_step', [1, 2, 3], [20, 100], 'is greater than 3'],
])('%s: accepted %j, refused %j: %s', (name, good, bad, phrase) => {
  expect(best(name, good, bad)).toBe(phrase);
});

test('a hypothesis that an accepted value contradicts comes after one that none does', () => {
  const ranked = rankHypotheses(
    field('reply_preview'),
    seen(["it's fine"], ["it's 50%"]),
    "it's 50%",
    0,
  );
  const place = (phrase: string): number =>
    ranked.findIndex(({ hypothesis }) => hypothesis.phrase === phrase);
  expect(place('contains a percent sign')).toBe(0);
  expect(place('contains an apostrophe')).toBeGreaterThan(0);
  expect(ranked[place('contains an apostrophe')]?.exceptions).toBe(1);
});
