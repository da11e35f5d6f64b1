/**
 * Effects hooks that count in the process's memory: what can be said after a restart all the same.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { check as ackBeforePersist } from '../../../src/conformance/checks/delivery/ack-before-persist.ts';
import { check as crashMidway } from '../../../src/conformance/checks/delivery/crash-midway.ts';
import { check as dedupeVolatile } from '../../../src/conformance/checks/delivery/dedupe-volatile.ts';
import type { ActiveCheck } from '../../../src/conformance/check.ts';
import { scripted } from '../scripted-receiver.ts';

interface Kind {
  /** Whether a restart takes the figures. */
  readonly counts: 'in memory' | 'on disk';
  /** Whether it takes the ids, and so recognises no repeat. */
  readonly ids: 'in memory' | 'on disk';
  /** Whether it takes what is not processed yet: clicks take a while. */
  readonly queue?: 'in memory' | 'on disk';
  /** A click is processed by the time that its effect has been looked for so often, or else at a restart. */
  readonly looks?: number;
}

const judge = async (
  check: ActiveCheck,
  { counts, ids, queue = 'on disk', looks: enough = 2 }: Kind,
) => {
  const counted = new Map<string, number>();
  const seen = new Set<string>();
  const waiting = new Map<string, number>();
  let restarts = 0;
  const work = (id: string): void => {
    waiting.delete(id);
    counted.set(id, (counted.get(id) ?? 0) + 1);
  };
  await using receiver = await scripted(
    ({ id, body }) => {
      if (!seen.has(id)) {
        seen.add(id);
        if (body.includes('email.clicked')) waiting.set(id, 0);
        else work(id);
      }
      return 200;
    },
    {
      hooks: {
        effects: async (id) => {
          const looks = (waiting.get(id) ?? -1) + 1;
          if (looks >= enough) work(id);
          else if (looks > 0) waiting.set(id, looks);
          return counted.get(id) ?? 0;
        },
        restart: async () => {
          restarts += 1;
          if (counts === 'in memory') counted.clear();
          if (ids === 'in memory') seen.clear();
          if (queue === 'on disk') for (const id of waiting.keys()) work(id);
          // Done before the kill, and counted then.
          if (counts === 'in memory') counted.clear();
          waiting.clear();
        },
      },
    },
  );
  const verdict = await check.run(receiver.probe);
  return { verdict, restarts };
};

describe('a repeat after a restart', () => {
  test('is recognised, whatever the hook forgets', async () => {
    const durable = await judge(dedupeVolatile, { counts: 'on disk', ids: 'on disk' });
    expect(durable.verdict).toEqual({ status: 'pass' });
    const forgetful = await judge(dedupeVolatile, { counts: 'in memory', ids: 'on disk' });
    expect(forgetful.verdict).toEqual({
      status: 'pass',
      note: 'by the duplicate alone: the effects hook loses its counts on restart',
    });
  });

  test.for(['in memory', 'on disk'] as const)(
    'that is processed again is found by a hook that counts %s',
    async (counts) => {
      const { verdict } = await judge(dedupeVolatile, { counts, ids: 'in memory' });
      expect(verdict).toMatchObject({
        status: 'fail',
        actual: expect.stringMatching(/^one effect of a duplicate sent after a restart/) as string,
      });
    },
  );
});

describe('an event that is answered right before a restart', () => {
  test('and is processed: it passes, and nothing is restarted again', async () => {
    const durable = await judge(ackBeforePersist, { counts: 'on disk', ids: 'on disk' });
    expect(durable).toEqual({ verdict: { status: 'pass' }, restarts: 1 });
  });

  test('and is gone is lost where the hook still knows an older one', async () => {
    const { verdict, restarts } = await judge(ackBeforePersist, {
      counts: 'on disk',
      ids: 'on disk',
      queue: 'in memory',
    });
    expect(verdict).toMatchObject({
      status: 'fail',
      actual: '5 of 5 events were accepted with 2xx and lost in the restart that followed',
    });
    // The one that loses them, one to see whether the hook forgets, and one to see which events are lost.
    expect(restarts).toBe(3);
  });

  test('and is gone says nothing where the hook forgets older ones, too', async () => {
    const { verdict } = await judge(ackBeforePersist, { counts: 'in memory', ids: 'on disk' });
    expect(verdict).toMatchObject({
      status: 'not_tested',
      reason: expect.stringMatching(/^The effects hook forgets its counts on restart/) as string,
    });
  });
});

describe('events that are sent again after a kill', () => {
  test('say nothing where the hook forgets: what was processed before it is not counted again', async () => {
    const { verdict } = await judge(crashMidway, {
      counts: 'in memory',
      ids: 'on disk',
      looks: Infinity,
    });
    expect(verdict).toMatchObject({
      status: 'not_tested',
      reason: expect.stringMatching(/^The effects hook forgets its counts on restart/) as string,
    });
  });

  test('and are gone are lost where it does not', async () => {
    const kind = {
      counts: 'on disk',
      ids: 'on disk',
      queue: 'in memory',
      looks: Infinity,
    } as const;
    const { verdict } = await judge(crashMidway, kind);
    expect(verdict).toMatchObject({
      status: 'fail',
      actual: expect.stringMatching(/^(\d+) of \1 events around a restart/) as string,
    });
  });
});
