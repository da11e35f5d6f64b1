/**
 * Growth of response times, told from load on the machine.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { check } from '../../src/conformance/checks/performance/growth.ts';
import type { Probe } from '../../src/conformance/probe/probe.ts';
import { answer, exchange } from './fixtures.ts';

/** Run the check against response times by position of the event. */
const judge = async (durationMs: (place: number) => number) => {
  let sent = 0;
  const probe = {
    event: () => ({}),
    isSlow: () => false,
    post: async () => {
      sent += 1;
      return exchange(answer(200, { durationMs: durationMs(sent) }));
    },
  } as unknown as Probe;
  return { verdict: await check.run(probe), sent };
};

test('a receiver that slows down with every event is reported, after a second measurement', async () => {
  const { verdict, sent } = await judge((place) => 1 + place / 5);
  expect(verdict).toMatchObject({
    status: 'fail',
    actual: 'fastest response: 4 ms at first, 31 ms after 150 events',
  });
  expect(sent).toBe(180);
});

test.each<[string, (place: number) => number]>([
  ['load that delays nearly all of the last events', (place) => (place % 20 === 0 ? 1 : 40)],
  [
    'load during all of the last events, which then ends',
    (place) => (place > 120 && place <= 150 ? 40 : 1),
  ],
  ['load during some of the second measurement', (place) => (place > 120 && place < 178 ? 40 : 1)],
  ['a constantly slow receiver', () => 15],
  ['differences below the noise', (place) => (place > 100 ? 4.9 : 0.5)],
])('%s is not', async (_what, durationMs) => {
  expect((await judge(durationMs)).verdict).toEqual({ status: 'pass' });
});
