/**
 * The reference model of a history: ids, and states folded from events.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { createModel, differences } from '../../../src/conformance/histories/model.ts';
import { STATE_MEMBERS } from '../../../src/conformance/judge/interests.ts';
import type { Event } from '../../../src/conformance/probe/event-maker.ts';

let made = 0;
const event = (type: string, data: Record<string, unknown> = {}, minute = 0): Event => ({
  event: type,
  id: `evt_${(made += 1)}`,
  timestamp: `2026-04-06T10:${String(minute).padStart(2, '0')}:00Z`,
  data: { lead_email: 'jane@lead.example', ...data },
});

describe('effects', () => {
  test('an accepted event has exactly one, however often it comes', () => {
    const model = createModel();
    const one = event('email.replied');
    model.delivered(one, true);
    model.delivered(one, true);
    expect(model.expectedEffects(one.id)).toEqual({ min: 1, max: 1 });
  });

  test('an event that was refused and then accepted has exactly one', () => {
    const model = createModel();
    const one = event('email.replied');
    model.delivered(one, false);
    expect(model.expectedEffects(one.id)).toEqual({ min: 0, max: 1 });
    model.delivered(one, true);
    expect(model.expectedEffects(one.id)).toEqual({ min: 1, max: 1 });
  });

  test('an event that was never delivered has none', () => {
    expect(createModel().expectedEffects('evt_forged')).toEqual({ min: 0, max: 0 });
  });
});

describe('states', () => {
  test('are the same in any order', () => {
    const events = [
      event('email.opened', { open_count: 2 }, 1),
      event('email.opened', { open_count: 5 }, 2),
      event('email.replied', { reply_sentiment: 'positive' }, 3),
      event('email.replied', { reply_sentiment: 'negative' }, 4),
      event('email.unsubscribed', { suppressed_globally: false }, 5),
      event('email.bounced', { bounce_type: 'soft' }, 6),
    ];
    for (const order of [events, events.toReversed()]) {
      const model = createModel();
      for (const one of order) model.delivered(one, true);
      expect(model.leads().get('jane@lead.example')).toEqual({
        suppressed: false,
        unsubscribed: true,
        open_count: 5,
        sentiment: 'negative',
        hasLeft: true,
      });
    }
  });

  test('of a lead who has left may be erased, but for that and the suppression', () => {
    const state = { suppressed: true, unsubscribed: true, open_count: 5, sentiment: 'negative' };
    const left = { ...state, hasLeft: true };
    const erased = { known: true, open_count: 0, sentiment: null };
    const differ = (actual: object, expected: typeof state): number =>
      differences({ known: true, ...actual }, expected, STATE_MEMBERS).length;
    expect(differ({ ...erased, suppressed: true, unsubscribed: true }, left)).toBe(0);
    expect(differ({ ...erased, suppressed: false, unsubscribed: false }, left)).toBe(2);
    expect(differ({ ...erased, suppressed: true, unsubscribed: true }, state)).toBe(2);
  });

  test('of a lead whose address is dead may be erased, but for the suppression', () => {
    const model = createModel();
    model.delivered(event('email.replied', { reply_sentiment: 'positive' }, 1), true);
    model.delivered(event('email.bounced', { bounce_type: 'hard' }, 2), true);
    const dead = model.leads().get('jane@lead.example')!;
    const differ = (actual: object): number =>
      differences({ known: true, ...actual }, dead, STATE_MEMBERS).length;
    expect(differ({ suppressed: true, sentiment: null })).toBe(0);
    expect(differ({ suppressed: true, sentiment: 'neutral' })).toBe(1);
    expect(differ({ suppressed: false, sentiment: 'positive' })).toBe(1);
    expect(differences({ known: false }, dead, STATE_MEMBERS)).toEqual([]);
  });

  test('are not known of a lead whose event was refused', () => {
    const model = createModel();
    model.delivered(event('email.opened', { open_count: 1 }), true);
    model.delivered(event('email.bounced', { bounce_type: 'hard' }), false);
    expect(model.leads().size).toBe(0);
  });

  const expected = { suppressed: true, unsubscribed: false, open_count: 3, sentiment: null };

  test('differ by the members that are compared', () => {
    const actual = { known: true, suppressed: false, open_count: 1 };
    expect(differences(actual, expected, ['suppressed'])).toEqual([
      '`suppressed` is false, expected true',
    ]);
    expect(differences(actual, expected, ['unsubscribed', 'sentiment'])).toEqual([]);
  });

  test('of a lead that the receiver does not know are not compared', () => {
    expect(differences({ known: false }, expected, ['suppressed'])).toEqual([]);
  });
});
