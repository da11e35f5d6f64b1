/**
 * Hooks are tried before anything rests on them, and cannot keep a run waiting.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { boundHooks } from '../../src/conformance/hooks/bounded-hooks.ts';
import { createEffects, HookError, type Hooks } from '../../src/conformance/hooks/hooks.ts';
import { createRedactor } from '../../src/conformance/redact/redact.ts';
import type { Report } from '../../src/conformance/report.ts';
import { verify } from '../../src/conformance/verify.ts';
import { ModelReceiver } from '../receivers/model/receiver.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import { SECRET } from './run-suite.ts';

/** Runs with the hooks of a right receiver, but for these. */
const examineWith = async (
  hooks: Hooks,
  only: readonly string[],
  skip: readonly string[] = [],
): Promise<Report> => {
  await using receiver = new ModelReceiver(SECRET);
  await receiver.start();
  return await verify({
    url: receiver.url,
    secret: SECRET,
    hooks: { ...receiver.hooks, ...hooks },
    only,
    skip,
  });
};

const resultOf = ({ checks }: Report, id: string) => checks.find((check) => check.id === id);

test('ids that are known before they were sent: nothing rests on the hook, and the seed is named', async () => {
  const report = await examineWith({ effects: async () => 1 }, ['delivery/dup-seq']);
  expect(resultOf(report, 'delivery/effects-probe')).toMatchObject({
    status: 'not_tested',
    reason: expect.stringContaining('use another seed or fresh ids'),
  });
  expect(resultOf(report, 'delivery/dup-seq')).toMatchObject({
    status: 'not_tested',
    reason: expect.stringMatching(
      /^The effects hook is unreliable, see delivery\/effects-probe: The effects hook counts one effect for evt_/,
    ),
  });
});

test.concurrent.each<[string, Hooks, string]>([
  ['effects', { effects: async () => 0 }, 'inconclusive'],
  ['effects that were there before', { effects: async () => 1 }, 'inconclusive'],
  ['state', { state: async () => ({ known: false }) }, 'inconclusive'],
  ['fault', { fault: async () => undefined }, 'inconclusive'],
  ['restart', { restart: async () => undefined }, 'inconclusive'],
])('a hook that was given and shows nothing is no pass: %s', async (_what, hooks, verdict) => {
  const report = await examineWith(hooks, ['delivery/*-probe', 'domain/*-probe']);
  expect(report.summary.verdict).toBe(verdict);
});

test('without any effect the hook is not tested, and known leads are suggested', async () => {
  const report = await examineWith({ effects: async () => 0 }, ['delivery/effects-probe']);
  expect(resultOf(report, 'delivery/effects-probe')).toMatchObject({
    status: 'not_tested',
    reason: expect.stringMatching(/^No event had an effect .*campaign\.completed.*`leadEmail`/),
  });
  expect(report.summary.verdict).toBe('inconclusive');
});

test('without a hook, that it shows nothing is no trouble', async () => {
  await using receiver = new ModelReceiver(SECRET);
  await receiver.start();
  const { summary } = await verify({
    url: receiver.url,
    secret: SECRET,
    only: ['delivery/*-probe', 'signature/missing-header'],
  });
  expect(summary).toMatchObject({ verdict: 'passed', not_tested: 3 });
});

test('a hook that throws is one error, and the rest is not tested', async () => {
  const effects = async (): Promise<number> => {
    throw new Error('wrong database');
  };
  const report = await examineWith({ effects }, ['delivery/dup-seq', 'delivery/dedupe-key']);
  const errors = report.checks.filter(({ status }) => status === 'error');
  expect(errors.map(({ id, reason }) => [id, reason])).toEqual([
    ['delivery/effects-probe', 'delivery/effects-probe could not run: wrong database'],
  ]);
  expect(report.summary).toMatchObject({ not_tested: 2, verdict: 'inconclusive' });
});

test('a forgery’s effect is not asked of a hook in doubt, so that a 2xx stays a MUST', async () => {
  await using receiver = new (class extends ModelReceiver {
    override verify(): boolean {
      return true;
    }
  })(SECRET);
  await receiver.start();
  const report = await verify({
    url: receiver.url,
    secret: SECRET,
    hooks: { effects: async () => 0 },
    only: ['signature/missing-header'],
  });
  expect(resultOf(report, 'delivery/effects-probe')).toMatchObject({ status: 'not_tested' });
  expect(resultOf(report, 'signature/missing-header')).toMatchObject({
    status: 'fail',
    level: 'MUST',
  });
});

