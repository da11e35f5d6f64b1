/**
 * The checks that send nothing and look at what the others have seen.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import { isActive } from '../../../src/conformance/check.ts';
import type { Observed } from '../../../src/conformance/run/observed.ts';
import type { Exchange } from '../../../src/conformance/net/exchange.ts';
import { answer, exchange, none, observed, signedBy } from '../fixtures.ts';

const look = (id: string, seen: Partial<Observed>) => {
  const check = CATALOGUE.find((one) => one.id === id);
  if (check === undefined || isActive(check)) throw new Error(`${id} looks at nothing.`);
  return check.observe(observed(seen));
};

/** As if the right digest was the word "right", and the secret the word "secret". */
const secretsIn = (text: string): readonly string[] => [
  ...(text.includes('right') ? ['<the right digest>'] : []),
  ...(text.includes('secret') ? ['<the secret>'] : []),
];
const by = (id: string, one: Exchange, inBurst = false) => ({ by: id, inBurst, exchange: one });

test.each([
  'http/no-hang',
  'http/survives',
  'http/no-redirect',
  'signature/leaks-secret',
  'signature/leaks-digest',
  'signature/leaks-stack',
  'signature/controls-accepted',
])('%s: where nothing was seen nothing is said, but what to do', (id) => {
  expect(look(id, {})).toEqual({
    status: 'not_tested',
    reason: expect.stringMatching(/^.+\. Run more checks\.$/),
  });
});

describe('http/no-hang', () => {
  const fine = by('http/reachable', exchange(answer(401)));
  const hung = exchange(none('timeout'));
  test('all answered, be it by a refusal or an end', () => {
    expect(
      look('http/no-hang', { exchanges: [fine, by('http/empty-body', exchange(none('reset')))] }),
    ).toEqual({ status: 'pass', note: '2 requests, all with a response' });
  });
  test('in a crowd, which other checks are about, it is not counted', () => {
    const crowd = by('performance/burst', hung, true);
    expect(look('http/no-hang', { exchanges: [fine, crowd] })).toEqual({
      status: 'pass',
      note: '1 requests, all with a response',
    });
    expect(look('http/no-hang', { exchanges: [crowd] })).toMatchObject({ status: 'not_tested' });
  });
  test('one alone: the usual cause', () => {
    const failure = look('http/no-hang', { exchanges: [fine, by('a/one', hung)], timeoutMs: 9 });
    expect(failure).toMatchObject({ status: 'fail', actual: 'no response to requests of a/one' });
    expect(failure).not.toHaveProperty('diagnosis');
  });
  test('some not: by whom, each once', () => {
    const late = exchange(none('timeout'));
    const exchanges = [fine, by('a/one', hung), by('a/two', late), by('a/one', late)];
    expect(look('http/no-hang', { exchanges, timeoutMs: 1000 })).toMatchObject({
      status: 'fail',
      expected: ['a response within 1000 ms'],
      actual: 'no response to requests of a/one, a/two',
      exchanges: [hung],
      diagnosis: expect.stringContaining('3 requests got no response'),
    });
  });
});

