/**
 * How classes are packed into events.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import { WebhookEvent } from '../../../schemas/events.ts';
import { valueAt, withChanges } from '../../../src/conformance/explore/case.ts';
import { fieldsOf } from '../../../src/conformance/explore/fields.ts';
import { sharedCases, singleCases } from '../../../src/conformance/explore/pack.ts';
import { randomCases } from '../../../src/conformance/explore/random-values.ts';
import { createEventMaker } from '../../../src/conformance/probe/event-maker.ts';
import { seededRandom } from '../../../src/domain/random.ts';

const { make } = createEventMaker(seededRandom(1), () => Date.parse('2026-11-29T15:16:17Z'));

test.each([sharedCases, singleCases])('every class of a level is sent of every field', (pack) => {
  const cases = pack('MUST', seededRandom(3));
  const sent = new Set(
    cases.flatMap(({ changes }) => changes.map(({ field, name }) => `${field.name} ${name}`)),
  );
  const missing = EVENT_TYPES.flatMap((type) =>
    fieldsOf(type).flatMap(({ name, classes }) =>
      classes
        .filter(({ level, phrase }) => level === 'MUST' && !sent.has(`${name} ${phrase}`))
        .map(({ phrase }) => `${name} ${phrase}`),
    ),
  );
  expect(missing).toEqual([]);
});

test('addresses of every form are sent with every type that has one', () => {
  const cases = sharedCases('MUST', seededRandom(3));
  const types = cases
    .filter(({ changes }) => changes.some(({ name }) => name === 'contains an apostrophe'))
    .map(({ type }) => type);
  expect(new Set(types).size).toBeGreaterThanOrEqual(7);
});

test('the first events have seen every type', () => {
  const first = sharedCases('MUST', seededRandom(3)).slice(0, 40);
  expect(new Set(first.map(({ type }) => type)).size).toBe(EVENT_TYPES.length);
});

test('the same seed packs the same', () => {
  const written = (seed: number): string =>
    JSON.stringify(
      sharedCases('SHOULD', seededRandom(seed)).map(({ type, changes }) => [
        type,
        changes.map(({ name }) => name),
      ]),
    );
  expect(written(5)).toBe(written(5));
  expect(written(5)).not.toBe(written(6));
});

test('changes of one field build on each other', () => {
  const field = fieldsOf('email.replied').find(({ name }) => name === 'reply_preview')!;
  const add = (text: string) => ({
    field,
    name: text,
    level: 'MUST' as const,
    make: (plain: unknown) => `${String(plain)}${text}`,
  });
  const event = withChanges(make('email.replied', { reply_preview: 'a' }), [add('b'), add('c')]);
  expect(valueAt(event, field.path)).toBe('abc');
});

test('random events are valid, and the same for the same seed', () => {
  const events = randomCases(60, 7).map(({ type, changes }) => withChanges(make(type), changes));
  for (const event of events) {
    expect(WebhookEvent.safeParse(event).error?.message, JSON.stringify(event)).toBeUndefined();
  }
  const data = (seed: number) =>
    randomCases(10, seed).map(({ changes }) =>
      changes.map(({ make: build }) => build('lead@a.example')),
    );
  expect(data(7)).toEqual(data(7));
  expect(data(7)).not.toEqual(data(8));
});
