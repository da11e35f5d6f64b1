/**
 * Checks are run stage by stage; what one of them shows decides what the others can still say.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { Check, Verdict } from '../../../src/conformance/check.ts';
import { BehindError } from '../../../src/conformance/hooks/backlog.ts';
import { notTested, pass, unjudged } from '../../../src/conformance/verdict.ts';
import { active, FAILS, looking, run, type Id } from '../check-fixtures.ts';

describe('the order', () => {
  test('is that of the stages; results and what looks come in the catalogue’s', async () => {
    const order: string[] = [];
    const stages = [
      'load',
      'disturbing',
      'effects',
      'risky',
      'negative',
      'valid',
      'preflight',
      'reach',
    ] as const;
    const { results } = await run([
      looking('http/looks', () => {
        order.push('looks');
        return pass();
      }),
      ...stages.map((stage) =>
        active(`http/${stage}`, stage, () => {
          order.push(stage);
          return pass();
        }),
      ),
    ]);
    expect(order).toEqual([...stages.toReversed(), 'looks']);
    expect(results.map(({ id }) => id)).toEqual([
      'http/looks',
      ...stages.map((stage) => `http/${stage}`),
    ]);
  });

  test.for([
    ['valid', 4, 3],
    ['effects', 4, 3],
    ['valid', 2, 2],
    ['negative', 4, 1],
    ['load', 4, 1],
    ['reach', 4, 1],
  ] as const)(
    'stage %s, concurrency %i: %i checks run in parallel',
    async ([stage, concurrency, most]) => {
      let running = 0;
      let seen = 0;
      const check = (id: Id): Check =>
        active(id, stage, async (probe) => {
          running += 1;
          seen = Math.max(seen, running);
          await probe.post(probe.event());
          running -= 1;
          return pass();
        });
      await run([check('http/a'), check('http/b'), check('http/c')], { plan: { concurrency } });
      expect(seen).toBe(most);
    },
  );

  test('runs a check after those that it names, and after the one that validates its hook', async () => {
    const order: string[] = [];
    const noted = (id: Id, more: Parameters<typeof active>[3], requests = 1): Check =>
      active(
        id,
        'effects',
        async (probe) => {
          // The first must have ended before the next begins.
          for (let sent = 0; sent < requests; sent += 1) await probe.post(probe.event());
          order.push(id);
          return pass();
        },
        more,
      );
    await run(
      [
        noted('delivery/last', { after: ['delivery/middle'] }),
        noted('delivery/middle', { needs: ['state'] }),
        noted('delivery/state', { validates: 'state', needs: ['state'] }, 20),
        noted('delivery/effects', { validates: 'effects', needs: ['effects'] }),
      ],
      { hooks: { effects: async () => 1, state: async () => ({ known: true }) } },
    );
    expect(order.indexOf('delivery/effects')).toBeLessThan(order.indexOf('delivery/middle'));
    expect(order.indexOf('delivery/state')).toBeLessThan(order.indexOf('delivery/middle'));
    expect(order.at(-1)).toBe('delivery/last');
  });

  test.for([
    ['a check that needs another hook', { validates: 'state', needs: ['state'] }, {}],
    [
      'a check that validates another hook',
      { validates: 'effects', needs: ['effects'] },
      { validates: 'state' },
    ],
  ] as const)('does not delay an independent check: %s', async ([, validation, other]) => {
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const { lines } = await run(
      [
        active('delivery/validates', 'effects', () => begun.then(() => pass()), validation),
        active(
          'delivery/other',
          'effects',
          () => {
            begin();
            return pass();
          },
          other,
        ),
      ],
      { hooks: { effects: async () => 1, state: async () => ({ known: true }) } },
    );
    expect(lines).toEqual(['delivery/validates: pass', 'delivery/other: pass']);
  });

  test('holds with one place, whatever the order of the list', async () => {
    const { lines } = await run(
      [
        active('http/a', 'valid', () => pass(), { after: ['http/b'] }),
        active('http/b', 'valid', () => pass(), { after: ['http/c'] }),
        active('http/c', 'valid', () => pass()),
      ],
      { plan: { concurrency: 1 } },
    );
    expect(lines).toEqual(['http/a: pass', 'http/b: pass', 'http/c: pass']);
  });
});

describe('what cannot be tested says what is missing', () => {
  test.for([
    ['effects', /^Needs an effects hook: pass `hooks\.effects`, .*\.$/],
    ['state', /^Needs a state hook: pass `hooks\.state`, .*\.$/],
    ['fault', /^Needs a fault hook: pass `hooks\.fault`, .*\.$/],
    ['restart', /^Needs a restart hook: pass `hooks\.restart`, .*\.$/],
    ['recovery', /^Needs a recovery hook: pass `hooks\.recover`, .* once\.$/],
    ['campaign', /^Needs a campaign hook: pass `hooks\.campaign`, .*\.$/],
  ] as const)('%s', async ([hook, words]) => {
    const { results, requests, progress } = await run([
      active('delivery/a', 'negative', () => FAILS, { needs: [hook] }),
    ]);
    expect(results[0]).toMatchObject({
      status: 'not_tested',
      reason: expect.stringMatching(words) as string,
    });
    expect(requests).toBe(0);
    expect(progress.map(({ type }) => type)).toEqual(['finished']);
  });

  test('a recovery needs a sandbox as well', async () => {
    const check = active('delivery/a', 'effects', () => pass(), { needs: ['recovery'] });
    const hooks = { recover: async () => undefined };
    expect((await run([check], { hooks })).lines).toEqual([
      'delivery/a: not_tested: Needs a sandbox that holds the dead letters: pass `sandbox`.',
    ]);
  });

  test('a recovery with a sandbox is tested', async () => {
    const check = active('delivery/a', 'effects', () => pass(), { needs: ['recovery'] });
    const { lines } = await run([check], {
      hooks: { recover: async () => undefined },
      sandbox: () => Promise.reject(new Error('no check here starts a sandbox')),
    });
    expect(lines).toEqual(['delivery/a: pass']);
  });

  test('a hook that was found wanting is not relied on, nor given to other checks', async () => {
    const hooks = { effects: async () => 1, state: async () => ({ known: true }) };
    const validating = (verdict: Verdict): Check =>
      active('delivery/validates', 'effects', () => verdict, {
        validates: 'effects',
        needs: ['effects'],
      });
    const seen: unknown[] = [];
    const others = [
      active('delivery/needs', 'effects', () => pass(), { needs: ['effects'] }),
      active('delivery/free', 'effects', (probe) => {
        seen.push(probe.effects, Object.keys(probe.hooks));
        return pass();
      }),
    ];
    expect((await run([validating(FAILS), ...others], { hooks })).lines).toEqual([
      'delivery/validates: fail: b',
      'delivery/needs: not_tested: The effects hook is unreliable, see delivery/validates: b',
      'delivery/free: pass',
    ]);
    expect(seen).toEqual([null, ['state']]);
    const because = (verdict: Verdict) =>
      run([validating(verdict), ...others], { hooks }).then(({ lines }) => lines[1]);
    expect(await because(unjudged('it fell'))).toMatch(/see delivery\/validates: it fell$/);
    expect(await because(pass())).toBe('delivery/needs: pass');
  });

  test('a check behind one that did not pass says nothing new', async () => {
    const after = active('http/after', 'valid', () => pass(), { after: ['http/first'] });
    const behind = (verdict: Verdict) =>
      run([active('http/first', 'valid', () => verdict), after]).then(({ lines }) => lines[1]);
    const silent = 'http/after: not_tested: Not meaningful until http/first passes.';
    expect(await behind(FAILS)).toBe(silent);
    expect(await behind(notTested('so'))).toBe(silent);
    expect(await behind(pass())).toBe('http/after: pass');
    expect((await run([after])).lines).toEqual(['http/after: pass']);
  });
});

describe('a gate', () => {
  test.for(['reach', 'preflight'] as const)('of stage %s closes on everything', async (stage) => {
    const gate = active('http/gate', stage, () => FAILS);
    const others = [
      active('http/active', 'valid', () => pass()),
      looking('http/looks', () => pass()),
    ];
    const closed = 'not_tested: Not meaningful until http/gate passes.';
    expect((await run([gate, ...others])).lines).toEqual([
      'http/gate: fail: b',
      `http/active: ${closed}`,
      `http/looks: ${closed}`,
    ]);
  });

  test('that closes first is the one that is named', async () => {
    const { lines } = await run([
      active('http/one', 'reach', () => FAILS),
      active('http/two', 'preflight', () => FAILS),
    ]);
    expect(lines[1]).toBe('http/two: not_tested: Not meaningful until http/one passes.');
  });

  test('is no stage but those two', async () => {
    const { lines } = await run([
      active('http/a', 'valid', () => FAILS),
      active('http/b', 'negative', () => pass()),
      looking('http/looks', () => pass()),
    ]);
    expect(lines).toEqual(['http/a: fail: b', 'http/b: pass', 'http/looks: pass']);
  });
});

describe('with bail', () => {
  test('nothing is run after the first failure that counts', async () => {
    const { lines } = await run(
      [
        active('http/a', 'negative', () => pass()),
        active('http/b', 'negative', () => FAILS),
        active('http/c', 'negative', () => pass()),
        looking('http/looks', () => pass()),
      ],
      { plan: { bail: true } },
    );
    expect(lines).toEqual([
      'http/a: pass',
      'http/b: fail: b',
      'http/c: not_tested: Not run: stopped after the failure of http/b.',
      'http/looks: pass',
    ]);
  });

  test('a failure that does not count stops nothing', async () => {
    const checks = [
      active('http/a', 'negative', () => FAILS),
      active('http/b', 'negative', () => pass()),
    ];
    const { lines } = await run(checks, { plan: { bail: true, counts: () => false } });
    expect(lines[1]).toBe('http/b: pass');
  });
});

test('a check that goes wrong itself is the suite’s trouble, not the receiver’s', async () => {
  const check = active('http/a', 'valid', () => Promise.reject(new Error('no such thing')));
  const { lines } = await run([check]);
  expect(lines).toEqual(['http/a: error: http/a could not run: no such thing']);
});

test('a receiver that is too far behind is not judged', async () => {
  const check = active('http/a', 'valid', () => Promise.reject(new BehindError('far behind')));
  const { lines } = await run([check]);
  expect(lines).toEqual(['http/a: not_tested: far behind']);
});

test.each<[string, unknown]>([
  ['no such thing', 'no such thing'],
  [
    'fetch failed (ECONNRESET)',
    new TypeError('fetch failed', {
      cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    }),
  ],
  ['fetch failed (bad port)', new TypeError('fetch failed', { cause: new Error('bad port') })],
  ['fetch failed', new TypeError('fetch failed', { cause: 'unknown' })],
])('an error thrown by a check is reported with its cause: %s', async (told, error) => {
  const check = active('http/a', 'valid', () => {
    throw error;
  });
  const { lines } = await run([check]);
  expect(lines).toEqual([`http/a: error: http/a could not run: ${told}`]);
});
