/**
 * Checks are run stage by stage; what one of them shows decides what the others can still say.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { ActiveCheck, Check, Stage, Verdict } from '../../src/conformance/check.ts';
import type { Observed } from '../../src/conformance/observed.ts';
import type { Progress } from '../../src/conformance/options.ts';
import type { Probe } from '../../src/conformance/probe/probe.ts';
import type { CheckResult } from '../../src/conformance/report.ts';
import { runChecks, type RunPlan } from '../../src/conformance/runner.ts';
import { fail, notTested, pass, unjudged } from '../../src/conformance/verdict.ts';
import { right, scripted, type Script, type ScriptedOptions } from './scripted.ts';

type Id = Check['id'];

const data = (id: Id) => ({
  id,
  level: 'MUST' as const,
  title: id,
  requirement: { text: 'So it is.', source: 'a test' },
  cause: 'cause',
  fix: 'fix',
  catches: [],
});

const active = (
  id: Id,
  stage: Stage,
  run: (probe: Probe) => Verdict | Promise<Verdict>,
  more: Partial<Pick<ActiveCheck, 'needs' | 'after' | 'vouches' | 'level'>> = {},
): Check => ({ ...data(id), stage, run: async (probe) => run(probe), ...more });

const looking = (id: Id, observe: (observed: Observed) => Verdict): Check => ({
  ...data(id),
  observe,
});

const FAILS = fail({ expected: ['a'], actual: 'b' });

interface Ran {
  readonly results: readonly CheckResult[];
  readonly progress: readonly Progress[];
  /** `id: status: reason`, in the order of the results. */
  readonly lines: readonly string[];
  readonly requests: number;
}

const run = async (
  checks: readonly Check[],
  {
    script = right,
    plan = {},
    ...options
  }: ScriptedOptions & { script?: Script; plan?: Partial<RunPlan> } = {},
): Promise<Ran> => {
  await using receiver = await scripted(script, options);
  const progress: Progress[] = [];
  const results = await runChecks({
    checks,
    context: receiver.context,
    seed: 1,
    timeoutMs: options.timeoutMs ?? 10_000,
    concurrency: 4,
    bail: false,
    counts: ({ status }) => status === 'fail',
    onProgress: (one) => progress.push(one),
    ...plan,
  });
  return {
    results,
    progress,
    lines: results.map(({ id, status, reason, actual }) =>
      [id, status, reason ?? actual].filter((part) => part !== null).join(': '),
    ),
    requests: receiver.heard.length,
  };
};

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
    'stage %s, %i at the most: %i run side by side',
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

  test('puts a check behind those that it names, and behind who vouches for its hook', async () => {
    const order: string[] = [];
    const noted = (id: Id, more: Parameters<typeof active>[3]): Check =>
      active(
        id,
        'effects',
        async (probe) => {
          // Whoever goes first must have ended before the next begins.
          await probe.post(probe.event());
          order.push(id);
          return pass();
        },
        more,
      );
    await run(
      [
        noted('delivery/last', { after: ['delivery/middle'] }),
        noted('delivery/middle', { needs: ['state'] }),
        noted('delivery/state', { vouches: 'state', needs: ['state'] }),
        noted('delivery/effects', { vouches: 'effects', needs: ['effects'] }),
      ],
      { hooks: { effects: async () => 1, state: async () => ({ known: true }) } },
    );
    expect(order.indexOf('delivery/effects')).toBeLessThan(order.indexOf('delivery/middle'));
    expect(order.indexOf('delivery/state')).toBeLessThan(order.indexOf('delivery/middle'));
    expect(order.at(-1)).toBe('delivery/last');
  });
});

