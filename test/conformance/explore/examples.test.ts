/**
 * Saved events: from a list, a single one, or a JSON report.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { readExamples } from '../../../src/conformance/explore/examples.ts';

const event = { event: 'email.replied', id: 'evt_1', timestamp: '2026-01-01T00:00:00Z', data: {} };

const check = (status: string, ...bodies: (string | null)[]) => ({
  status,
  exchanges: bodies.map((body) => ({ request: { body } })),
});

test('one event, and a list', () => {
  expect(readExamples(event, 'f.json')).toEqual([event]);
  expect(readExamples([event, { ...event, id: 'evt_2' }], 'f.json')).toHaveLength(2);
});

test('a report gives the last request of each failure, if it is a whole event', () => {
  const text = JSON.stringify(event);
  const checks = [
    check('fail', 'other', text),
    check('pass', text),
    check('fail', `${text.slice(0, 9)}… (first 9 of 90 bytes)`),
    check('fail', null),
    check('fail'),
  ];
  expect(readExamples({ checks }, 'f.json')).toEqual([event]);
});

test('anything else is rejected, with its place', () => {
  expect(() => readExamples([event, { ...event, data: 1 }], 'f.json')).toThrow(
    /^Invalid examples in f\.json at \[1\]\.data: /,
  );
  expect(() => readExamples('x', 'f.json')).toThrow(/It must be an event, a list of events, or/);
});
