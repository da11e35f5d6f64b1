/**
 * How long a worker may take until it tries again.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { check } from '../../src/conformance/checks/delivery/fail-2xx.ts';
import { scripted } from './scripted-receiver.ts';

/** A durable queue that retries `afterMs` milliseconds after a failure. */
const judge = async (afterMs: number) => {
  let due = Infinity;
  let failing = false;
  await using receiver = await scripted(
    () => {
      if (failing) due = receiver.wall.now() + afterMs;
      return 202;
    },
    {
      hooks: {
        effects: async () => (receiver.wall.now() >= due ? 1 : 0),
        fault: async (fails) => {
          failing = fails;
        },
      },
    },
  );
  return await check.run(receiver.probe);
};

test.for([0, 1000, 30_000])('%i ms after the failure: it is not lost', async (ms) => {
  expect(await judge(ms)).toEqual({
    status: 'pass',
    note: 'responds with 2xx and retries on its own',
  });
});

test('later than that it is called lost, and told how to try sooner', async () => {
  expect(await judge(60_000)).toMatchObject({
    status: 'fail',
    actual: expect.stringMatching(
      /^202 in \d+ ms while .* no effect within 35 s .* shorten its back-off for the test$/,
    ) as string,
  });
  expect(check.fix).toContain('shorten its back-off');
});
