/**
 * From a verdict to the line of the report.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  areaOf,
  defineCheck,
  isActive,
  type ActiveCheck,
  type Level,
  type Stage,
  type Verdict,
} from '../../../src/conformance/check.ts';
import type { Exchange } from '../../../src/conformance/net/exchange.ts';
import { createSigning } from '../../../src/conformance/probe/signing.ts';
import { createRedactor } from '../../../src/conformance/redact/redact.ts';
import { toResult, type ResultContext } from '../../../src/conformance/run/check-result.ts';
import {
  fail,
  isAccepted,
  isRefused,
  notTested,
  pass,
  describeReply,
  unjudged,
} from '../../../src/conformance/verdict.ts';
import { SECRET } from '../run-suite.ts';
import { answer, exchange, none, signedBy } from '../fixtures.ts';

const check = (level: Level = 'MUST') =>
  defineCheck({
    id: 'http/sample',
    level,
    title: 'Does what it says',
    requirement: { text: 'It does.', source: 'a test' },
    cause: 'the usual cause',
    fix: 'the usual fix',
    catches: [],
    observe: () => pass(),
  });

const resultOf = (verdict: Verdict, exchanges: readonly Exchange[] = [], level: Level = 'MUST') => {
  const redactor = createRedactor();
  const signing = createSigning(SECRET, redactor);
  return toResult(
    check(level),
    { verdict, exchanges, durationMs: 12.6 },
    { redactor, signing, insecure: false },
  );
};

describe('a line of the report', () => {
  test('of a pass says what the check is', () => {
    expect(resultOf(pass())).toEqual({
      id: 'http/sample',
      area: 'http',
      level: 'MUST',
      title: 'Does what it says',
      requirement: 'It does. (a test)',
      status: 'pass',
      duration_ms: 13,
      reason: null,
      cut_off: null,
      needs: null,
      expected: [],
      actual: null,
      diagnosis: null,
      fix: null,
      reproduce: null,
      rerun: null,
      explain: null,
      decides: [],
      forgery_took_effect: false,
      log: null,
      exchanges: [],
    });
  });

  test('of a pass with a remark has it as its reason', () => {
    expect(resultOf(pass('3 ms'))).toMatchObject({ status: 'pass', reason: '3 ms', actual: null });
  });

  test('of a failure has the words of the check where the verdict has none', () => {
    expect(resultOf(fail({ expected: ['a', 'b'], actual: 'c' }))).toMatchObject({
      status: 'fail',
      reason: null,
      expected: ['a', 'b'],
      actual: 'c',
      diagnosis: 'the usual cause',
      fix: 'the usual fix',
    });
    expect(
      resultOf(fail({ expected: [], actual: 'c', diagnosis: 'this', fix: 'that' })),
    ).toMatchObject({ diagnosis: 'this', fix: 'that' });
  });

  test.for([
    ['not_tested', notTested('no hook')],
    ['error', unjudged('it fell')],
  ] as const)('of %s has the reason, and no words about a fault', ([status, verdict]) => {
    expect(resultOf(verdict)).toMatchObject({
      status,
      reason: status === 'error' ? 'it fell' : 'no hook',
      expected: [],
      actual: null,
      diagnosis: null,
      fix: null,
      reproduce: null,
    });
  });

  test('has nothing secret in any of its texts', () => {
    const told = `says ${SECRET}`;
    const { expected, actual, diagnosis, fix } = resultOf(
      fail({ expected: [told], actual: told, diagnosis: told, fix: told }),
    );
    for (const text of [...expected, actual, diagnosis, fix, resultOf(notTested(told)).reason]) {
      expect(text).toBe('says <the secret>');
    }
  });
});

describe('the level', () => {
  test.for([
    ['MUST', undefined, 'MUST'],
    ['MUST', 'SHOULD', 'SHOULD'],
    ['MUST', 'INFO', 'INFO'],
    ['SHOULD', 'MUST', 'SHOULD'],
    ['SHOULD', 'INFO', 'INFO'],
    ['INFO', 'SHOULD', 'INFO'],
    ['SHOULD', 'SHOULD', 'SHOULD'],
  ] as const)('of a %s check, judged %s, is %s', ([level, judged, told]) => {
    const verdict = fail({ expected: [], actual: '', ...(judged && { level: judged }) });
    expect(resultOf(verdict, [], level).level).toBe(told);
  });

  test('of what did not fail is that of the check', () => {
    expect(resultOf(pass(), [], 'SHOULD').level).toBe('SHOULD');
  });
});

describe('exchanges', () => {
  const numbered = Array.from({ length: 10 }, (_, at) => exchange(answer(400 + at)));
  const statuses = (verdict: Verdict): (number | null)[] =>
    resultOf(verdict, numbered).exchanges.map(({ response }) => response.status);

  test('are the last eight of a failure, and the last two of anything else', () => {
    expect(statuses(fail({ expected: [], actual: '' }))).toEqual([
      402, 403, 404, 405, 406, 407, 408, 409,
    ]);
    expect(statuses(pass())).toEqual([408, 409]);
  });

  test('are those that show a failure, where it names them', () => {
    const verdict = fail({ expected: [], actual: '', exchanges: [exchange(answer(599))] });
    expect(statuses(verdict)).toEqual([599]);
  });
});

describe('the command that shows it again', () => {
  const failing = fail({ expected: [], actual: '' });
  const plain = exchange(answer(500), { headers: [['Content-Type', 'application/json']] });

  test('is made from the last exchange of a failure', () => {
    const { reproduce } = resultOf(failing, [
      exchange(answer(500), { url: 'http://else.example' }),
      plain,
    ]);
    expect(reproduce).toContain("'http://localhost/hook'");
    expect(reproduce).not.toContain('else.example');
  });

  test('is not there for what did not fail, nor where nothing was sent', () => {
    expect(resultOf(pass(), [plain]).reproduce).toBeNull();
    expect(resultOf(notTested('so'), [plain]).reproduce).toBeNull();
    expect(resultOf(failing).reproduce).toBeNull();
  });

  test('is not there when a gap would have to be left in it', () => {
    const leaking = exchange(answer(500), { headers: [['X-Copy', SECRET]] });
    expect(resultOf(failing, [leaking]).reproduce).toBeNull();
  });

  test('leaves a gap that the user can fill', () => {
    const redactor = createRedactor();
    redactor.hide('Bearer abcdefghijkl', '<your Authorization>');
    const signing = createSigning(SECRET, redactor);
    const sent = exchange(answer(500), { headers: [['Authorization', 'Bearer abcdefghijkl']] });
    const { reproduce } = toResult(
      check(),
      { verdict: failing, exchanges: [sent], durationMs: 0 },
      { redactor, signing, insecure: false },
    );
    expect(reproduce).toContain('Authorization: <your Authorization>');
    expect(reproduce).not.toContain('abcdefghijkl');
  });

  test('signs again, so that the command does not contain the secret', () => {
    const redactor = createRedactor();
    const signing = createSigning(SECRET, redactor);
    const body = Buffer.from('{"id":"evt_1"}');
    const sent = exchange(answer(500), { body, headers: signedBy(signing.valid(body)) });
    const { reproduce } = toResult(
      check(),
      { verdict: failing, exchanges: [sent], durationMs: 0 },
      { redactor, signing, insecure: false },
    );
    expect(reproduce).toContain('SENDEMALL_MOCK_SECRET');
    expect(reproduce).not.toContain(signing.digest(body));
  });
});

describe('where one request may not be enough, the command that makes the check again', () => {
  const active = (stage: Stage): ActiveCheck => ({
    ...check(),
    id: 'http/sample',
    stage,
    run: () => Promise.resolve(pass()),
  });
  const reproduceOf = (
    stage: Stage,
    sent: readonly Exchange[],
    rerun: ResultContext['rerun'] | null = (id) => `verify --only ${id}`,
  ) => {
    const redactor = createRedactor();
    const signing = createSigning(SECRET, redactor);
    const verdict = fail({ expected: [], actual: '' });
    return toResult(
      active(stage),
      { verdict, exchanges: sent, durationMs: 0 },
      { redactor, signing, insecure: false, rerun: rerun ?? undefined },
    ).reproduce;
  };
  const accepted = exchange(answer(204));
  const refused = exchange(answer(409));
  const RERUN = 'verify --only http/sample';

  test.for([
    ['valid', accepted, /^printf .* curl /],
    ['negative', accepted, /^printf .* curl /],
    ['effects', accepted, RERUN],
    ['effects', refused, /^printf .* curl /],
    ['disturbing', refused, RERUN],
    ['load', refused, RERUN],
  ] as const)('%s', ([stage, sent, expected]) => {
    expect(reproduceOf(stage, [sent])).toMatch(expected);
  });

  test('stands in for what curl cannot send, and for nothing that was sent', () => {
    const cut = exchange(answer(500), { manner: 'in two pieces' });
    expect(reproduceOf('valid', [cut])).toBe(RERUN);
    expect(reproduceOf('valid', [])).toBe(RERUN);
  });

  test('without one, the last request has to do', () => {
    expect(reproduceOf('effects', [accepted], null)).toMatch(/^printf .* curl /);
    expect(reproduceOf('effects', [], null)).toBeNull();
  });

  test('stands in the report beside the request; for a check that judges the whole run, it repeats that', () => {
    const redactor = createRedactor();
    const context = {
      redactor,
      signing: createSigning(SECRET, redactor),
      insecure: false,
      rerun: (id: string | null) => `verify${id === null ? '' : ` --only ${id}`} --seed 7`,
    };
    const ran = {
      verdict: fail({ expected: [], actual: '' }),
      exchanges: [accepted],
      durationMs: 0,
    };
    expect(toResult(active('valid'), ran, context).rerun).toBe(
      'verify --only http/sample --seed 7',
    );
    expect(toResult(check(), ran, context).rerun).toBe('verify --seed 7');
    const passed = { ...ran, verdict: pass() };
    expect(toResult(active('valid'), passed, context).rerun).toBeNull();
  });

  test('a forgery that took effect, and what a check needs, are data of the result', () => {
    const redactor = createRedactor();
    const context = { redactor, signing: createSigning(SECRET, redactor), insecure: false };
    const forged = fail({ symptom: 'forged', expected: [], actual: '' });
    const lacking = { status: 'not_tested', reason: { needs: 'state' } } as const;
    const resultOf = (verdict: Parameters<typeof toResult>[1]['verdict']) =>
      toResult(check(), { verdict, exchanges: [], durationMs: 0 }, context);
    expect(resultOf(forged).forgery_took_effect).toBe(true);
    expect(resultOf(lacking)).toMatchObject({ needs: 'state', forgery_took_effect: false });
  });

  test('is not there when the secret would stand in it', () => {
    expect(reproduceOf('load', [accepted], () => `verify --secret ${SECRET}`)).toBeNull();
  });
});

describe('verdicts', () => {
  test.for([
    [199, false, false],
    [200, true, false],
    [299, true, false],
    [300, false, false],
    [399, false, false],
    [400, false, true],
    [499, false, true],
    [500, false, false],
  ] as const)('%i: accepted %s, refused %s', ([status, accepted, refused]) => {
    const seen = exchange(answer(status));
    expect([isAccepted(seen), isRefused(seen)]).toEqual([accepted, refused]);
  });

  test('no answer is neither accepted nor refused', () => {
    const seen = exchange(none('reset'));
    expect([isAccepted(seen), isRefused(seen)]).toEqual([false, false]);
  });

  test('a reply is described in one line', () => {
    expect(describeReply(answer(401, { durationMs: 2.6 }))).toBe('401 in 3 ms');
    expect(describeReply(none('timeout'))).toBe('it was timeout after 10000 ms');
  });

  test('a pass without a remark has none', () => {
    expect(pass()).toEqual({ status: 'pass' });
    expect(pass('fine')).toEqual({ status: 'pass', note: 'fine' });
  });
});

test('a check has an area, and either sends or looks', () => {
  expect(areaOf(check())).toBe('http');
  expect(isActive(check())).toBe(false);
});