describe('what cannot be tested says what is missing', () => {
  test.for([
    ['effects', /^Needs an effects hook: --effects-url .* answers \{"count": n\}\.$/],
    ['state', /^Needs a state hook: --state-url .*\{lead_email\}\.$/],
    ['fault', /^Needs a fault hook: --fault-url, .*\{"fail": false\}\.$/],
    ['restart', /^Needs --restart-command, which kills the receiver and starts it again\.$/],
    ['recovery', /^Needs --recover-command or --recover-url, .* once\.$/],
    ['campaign', /^Needs --pauses: .* pauses campaigns there\.$/],
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
      'delivery/a: not_tested: Needs a sandbox that holds the dead letters: --sandbox-url, or let the command start one.',
    ]);
  });

  test('a hook that was found wanting is not relied on, nor given to other checks', async () => {
    const hooks = { effects: async () => 1, state: async () => ({ known: true }) };
    const vouch = (verdict: Verdict): Check =>
      active('delivery/vouch', 'effects', () => verdict, {
        vouches: 'effects',
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
    expect((await run([vouch(FAILS), ...others], { hooks })).lines).toEqual([
      'delivery/vouch: fail: b',
      'delivery/needs: not_tested: The effects hook cannot be relied on, see delivery/vouch: b',
      'delivery/free: pass',
    ]);
    expect(seen).toEqual([null, ['state']]);
    const because = (verdict: Verdict) =>
      run([vouch(verdict), ...others], { hooks }).then(({ lines }) => lines[1]);
    expect(await because(unjudged('it fell'))).toMatch(/see delivery\/vouch: it fell$/);
    expect(await because(pass())).toBe('delivery/needs: pass');
  });

  test('a check behind one that did not pass says nothing new', async () => {
    const after = active('http/after', 'valid', () => pass(), { after: ['http/first'] });
    const behind = (verdict: Verdict) =>
      run([active('http/first', 'valid', () => verdict), after]).then(({ lines }) => lines[1]);
    const silent = 'http/after: not_tested: Says nothing new until http/first passes.';
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
    const closed = 'not_tested: Says nothing until http/gate passes.';
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
    expect(lines[1]).toBe('http/two: not_tested: Says nothing until http/one passes.');
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

describe('with --bail', () => {
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
      'http/c: not_tested: Not run: --bail, after http/b.',
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

describe('a check that goes wrong itself', () => {
  test.for([
    [new Error('no such thing'), 'no such thing'],
    ['thrown text', 'thrown text'],
  ] as const)('is the suite’s trouble, not the receiver’s: %s', async ([thrown, words]) => {
    const { lines } = await run([active('http/a', 'valid', () => Promise.reject(thrown))]);
    expect(lines).toEqual([`http/a: error: http/a could not be judged: ${words}`]);
  });
});

describe('controls', () => {
  test.for([
    ['reach', 0],
    ['valid', 0],
    ['negative', 1],
    ['risky', 1],
    ['effects', 0],
    ['disturbing', 1],
    ['load', 1],
  ] as const)('stage %s: %i after each check', async ([stage, count]) => {
    let controls = -1;
    const { requests } = await run([
      active('http/a', stage, () => pass()),
      looking('http/looks', (observed) => {
        ({ controls } = observed);
        return pass();
      }),
    ]);
    expect([requests, controls]).toEqual([count, count]);
  });

  test('a receiver that died is not tested any more, and what it died of is known', async () => {
    let dead = false;
    let seen: Observed | null = null;
    const { lines } = await run(
      [
        active('http/kills', 'risky', async (probe) => {
          await probe.post('deadly', { signature: null });
          return pass();
        }),
        active('http/more', 'risky', () => pass()),
        active('http/later', 'load', () => pass()),
        looking('http/looks', (observed) => {
          seen = observed;
          return pass();
        }),
      ],
      {
        script: ({ body }) => {
          dead ||= body === 'deadly';
          return dead ? 'cut' : 200;
        },
      },
    );
    const died =
      'not_tested: Not run: the receiver died of what http/kills sent, and did not come back.';
    expect(lines).toEqual([
      'http/kills: pass',
      `http/more: ${died}`,
      `http/later: ${died}`,
      'http/looks: pass',
    ]);
    const [death] = seen!.deaths;
    expect(death).toMatchObject({ by: 'http/kills', backAfterMs: null });
    expect(Buffer.from(death!.exchange!.request.body).toString()).toBe('deadly');
  });

  test('one that does not take them is remembered with the check before it', async () => {
    let lost: readonly string[] = [];
    await run(
      [
        active('http/a', 'negative', () => pass()),
        looking('http/looks', ({ lostControls }) => {
          lost = lostControls.map(({ after }) => after);
          return pass();
        }),
      ],
      { script: () => 500 },
    );
    expect(lost).toEqual(['http/a']);
  });
});

describe('what looks sees', () => {
  test('all exchanges and who made them, the limit, and what must not come back', async () => {
    let seen: Observed | null = null;
    await run(
      [
        active('http/a', 'negative', async (probe) => {
          await probe.post(probe.event());
          return pass();
        }),
        looking('http/looks', (observed) => {
          seen = observed;
          return pass();
        }),
      ],
      { plan: { timeoutMs: 777 } },
    );
    const { exchanges, timeoutMs, secretsIn } = seen! as Observed;
    expect(exchanges.map(({ by }) => by)).toEqual(['http/a', 'control']);
    expect(exchanges.map(({ exchange }) => exchange.reply)).toMatchObject([
      { status: 204 },
      { status: 204 },
    ]);
    expect(timeoutMs).toBe(777);
    expect(secretsIn('whsec_your-signing-secret')).toEqual(['<the secret>']);
    expect(secretsIn('nothing')).toEqual([]);
  });
});

describe('a receiver that hung', () => {
  test('is waited for no longer than a second from then on', async () => {
    const limits: number[] = [];
    await run(
      [
        active('http/a', 'valid', async (probe) => {
          limits.push(probe.timeoutMs);
          await probe.post('hang', { timeoutMs: 20 });
          limits.push(probe.timeoutMs);
          return pass();
        }),
      ],
      { script: () => 'hang', plan: { timeoutMs: 5000 } },
    );
    expect(limits).toEqual([5000, 1000]);
  });

  test('nor longer than the user says', async () => {
    const limits: number[] = [];
    await run(
      [
        active('http/a', 'valid', async (probe) => {
          await probe.post('hang', { timeoutMs: 20 });
          limits.push(probe.timeoutMs);
          return pass();
        }),
      ],
      { script: () => 'hang', plan: { timeoutMs: 300 } },
    );
    expect(limits).toEqual([300]);
  });

  test.for([500, 'cut'] as const)('is not one that answers so: %s', async (act) => {
    const limits: number[] = [];
    await run(
      [
        active('http/a', 'valid', async (probe) => {
          await probe.post(probe.event());
          limits.push(probe.timeoutMs);
          return pass();
        }),
      ],
      { script: () => act, plan: { timeoutMs: 5000 } },
    );
    expect(limits).toEqual([5000]);
  });
});

describe('a seed', () => {
  const ids = async (seed: number, checks: readonly Id[]): Promise<Map<string, string>> => {
    const made = new Map<string, string>();
    const check = (id: Id): Check =>
      active(id, 'valid', (probe) => {
        made.set(id, probe.event().id + probe.random());
        return pass();
      });
    await run(
      checks.map((id) => check(id)),
      { plan: { seed } },
    );
    return made;
  };

  test('gives each check the same events, whatever runs beside it', async () => {
    const both = await ids(1, ['http/a', 'http/b']);
    expect((await ids(1, ['http/b'])).get('http/b')).toBe(both.get('http/b'));
    expect(both.get('http/a')).not.toBe(both.get('http/b'));
  });

  test('gives others than another seed, and checks with the same letters differ', async () => {
    const [one, two] = [await ids(1, ['http/ab']), await ids(2, ['http/ab'])];
    expect(one.get('http/ab')).not.toBe(two.get('http/ab'));
    expect((await ids(1, ['http/ba'])).get('http/ba')).not.toBe(one.get('http/ab'));
  });
});

describe('when the user breaks off', () => {
  test('nothing more is begun, and what was under way is not judged', async () => {
    const user = new AbortController();
    const { lines, requests } = await run(
      [
        active('http/a', 'negative', () => pass()),
        active('http/b', 'negative', () => {
          user.abort();
          return FAILS;
        }),
        active('http/c', 'negative', () => pass()),
        looking('http/looks', () => pass()),
      ],
      { signal: user.signal },
    );
    expect(lines).toEqual([
      'http/a: pass',
      'http/b: not_tested: Not run to its end: interrupted.',
      'http/c: not_tested: Not run: interrupted.',
      'http/looks: pass',
    ]);
    // The control of the first alone.
    expect(requests).toBe(1);
  });
});

test('progress tells each check as it begins and as it ends', async () => {
  const { progress } = await run([
    active('http/a', 'valid', () => pass()),
    looking('http/looks', () => pass()),
  ]);
  expect(progress.map(({ type, check }) => `${type} ${check.id}`)).toEqual([
    'started http/a',
    'finished http/a',
    'finished http/looks',
  ]);
  expect(progress[1]).toMatchObject({ result: { id: 'http/a', status: 'pass' } });
});
