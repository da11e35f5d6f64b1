/**
 * The filter language: what it matches, what it suggests, what it says about mistakes.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { ListedDelivery } from '../../schemas/sandbox.ts';
import { indexedPart, matches, parseFilter, suggest } from '../../src/deliveries/filter.ts';

const row = (delivery: Partial<ListedDelivery> = {}): ListedDelivery => ({
  id: 'dlv_1',
  event_id: 'evt_1',
  event: 'email.replied',
  webhook_id: 'whk_1',
  url: 'http://localhost:3000/hooks',
  status: 'dead',
  attempts_made: 4,
  created_at: '2026-04-06T12:00:00.000Z',
  next_attempt_at: null,
  settled_at: '2026-04-06T12:35:30.000Z',
  redelivery_of: null,
  last_outcome: 'non_2xx',
  last_error: 'answered 401 Unauthorized',
  last_status_code: 401,
  signature_mode: 'valid',
  lead_email: 'sarah@acme.example',
  last_fault: null,
  ...delivery,
});

const isMatch = (text: string, one: ListedDelivery = row()): boolean =>
  matches(parseFilter(text), one);

describe('a term matches', () => {
  test.each([
    '',
    'status:dead',
    'status:delivered,dead',
    'status:d*',
    '-status:delivered',
    'event:email.*',
    'event:EMAIL.replied',
    'lead:sarah@',
    'why:401',
    'why:non_2xx',
    'webhook:whk_1',
    'webhook:localhost:3000',
    'id:evt_1',
    'is:failed',
    'attempts>2',
    'attempt>2',
    'attempts>=4 attempts<=4 attempts:4 attempts=4',
    '"answered 401"',
    'ACME',
    'status:dead event:email.* lead:sarah@ attempts>2 "answered 401" -is:forged',
  ])('%s', (text) => {
    expect(parseFilter(text).problems).toEqual([]);
    expect(isMatch(text)).toBe(true);
  });
});

describe('a term does not match', () => {
  test.each([
    'status:delivered',
    '-status:dead',
    'event:campaign.*',
    'event:email',
    'lead:mike',
    'is:forged',
    'is:redelivery',
    'is:open',
    'is:faulty',
    'attempts<4',
    '"answered  401"',
    'status:dead lead:mike',
  ])('%s', (text) => {
    expect(isMatch(text)).toBe(false);
  });
});

test('what a delivery is: forged, a redelivery, open, faulty', () => {
  expect(isMatch('is:forged', row({ signature_mode: 'wrong' }))).toBe(true);
  expect(isMatch('is:forged', row({ last_fault: 'missing_signature' }))).toBe(true);
  expect(isMatch('is:forged', row({ last_fault: 'delay' }))).toBe(false);
  expect(isMatch('is:redelivery', row({ redelivery_of: 'dlv_0' }))).toBe(true);
  expect(isMatch('is:open', row({ status: 'pending' }))).toBe(true);
  expect(isMatch('is:faulty why:tampered', row({ last_fault: 'tampered_body' }))).toBe(true);
});

test('a mistake is named with its remedy, and the rest of the filter still applies', () => {
  const filter = parseFilter('colour:red status:dead status:ded attempts>many lead>5');
  expect(filter.problems).toEqual([
    'Unknown key "colour". Known keys: status, event, lead, why, webhook, id, is, attempts.',
    'Unknown value "ded" of status. Known values: pending, in_flight, delivered, dead, acknowledged, cancelled.',
    'attempts needs a number: attempts>2.',
    'lead cannot be compared. Write lead:value.',
  ]);
  expect(filter.terms).toHaveLength(1);
  expect(filter.text).toBe('status:dead');
});

test('never fails, whatever is typed', () => {
  for (const text of [
    '"',
    '-',
    ':',
    'status:',
    '-:',
    '"a',
    'a"b',
    '(*+?[',
    'lead:*(',
    '\u0000',
    '-"',
  ]) {
    expect(() => isMatch(text), text).not.toThrow();
  }
});

test('a store can look up exact types and statuses', () => {
  expect(indexedPart(parseFilter('status:dead event:email.sent lead:x'))).toEqual({
    status: 'dead',
    event: 'email.sent',
  });
  const none = { status: undefined, event: undefined };
  expect(indexedPart(parseFilter('-status:dead event:email.*'))).toEqual(none);
  expect(indexedPart(parseFilter('status:dead,pending'))).toEqual(none);
});

test('completes keys, then values, and keeps what stands before', () => {
  expect(suggest('lead:x st')).toEqual([
    { text: 'lead:x status:', label: 'status:', help: 'state of the delivery' },
  ]);
  expect(suggest('-status:de').map(({ text }) => text)).toEqual(
    ['-status:delivered ', '-status:dead '].filter((text) => text.startsWith('-status:de')),
  );
  expect(suggest('lead:sa')).toEqual([]);
});
