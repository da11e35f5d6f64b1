/**
 * Levels follow one rule: a MUST rests on a sentence of the guide or on what is sent today.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';

/** The guide's sections that say something about receivers. */
const SECTIONS = [
  'What webhooks do',
  'Supported events',
  'Step 1: Register your endpoint',
  'Step 2: Verify the signature',
  'Step 3: Handle retries',
  'Payload examples',
  'email.replied',
  'email.bounced',
  'Pause campaign on bounce spike',
  'Error handling best practices',
  'Respond fast',
  'Dead letter recovery',
];

/** What may come one day, and is neither documented nor sent today. */
const WHAT_MAY_COME = [
  'content/long-preview',
  'content/size-limit',
  'content/unknown-enum',
  'content/unknown-event',
  'content/unknown-field',
];

describe.each(CATALOGUE)('$id', ({ requirement: { text, source } }) => {
  const sections = [...source.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);

  test('says what is required, and names where that stands', () => {
    expect(text).toMatch(/\w/);
    expect(source).toMatch(/^guide, "|^sent today: |^spec\/\w|^RFC \d/);
  });

  test('names sections that the guide has', () => {
    const known = (name: string): boolean =>
      SECTIONS.some((section) => name === section || name.startsWith(`${section}: `));
    expect(sections.filter((name) => !known(name))).toEqual([]);
  });
});

test.each(CATALOGUE.filter(({ level }) => level === 'MUST'))(
  '$id is a MUST, so it rests on the guide or on what is sent today',
  ({ requirement: { source } }) => {
    expect(source).toMatch(/guide, "|sent today: /);
  },
);

test.each(WHAT_MAY_COME)('%s is about what may come, so it is a SHOULD', (id) => {
  expect(CATALOGUE.find((check) => check.id === id)?.level).toBe('SHOULD');
});
