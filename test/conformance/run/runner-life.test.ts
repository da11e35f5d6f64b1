/**
 * While checks run: liveness, observations, progress, and the end of the run.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { Check, Stage } from '../../../src/conformance/check.ts';
import type { Observed } from '../../../src/conformance/run/observed.ts';
import { fail, pass, describeReply } from '../../../src/conformance/verdict.ts';
import type { Probe } from '../../../src/conformance/probe/probe.ts';
import type { SentRequest } from '../../../src/conformance/net/exchange.ts';
import { right, scripted } from '../scripted-receiver.ts';
import { active, FAILS, looking, run, type Id } from '../check-fixtures.ts';

describe('controls', () => {
  test.for([
    ['reach', 0],
    ['valid', 0],
    ['negative', 1],
    ['risky', 1],
    ['effects', 0],
    ['disturbing', 1],
    ['load', 1],
    ['flood', 1],
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
    const seen: Observed[] = [];
    const { lines } = await run(
      [
        active('http/kills', 'risky', async (probe) => {
          await probe.post('harmless', { signature: null });
          await probe.post('deadly', { signature: null });
          return pass();
        }),
        active('http/more', 'risky', () => pass()),
        active('http/later', 'load', () => pass()),
        looking('http/looks', (observed) => {
          seen.push(observed);
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
      'not_tested: Not run: the receiver crashed on a request of http/kills and did not recover.';
    expect(lines).toEqual([
      'http/kills: pass',
      `http/more: ${died}`,
      `http/later: ${died}`,
      'http/looks: pass',
    ]);
    const [death] = seen[0]!.crashes;
    expect(death).toMatchObject({ by: 'http/kills', recoveredAfterMs: null });
    expect(Buffer.from(death!.exchange!.request.body).toString()).toBe('deadly');
  });

  describe('where none is made after each check, what was cut off asks for one', () => {
    const failing = async (probe: Probe) => {
      const exchange = await probe.post(probe.event());
      return fail({
        expected: ['a 2xx'],
        actual: describeReply(exchange.reply),
        exchanges: [exchange],
      });
    };
    const RAN: Check[] = [
      active('http/kills', 'valid', failing),
      active('http/more', 'effects', failing),
      active('http/later', 'negative', () => pass()),
    ];

    test('the receiver is dead: one finding, and the rest is not tested', async () => {
      const seen: Observed[] = [];
      const looks = looking('http/looks', (observed) => {
        seen.push(observed);
        return pass();
      });
      const { lines } = await run([...RAN, looks], { script: () => 'cut' });
      const over =
        'not_tested: Not run: the receiver crashed on a request of http/kills and did not recover.';
      expect(lines).toEqual([
        'http/kills: not_tested: The receiver crashed during this check: see http/survives.',
        `http/more: ${over}`,
        `http/later: ${over}`,
        'http/looks: pass',
      ]);
      expect(seen[0]!.crashes).toMatchObject([{ by: 'http/kills', recoveredAfterMs: null }]);
    });

    test('what it died of is the first that was cut off, and not what came behind it', async () => {
      const seen: Observed[] = [];
      const kills = active('http/kills', 'valid', async (probe) => {
        for (const body of ['harmless', 'deadly', 'late']) await probe.post(body);
        return pass();
      });
      const looks = looking('http/looks', (observed) => {
        seen.push(observed);
        return pass();
      });
      await run([kills, looks], { script: (_request, nth) => (nth === 0 ? 200 : 'cut') });
      const [death] = seen[0]!.crashes;
      expect(Buffer.from(death!.exchange!.request.body).toString()).toBe('deadly');
    });

    test.for([
      ['a failure with a response is reported', [0], 'http/kills: fail: b'],
      [
        'one that was cut off is not',
        [1],
        /^http\/kills: not_tested: The receiver crashed during this check/,
      ],
      [
        'one of each is not',
        [0, 1],
        /^http\/kills: not_tested: The receiver crashed during this check/,
      ],
    ] as const)('a failure that shows %s', async ([, shown, told]) => {
      const kills = active('http/kills', 'valid', async (probe) => {
        const sent = [await probe.post(probe.event()), await probe.post(probe.event())];
        return fail({ expected: ['a'], actual: 'b', exchanges: shown.map((at) => sent[at]!) });
      });
      const { lines } = await run([kills], {
        script: (_request, nth) => (nth === 0 ? 500 : 'cut'),
      });
      expect(lines).toEqual([typeof told === 'string' ? told : expect.stringMatching(told)]);
    });

    test('it is back soon: what was cut off says nothing, what comes later does', async () => {
      const { lines } = await run(RAN, {
        script: (_request, nth) => (nth <= 3 ? 'cut' : 500),
      });
      expect(lines).toEqual([
        'http/kills: not_tested: The receiver crashed during this check: see http/survives.',
        expect.stringMatching(/^http\/more: fail: 500 /),
        'http/later: pass',
      ]);
    });

    test('it lives: to be cut off was its answer', async () => {
      const odd = active('http/odd', 'valid', async (probe) => {
        const exchange = await probe.post(probe.event('email.clicked'));
        return fail({ expected: ['a 2xx'], actual: 'cut off', exchanges: [exchange] });
      });
      const { lines } = await run([odd], {
        script: ({ body }) => (body.includes('email.clicked') ? 'cut' : 200),
      });
      expect(lines).toEqual(['http/odd: fail: cut off']);
    });
  });

  describe('a connection that is refused', () => {
    /** Sends to a port without a listener, as to a receiver that is restarting. */
    const meets = (stage: Stage) =>
      active('http/meets', stage, async (probe) => {
        const gone = await scripted(right);
        await gone[Symbol.asyncDispose]();
        const exchange = await probe.post(probe.event(), { url: gone.url });
        return fail({ expected: ['a 2xx'], actual: 'refused', exchanges: [exchange] });
      });

    test.for([
      [
        'valid',
        1,
        'http/meets: not_tested: The receiver crashed during this check: see http/survives.',
      ],
      [
        'risky',
        1,
        'http/meets: not_tested: The receiver crashed during this check: see http/survives.',
      ],
      ['load', 0, 'http/meets: fail: refused'],
      ['flood', 0, 'http/meets: fail: refused'],
    ] as const)('is a death, but for a crowd: %s', async ([stage, count, line]) => {
      const seen: Observed[] = [];
      const looks = looking('http/looks', (observed) => {
        seen.push(observed);
        return pass();
      });
      const { lines } = await run([meets(stage), looks]);
      expect(lines).toEqual([line, 'http/looks: pass']);
      expect(seen[0]!.crashes).toHaveLength(count);
    });
  });

  describe('a restart on purpose', () => {
    const restarts = (id: Id): Check =>
      active(id, 'disturbing', () => pass(), { needs: ['restart'] });
    const hooks = { restart: () => Promise.resolve() };

    test('after which the receiver stays down is no crash', async () => {
      const seen: Observed[] = [];
      const looks = looking('http/looks', (observed) => {
        seen.push(observed);
        return pass();
      });
      const { lines } = await run([restarts('http/a'), restarts('http/b'), looks], {
        script: () => 'cut',
        hooks,
      });
      expect(lines).toEqual([
        'http/a: pass',
        'http/b: not_tested: Not run: the receiver did not recover after the restart of http/a.',
        'http/looks: pass',
      ]);
      expect(seen[0]!.crashes).toEqual([]);
    });

    test('that takes long is no crash either', async () => {
      const { lines } = await run([restarts('http/a'), restarts('http/b')], {
        script: (_request, nth) => (nth < 20 ? 'cut' : 200),
        hooks,
      });
      expect(lines).toEqual(['http/a: pass', 'http/b: pass']);
    });
  });

  test('what is sent in a crowd is marked', async () => {
    const seen: Observed[] = [];
    const one = async (probe: Probe) => {
      await probe.post(probe.event());
      return pass();
    };
    await run([
      active('http/a', 'valid', one),
      active('http/b', 'load', one),
      active('http/c', 'flood', one),
      looking('http/looks', (observed) => {
        seen.push(observed);
        return pass();
      }),
    ]);
    const marks = seen[0]!.exchanges.map(({ by, inBurst }) => [by, inBurst]);
    expect(marks.filter(([by]) => by !== 'control')).toEqual([
      ['http/a', false],
      ['http/b', true],
      ['http/c', true],
    ]);
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
    const seen: Observed[] = [];
    await run(
      [
        active('http/a', 'negative', async (probe) => {
          await probe.post(probe.event());
          return pass();
        }),
        looking('http/looks', (observed) => {
          seen.push(observed);
          return pass();
        }),
      ],
      { plan: { timeoutMs: 777 } },
    );
    const { exchanges, timeoutMs, secretsIn } = seen[0]!;
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

  test('but for valid events, which have three', async () => {
    const limits: number[] = [];
    await using receiver = await scripted(right);
    const { context } = receiver;
    const client = {
      ...context.client,
      send: (request: SentRequest, timeoutMs: number) => {
        limits.push(timeoutMs);
        return context.client.send(request, timeoutMs);
      },
    };
    const check = active('http/a', 'valid', async (probe) => {
      const hang = { kind: 'none', cause: 'timeout', message: 'x', durationMs: 1 } as const;
      probe.keep({ method: 'POST', headers: [], body: Buffer.from(''), manner: null }, hang);
      await probe.post(probe.event());
      await probe.post(probe.event(), { signature: null });
      await probe.post(probe.event(), { timeoutMs: 7000 });
      return pass();
    });
    await run([check], { plan: { context: { ...context, client } } });
    // The last one is a control.
    expect(limits).toEqual([3000, 1000, 7000, 3000]);
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

  test('is still one when it answers another request', async () => {
    const limits: number[] = [];
    await run(
      [
        active('http/a', 'valid', async (probe) => {
          await probe.post('hang', { timeoutMs: 20 });
          await probe.post(probe.event());
          limits.push(probe.timeoutMs);
          return pass();
        }),
      ],
      { script: ({ body }) => (body === 'hang' ? 'hang' : 204) },
    );
    expect(limits).toEqual([1000]);
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
      'http/b: not_tested: Not finished: the run was interrupted.',
      'http/c: not_tested: Not run: the run was interrupted.',
      'http/looks: not_tested: Not finished: the run was interrupted.',
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
  expect(
    progress.flatMap((step) => ('check' in step ? `${step.type} ${step.check.id}` : [])),
  ).toEqual(['started http/a', 'finished http/a', 'finished http/looks']);
  expect(progress[1]).toMatchObject({ result: { id: 'http/a', status: 'pass' } });
});