test('the check that validates a hook runs with the checks that need it, unless it is skipped', async () => {
  const idsOf = ({ checks }: Report) => checks.map(({ id }) => id);
  const selected = idsOf(await examineWith({}, ['domain/bounce-class']));
  expect(selected).toContain('domain/state-probe');
  expect(selected).not.toContain('delivery/fault-probe');
  const skipping = await examineWith({}, ['domain/bounce-class'], ['domain/state-probe']);
  expect(idsOf(skipping)).not.toContain('domain/state-probe');
  expect(resultOf(skipping, 'domain/bounce-class')?.status).toBe('pass');
});

test('dead letters need a sandbox, or are not tested', async () => {
  const report = await examineWith({}, ['delivery/recovery-processes']);
  expect(resultOf(report, 'delivery/recovery-processes')).toMatchObject({
    status: 'not_tested',
    reason: expect.stringContaining('Needs a sandbox'),
  });
});

/** Time that passes only by waiting. */
const steppedClock = () => {
  let now = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    after: (ms: number, wake: () => void) => {
      queueMicrotask(() => {
        now += ms;
        waits.push(ms);
        wake();
      });
      return () => undefined;
    },
  };
};

/** Time never comes. */
const idle = { now: () => 0, after: () => () => undefined };

test('a count is taken when it stands still: the longer, the longer the effect took', async () => {
  const wall = steppedClock();
  const effects = createEffects(
    async () => (wall.now() < 300 ? 0 : wall.now() < 800 ? 1 : 2),
    wall,
  );
  expect(await effects.settled('evt_1', 1)).toBe(2);
  expect(wall.waits.slice(-2)).toEqual([600, 600]);
});

test('a count that never comes is given up', async () => {
  const wall = steppedClock();
  const effects = createEffects(async () => 0, wall);
  expect(await effects.settled('evt_1', 1)).toBe(0);
  expect(wall.now()).toBeLessThan(5200);
});

test('a callback that never resolves is given up; to stop a fault is tried after an interruption, too', async () => {
  const never = (): Promise<never> => new Promise<never>(() => {});
  const faults: boolean[] = [];
  const interruption = new AbortController();
  const hooks: Hooks = {
    effects: never,
    fault: async (failing) => {
      faults.push(failing);
    },
  };
  await expect(boundHooks(hooks, steppedClock(), undefined).effects?.('evt_1')).rejects.toThrow(
    'The effects hook did not resolve within 15 s',
  );
  const bound = boundHooks(hooks, idle, interruption.signal);
  const asking = bound.effects?.('evt_1');
  interruption.abort();
  await expect(asking).rejects.toThrow('The effects hook was interrupted.');
  await bound.fault?.(false);
  expect(faults).toEqual([false]);
});

test('what is hidden is replaced wherever it stands, the longest first', () => {
  const redactor = createRedactor();
  redactor.hide('secret-and-more', '<more>');
  redactor.hide('secret', '<secret>');
  redactor.hide('short', '<never hidden>');
  redactor.hide('tail-value', '<tail>');
  expect(redactor.apply('a secret, a secret-and-more, short, secretsecret tail-value')).toBe(
    'a <secret>, a <more>, short, <secret><secret> <tail>',
  );
  expect(redactor.find('tail-value secret tail-value')).toEqual(['<tail>', '<secret>']);
  expect(redactor.find('nothing')).toEqual([]);
});

describe('a hook that does not take long ids, as a router that limits paths', () => {
  const only = ['delivery/id-collation'];
  const judged = async (receiver: ModelReceiver, staysUp = true) => {
    await using running = receiver;
    await running.start();
    let down = false;
    const effects = async (id: string): Promise<number> => {
      if (id.length > 100) down = !staysUp;
      if (id.length > 100 || down) throw new HookError('answered 414.');
      return running.hooks.effects!(id);
    };
    const hooks = { ...running.hooks, effects };
    const report = await verify({ url: running.url, secret: SECRET, hooks, only });
    return resultOf(report, only[0]!);
  };

  test('judges the rest, and reports how to accept long ids', async () => {
    expect(await judged(new ModelReceiver(SECRET))).toMatchObject({
      status: 'pass',
      reason: expect.stringMatching(
        /^only case was checked: .*128 characters.*effects\?id=\{id\}.*maxParamLength.*answered 414\.$/,
      ) as string,
    });
  });

  test('whatever is wrong with the rest is found', async () => {
    const folded = MUTANTS.find(({ name }) => name === 'delivery-id-folded')!.make(SECRET);
    expect(await judged(folded)).toMatchObject({ status: 'fail', level: 'MUST' });
  });

  test('one that is down altogether is an error', async () => {
    expect(await judged(new ModelReceiver(SECRET), false)).toMatchObject({ status: 'error' });
  });
});