describe('http/survives', () => {
  const last = exchange(none('reset'));
  test('no death', () => {
    expect(look('http/survives', { controls: 7 })).toEqual({
      status: 'pass',
      note: '7 control requests',
    });
  });
  test.each([
    [null, 'the receiver crashed on a request of a/one and did not recover'],
    [0, 'the receiver crashed on a request of a/one and was available again at the next check'],
    [120, 'the receiver crashed on a request of a/one and was available again after 120 ms'],
  ])('a death, back after %s ms', (recoveredAfterMs, actual) => {
    const found = exchange(none('refused'));
    const crashes = [
      { by: 'a/zero', exchange: found, recoveredAfterMs: 2, answersUnsigned: false },
      { by: 'a/one', exchange: last, recoveredAfterMs, answersUnsigned: false },
      { by: 'a/two', exchange: null, recoveredAfterMs: 1, answersUnsigned: false },
    ];
    expect(look('http/survives', { controls: 7, crashes })).toEqual({
      status: 'fail',
      key: 'crash:a/one',
      expected: ['the receiver keeps responding'],
      actual,
      diagnosis: expect.stringMatching(/^An uncaught error ends the process. Anybody can send/),
      exchanges: [last],
    });
  });
  test.each([
    ['anyone', undefined, 'needs no valid signature'],
    ['provider', undefined, 'The provider sends such events'],
    ['secret_holder', 'SHOULD', 'Only the holder of the secret'],
  ] as const)('a death by what %s can send', (sender, level, text) => {
    const death = { by: 'a/one', exchange: last, sender, recoveredAfterMs: null };
    const crashes = [{ ...death, answersUnsigned: false }];
    const seen = look('http/survives', { controls: 1, crashes });
    expect(seen).toMatchObject({ diagnosis: expect.stringContaining(text) });
    expect('level' in seen ? seen.level : undefined).toBe(level);
  });
  test('a process that lives and cuts whatever is valid', () => {
    const crashes = [
      { by: 'a/one', exchange: last, recoveredAfterMs: null, answersUnsigned: true },
    ];
    expect(look('http/survives', { controls: 1, crashes })).toMatchObject({
      status: 'fail',
      actual:
        'since a request of a/one, the receiver closes the connection on every valid event, although it responds to unsigned requests',
      diagnosis: expect.stringContaining('poisoned mutex') as string,
      exchanges: [last],
    });
  });
  test('a death that was only found', () => {
    const found = exchange(none('refused'));
    const crashes = [{ by: 'a/one', exchange: found, recoveredAfterMs: 0, answersUnsigned: false }];
    expect(look('http/survives', { controls: 1, crashes })).toMatchObject({ exchanges: [found] });
  });
  test('a crash of unknown cause', () => {
    const crashes = [
      { by: 'a/one', exchange: null, recoveredAfterMs: null, answersUnsigned: false },
    ];
    expect(look('http/survives', { controls: 1, crashes })).not.toHaveProperty('exchanges');
  });
});

describe('http/no-redirect', () => {
  const headers = signedBy('sha256=right');
  const moved = answer(308, { headers: [['location', 'https://elsewhere/']] });
  const valid = exchange(answer(204), { headers });
  const see = (...exchanges: readonly ReturnType<typeof by>[]) =>
    look('http/no-redirect', { exchanges, secretsIn });

  test.each([
    ['an answer', valid],
    ['a refusal', exchange(answer(401), { headers })],
    ['a 400', exchange(answer(400), { headers })],
    ['a redirected GET', exchange(moved, { headers, method: 'GET' })],
    ['no answer', exchange(none('reset'), { headers })],
  ])('%s is not a redirect', (_what, one) => {
    expect(see(by('http/a', one))).toEqual({ status: 'pass' });
  });

  test.each([300, 301, 302, 307, 308, 399])('%i is one', (status) => {
    const one = exchange(answer(status), { headers });
    expect(see(by('http/a', valid), by('http/b', one))).toEqual({
      status: 'fail',
      expected: ['a 2xx'],
      actual: `${status} to nowhere for a request of http/b (1 in total)`,
      exchanges: [one],
    });
  });

  test('reports the target of the redirect and shows the last exchange of each type of event', () => {
    const many = [1, 2, 3, 4].map(() => exchange(moved, { headers }));
    expect(see(...many.map((one) => by('http/b', one)))).toMatchObject({
      actual: '308 to https://elsewhere/ for a request of http/b (4 in total)',
      exchanges: many.slice(-1),
    });
  });

  test.each([
    ['what is not signed', 'http/b', []],
    ['what is wrongly signed', 'http/b', signedBy('sha256=wrong')],
    ['what is right in part', 'signature/truncated', headers],
    ['a body that was changed', 'signature/body-constant', headers],
  ])('%s may be redirected', (_what, id, given) => {
    const seen = by(id, exchange(moved, { headers: given }));
    expect(see(seen)).toMatchObject({ status: 'not_tested' });
    expect(see(by('http/a', valid), seen)).toEqual({ status: 'pass' });
  });

  test.each(['signature/body-bom', 'signature/accepts-valid', 'content/samples', 'control'])(
    'what %s sends is valid',
    (id) => {
      expect(see(by(id, exchange(moved, { headers })))).toMatchObject({ status: 'fail' });
    },
  );

  test('the name of the header has no case', () => {
    const lower = [['x-sendemall-signature', 'sha256=right']] as const;
    expect(see(by('http/a', exchange(moved, { headers: lower })))).toMatchObject({
      status: 'fail',
    });
  });
});

