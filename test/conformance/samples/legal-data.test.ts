/**
 * What the suite derives from the schemas is what the schemas allow.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import { EVENT_SCHEMAS } from '../../../schemas/events.ts';
import {
  completeData,
  newEnumValues,
  optionalVariations,
  valueVariations,
  type Variation,
} from '../../../src/conformance/samples/legal-data.ts';
import { createEventMaker } from '../../../src/conformance/probe/event-maker.ts';

const maker = createEventMaker(
  () => 0.5,
  () => Date.UTC(2026, 3, 6),
);
const fits = ({ type, data }: Variation): boolean =>
  EVENT_SCHEMAS[type].safeParse(maker.make(type, data)).success;

describe('variations of data', () => {
  test('optional members: all, none, and each on its own', () => {
    const names = optionalVariations().map(({ name }) => name);
    expect(names).toContain('email.bounced without bounce_message');
    expect(names).toContain('email.opened without user_agent, ip_country');
    expect(names).toContain('email.replied with lead_name, lead_company');
    expect(optionalVariations().filter((one) => !fits(one))).toEqual([]);
  });

  test('values: every one of a list, both booleans, least and large numbers', () => {
    const named = valueVariations().map(({ field, data }) => `${field} ${String(data[field])}`);
    for (const one of ['positive', 'neutral', 'negative', 'out_of_office', 'unsubscribe']) {
      expect(named).toContain(`reply_sentiment ${one}`);
    }
    expect(named).toContain('bounce_type soft');
    expect(named).toContain('suppressed_globally false');
    expect(named).toContain('open_count 1');
    expect(valueVariations().filter((one) => !fits(one))).toEqual([]);
  });

  test('values that are new: one for every list, and no schema has them yet', () => {
    const fields = newEnumValues('a_value_of_tomorrow').map(({ field }) => field);
    expect(fields).toEqual(['reply_sentiment', 'bounce_type']);
    expect(newEnumValues('a_value_of_tomorrow').filter(fits)).toEqual([]);
  });

  test('every type but the plainest has something to vary', () => {
    const varied = new Set([...optionalVariations(), ...valueVariations()].map(({ type }) => type));
    expect([...varied].toSorted()).toEqual(EVENT_TYPES.toSorted());
  });

  test('are these', () => {
    const describeReply = ({ type, field, name, data }: Variation): string =>
      `${type} | ${field} | ${name} | ${JSON.stringify(data, (_, value: unknown) => value ?? (value === null ? null : '(left out)'))}`;
    expect(optionalVariations().map(describeReply)).toMatchSnapshot();
    expect(valueVariations().map(describeReply)).toMatchSnapshot();
    expect(newEnumValues('a_value_of_tomorrow').map(describeReply)).toMatchSnapshot();
    expect(EVENT_TYPES.map((type) => [type, completeData(type)])).toMatchSnapshot();
  });
});
