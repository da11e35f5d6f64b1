/**
 * Limits of receivers, found by experiment: one finding that names the limit.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { MUTANTS } from '../../receivers/mutants/all.ts';
import { examineMutant } from '../run-suite.ts';

const causesOf = async (name: string, only: readonly string[]): Promise<readonly string[]> => {
  const { checks } = await examineMutant(
    MUTANTS.find((one) => one.name === name)!,
    only,
  );
  return checks
    .filter(({ status, level }) => status === 'fail' && level !== 'INFO')
    .map(({ diagnosis }) => diagnosis ?? '');
};

test('a limit on connections says nothing of what was sent over them', async () => {
  const found = await causesOf('http-few-connections', [
    'signature/non-ascii',
    'http/split-body',
    'performance/burst',
    'performance/parallel',
  ]);
  expect(found).toEqual([
    expect.stringMatching(/^Takes about 1[0-2] connections at the same time/),
  ]);
});

test('events that are dropped beyond a rate are lost by their rate', async () => {
  const found = await causesOf('delivery-drops-beyond-rate', [
    'delivery/no-loss',
    'delivery/burst-effects',
    'delivery/parallel-events',
  ]);
  expect(found).toEqual([
    expect.stringMatching(
      /^Events that come faster than a rate limit allows are accepted and lost/,
    ),
  ]);
});

test('a pool that waits for itself stops the receiver permanently: the run restarts it and names the crowd', async () => {
  const found = await causesOf('http-waits-for-itself', [
    'delivery/parallel-events',
    'performance/parallel',
    'performance/burst',
    'http/survives',
    'http/no-hang',
  ]);
  expect(found).toEqual([
    expect.stringMatching(/^When 8 events arrive at the same time, they wait/),
  ]);
}, 60_000);
