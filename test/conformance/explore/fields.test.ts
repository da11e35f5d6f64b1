/**
 * The catalogue of input classes: what it says of each class holds for the values that it makes.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import { WebhookEvent } from '../../../schemas/events.ts';
import { EVENT_EXAMPLES } from '../../../schemas/examples.ts';
import { valueAt, withChanges } from '../../../src/conformance/explore/case.ts';
import { fieldsOf, inputCatalogue, type Field } from '../../../src/conformance/explore/fields.ts';
import { MAY_COME, type InputClass } from '../../../src/conformance/explore/input-class.ts';
import { changeTo } from '../../../src/conformance/explore/pack.ts';
import { createEventMaker, type Event } from '../../../src/conformance/probe/event-maker.ts';
import { seededRandom } from '../../../src/domain/random.ts';

const NOW = Date.parse('2026-11-29T15:16:17Z');
const { make } = createEventMaker(seededRandom(1), () => NOW);

const with_ = (type: EventType, field: Field, one: InputClass): Event =>
  withChanges(make(type), [changeTo(field, one)]);

describe.each(EVENT_TYPES)('%s', (type) => {
  const fields = fieldsOf(type);

  test('every member of the example is a field', () => {
    const [{ data }] = EVENT_EXAMPLES[type];
    const names = fields.map(({ path }) => path[1] ?? '');
    expect(names).toEqual(expect.arrayContaining(Object.keys(data)));
  });

  test('a class holds for the value that it makes, and has a name of its own', () => {
    for (const field of fields) {
      const names = field.classes.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      if (field.meaning === 'order') continue;
      for (const one of field.classes) {
        const value = valueAt(with_(type, field, one), field.path);
        expect(one.holds(value), `${field.name} ${one.name} ${JSON.stringify(value)}`).toBe(true);
      }
    }
  });

  test('what is MUST or SHOULD, but for what may come, the schema allows', () => {
    for (const field of fields) {
      for (const one of field.classes) {
        if (one.level === 'INFO' || one.reason === MAY_COME) continue;
        const event = with_(type, field, one);
        const problem = WebhookEvent.safeParse(event).error?.message;
        expect(problem, `${field.name} ${one.name}`).toBeUndefined();
      }
    }
  });
});

test('the same value is of one level in all types', () => {
  const levels = new Map<string, Set<string>>();
  for (const { field, name, level } of inputCatalogue()) {
    const key = `${field} ${name}`;
    levels.set(key, new Set([...(levels.get(key) ?? []), level]));
  }
  expect([...levels].filter(([, found]) => found.size > 1)).toEqual([]);
});

test('a class that adds leaves the rest of the value', () => {
  const field = fieldsOf('email.replied').find(({ name }) => name === 'reply_preview')!;
  const adding = field.classes.filter(({ adds }) => adds === true);
  expect(adding.length).toBeGreaterThan(40);
  for (const one of adding) {
    const all = [...String(one.make('Thanks for it'))].join('');
    expect(all).toContain(' for it');
    expect(all.startsWith('Thanks')).toBe(true);
  }
});

test('the clock of a class of times is that of the day before', () => {
  const field = fieldsOf('email.sent').find(({ name }) => name === 'timestamp')!;
  const noon = field.classes.find(({ name }) => name === 'noon')!;
  expect(noon.make('2026-03-01T15:16:17Z')).toBe('2026-02-28T12:00:00Z');
  const leap = field.classes.find(({ name }) => name === 'leap-day')!;
  expect(leap.make('2026-11-29T15:16:17Z')).toBe('2024-02-29T10:20:30Z');
});
