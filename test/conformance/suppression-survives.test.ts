/**
 * Verdicts on leads after a restart, by what the state hook returns.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { check } from '../../src/conformance/checks/domain/suppression-survives.ts';
import type { LeadState } from '../../src/conformance/hooks/hooks.ts';
import { right, scripted, type Script } from './scripted-receiver.ts';

type Told = (restarts: number, isFirst: boolean) => LeadState;

/** Tells so of the first lead, which unsubscribes, and of the second, which bounces. */
const judge = async (told: Told, script: Script = right) => {
  let restarts = 0;
  const leads: string[] = [];
  await using receiver = await scripted(script, {
    hooks: {
      state: async (email) => {
        if (!leads.includes(email)) leads.push(email);
        return told(restarts, leads.indexOf(email) === 0);
      },
      restart: async () => {
        restarts += 1;
      },
    },
  });
  const verdict = await check.run(receiver.probe);
  return { verdict, restarts };
};

const all = { known: true, unsubscribed: true, suppressed: true };

test('both are known: it passes', async () => {
  expect(await judge(() => all)).toEqual({ verdict: { status: 'pass' }, restarts: 1 });
});

describe('reports a suppression that was lost in the restart', () => {
  test.for([
    [{ known: false }, 'unknown'],
    [{ ...all, suppressed: false }, 'suppressed false'],
    [{ known: true }, 'suppressed is missing'],
  ] as const)('%o', async ([state, told]) => {
    const { verdict } = await judge((restarts, isFirst) =>
      restarts === 0 || isFirst ? all : state,
    );
    expect(verdict).toMatchObject({
      status: 'fail',
      expected: [
        'unsubscribed after email.unsubscribed and a restart',
        'suppressed after a hard bounce and a restart',
      ],
      actual: expect.stringMatching(
        new RegExp(
          `^lead\\S+ was suppressed after a hard bounce, but no longer after a restart: ${told}$`,
        ),
      ) as string,
    });
  });

  test('of both', async () => {
    const { verdict } = await judge((restarts) => (restarts === 0 ? all : { known: false }));
    expect(verdict).toHaveProperty('actual', expect.stringContaining('was unsubscribed after'));
    expect(verdict).toHaveProperty('actual', expect.stringContaining('; '));
  });
});

test('what is not told before is not judged', async () => {
  const { verdict } = await judge(() => ({ known: true, unsubscribed: true }));
  expect(verdict).toEqual({ status: 'pass', note: 'only "unsubscribed" was checked' });
  const neither = await judge(() => ({ known: true }));
  expect(neither).toMatchObject({ verdict: { status: 'not_tested' }, restarts: 0 });
});

test('nothing is said when it does not come back, or does not take the events', async () => {
  const down = await judge(
    () => all,
    (_, nth) => (nth < 2 ? 200 : 503),
  );
  expect(down.verdict).toMatchObject({
    status: 'not_tested',
    reason: expect.stringMatching(
      /^The receiver is not available after the restart: 503/,
    ) as string,
  });
  const refusing = await judge(
    () => all,
    () => 401,
  );
  expect(refusing).toMatchObject({ verdict: { status: 'not_tested' }, restarts: 0 });
});
