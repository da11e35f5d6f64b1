/**
 * Ten thousand events at once are made in the time that a person takes for a click.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { createGenerator } from '../../src/simulator/generator.ts';
import { completeEvents } from '../../src/simulator/trigger.ts';

test('10,000 replies cost less than two seconds of work', { timeout: 30_000 }, async () => {
  const generator = await createGenerator({ seed: 1, opens: 0 });
  const before = process.cpuUsage();
  const { events } = completeEvents(generator, { event: 'email.replied', count: 10_000 }, 0);
  const { user, system } = process.cpuUsage(before);
  expect(events).toHaveLength(10_000);
  expect((user + system) / 1000).toBeLessThan(2000);
});