describe.each([
  ['signature/leaks-secret', 'secret', '2 responses contain the secret; the first to a/two'],
  [
    'signature/leaks-digest',
    'right',
    '2 responses contain the correct digest of a request that did not have it; the first to a/two',
  ],
  [
    'signature/leaks-stack',
    'Traceback (most recent call last)',
    '2 responses contain a stack trace; the first to a/two',
  ],
])('%s', (id, text, actual) => {
  const fine = by('a/one', exchange(answer(401, { body: 'no' })));
  const leaking = exchange(answer(500, { body: `it is ${text}` }));
  test('nothing leaks', () => {
    expect(look(id, { exchanges: [fine], secretsIn })).toEqual({ status: 'pass' });
  });
  test('something does', () => {
    const exchanges = [fine, by('a/two', leaking), by('a/three', exchange(leaking.reply))];
    expect(look(id, { exchanges, secretsIn })).toEqual({
      status: 'fail',
      expected: ['no trace of it in any response'],
      actual,
      exchanges: [leaking],
    });
  });
});

describe('signature/controls-accepted', () => {
  const lost = (status: number, after = 'signature/wrong-digest') => ({
    after,
    control: exchange(answer(status)),
  });
  const see = (...lostControls: readonly ReturnType<typeof lost>[]) =>
    look('signature/controls-accepted', { controls: 9, lostControls });

  test('all were', () => {
    expect(see()).toEqual({ status: 'pass' });
  });

  test.each(['delivery/restart-probe', 'performance/burst', 'domain/signature/x'])(
    'after %s it is no matter of this check',
    (after) => {
      expect(see(lost(500, after))).toEqual({ status: 'pass' });
    },
  );

  test.each(['signature/a', 'content/a', 'http/a'])('after %s it is', (after) => {
    const one = lost(500, after);
    expect(see(one)).toEqual({
      status: 'fail',
      symptom: 'refused',
      expected: ['a 2xx for the valid event'],
      actual: `after ${after}, a valid event got 500 in 3 ms`,
      exchanges: [one.control],
    });
  });

  test('refused: it remembers', () => {
    expect(see(lost(500), lost(401))).toMatchObject({
      actual: expect.stringMatching(/401 in 3 ms \(2 times in total\)$/),
      diagnosis: expect.stringContaining('rejects valid events'),
    });
  });

  test('429: a rate limit, which is legal', () => {
    expect(see(lost(429), lost(429))).toEqual({ status: 'pass' });
  });

  test('503 without Retry-After is less severe', () => {
    expect(see(lost(503), lost(429))).toMatchObject({
      level: 'SHOULD',
      diagnosis: expect.stringContaining('unavailable'),
    });
    expect(see(lost(401), lost(503))).not.toHaveProperty('level');
  });

  test('no answer is no limiter', () => {
    const after = 'signature/a';
    const seen = look('signature/controls-accepted', {
      controls: 1,
      lostControls: [{ after, control: exchange(none('timeout')) }],
    });
    expect(seen).not.toHaveProperty('level');
    expect(seen).not.toHaveProperty('diagnosis');
  });
});
