/**
 * What is said of a receiver by how it treats what the provider never sent.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  habitOf,
  judgeAcceptance,
  judgeForgeries,
  REFUSAL,
  describeAccepted,
  wrongDigest,
  wrongSignature,
  type Forgery,
} from '../../../src/conformance/judge/forgeries.ts';
import { seededRandom } from '../../../src/domain/random.ts';
import { right, scripted, type Script } from '../scripted-receiver.ts';

const NO_HEADER: Forgery = { name: 'no header', signature: null };
const EMPTY: Forgery = { name: 'empty', signature: '' };
const forgeries = [NO_HEADER, EMPTY];

/** Answers events without a header, or with an empty one, as given; refuses other forgeries. */
const onForgery =
  (without: ReturnType<Script>, empty: ReturnType<Script>): Script =>
  ({ headers, isSigned }) => {
    if (isSigned) return 204;
    const value = headers['x-sendemall-signature'];
    return value === undefined ? without : value === '' ? empty : 401;
  };

const counting = (counts: (id: string) => number, asked: string[] = []) => ({
  effects: async (id: string): Promise<number> => {
    asked.push(id);
    return counts(id);
  },
});

describe('a connection that is cut on a forgery', () => {
  test('by chance, as it is not when the forgery comes again, is no failure of the receiver', async () => {
    await using receiver = await scripted((_, nth) => (nth === 1 ? 'cut' : 401));
    expect(await judgeForgeries(receiver.probe, forgeries)).toMatchObject({ status: 'pass' });
    expect(receiver.heard).toHaveLength(3);
  });

  test('is judged by what the second try shows: one that is accepted then is the worse failure', async () => {
    await using receiver = await scripted((_, nth) => (nth === 0 ? 'cut' : nth === 2 ? 204 : 401));
    expect(await judgeForgeries(receiver.probe, forgeries)).toMatchObject({
      status: 'fail',
      actual: expect.stringMatching(/^accepted no header: 204/) as string,
    });
  });

  test('again is one', async () => {
    await using receiver = await scripted(onForgery(401, 'cut'));
    expect(await judgeForgeries(receiver.probe, forgeries)).toMatchObject({
      status: 'fail',
      level: 'SHOULD',
    });
  });
});

describe('a generated digest', () => {
  test('has 64 hexadecimal digits, and others each time', () => {
    const random = seededRandom(7);
    const made = Array.from({ length: 20 }, () => wrongDigest({ random }));
    for (const one of made) expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(made).size).toBe(20);
    expect(new Set(made.join('')).size).toBe(16);
    expect(wrongSignature({ random })).toMatch(/^sha256=[0-9a-f]{64}$/);
  });
});

describe('a forgery', () => {
  test('is a fresh valid event, or the body, headers and content type that are given', async () => {
    await using receiver = await scripted(right);
    await judgeForgeries(receiver.probe, [
      NO_HEADER,
      {
        name: 'text',
        signature: (body) => `of ${body}`,
        body: '{"a":1}',
        contentType: 'text/plain',
      },
      {
        name: 'event',
        signature: 'sha256=x',
        body: receiver.probe.event('email.bounced'),
        headers: [['X-More', 'yes']],
      },
    ]);
    const [fresh, text, event] = receiver.heard;
    expect(fresh).toMatchObject({ body: expect.stringContaining('"email.replied"') as string });
    expect(fresh!.headers).not.toHaveProperty('x-sendemall-signature');
    expect(fresh!.headers).not.toHaveProperty('x-more');
    expect(fresh!.headers['content-type']).toBe('application/json');
    expect(text).toMatchObject({
      body: '{"a":1}',
      headers: { 'x-sendemall-signature': 'of {"a":1}', 'content-type': 'text/plain' },
    });
    expect(event).toMatchObject({
      body: expect.stringContaining('"email.bounced"') as string,
      headers: { 'x-more': 'yes', 'x-sendemall-signature': 'sha256=x' },
    });
  });

  test('goes out in a manner of its own where it has one', async () => {
    await using receiver = await scripted(right);
    const verdict = await judgeForgeries(receiver.probe, [
      {
        name: 'by hand',
        signature: 'sha256=y',
        send: (probe, body, signature) =>
          probe.post(body, { signature, headers: [['X-Manner', 'own']] }),
      },
    ]);
    expect(verdict).toEqual({ status: 'pass' });
    expect(receiver.heard.map(({ headers }) => headers['x-manner'])).toEqual(['own']);
    expect(receiver.heard[0]!.headers['x-sendemall-signature']).toBe('sha256=y');
  });

  test('is not sent once the run was interrupted', async () => {
    await using receiver = await scripted(right, { signal: AbortSignal.abort() });
    expect(await judgeForgeries(receiver.probe, forgeries)).toEqual({ status: 'pass' });
    expect(receiver.heard).toEqual([]);
  });
});

describe.each([
  ['judged by what was accepted', judgeAcceptance],
  ['judged by every answer', judgeForgeries],
] as const)('forgeries %s', (_, judge) => {
  test.for([400, 401, 403, 404, 422])('pass when refused with %i', async (status) => {
    await using receiver = await scripted(onForgery(status, 401));
    expect(await judge(receiver.probe, forgeries)).toEqual({ status: 'pass' });
    expect(receiver.heard).toHaveLength(2);
  });

  test.for([200, 299])('fail on %i when effects cannot be observed', async (status) => {
    await using receiver = await scripted(onForgery(401, status));
    const { probe } = receiver;
    expect(await judge(probe, forgeries)).toEqual({
      status: 'fail',
      expected: [REFUSAL],
      actual: expect.stringMatching(new RegExp(`^accepted empty: ${status} in \\d+ ms$`)) as string,
      exchanges: [probe.exchanges[1]],
    });
    expect(REFUSAL).toBe('a 4xx (401 in the provider’s guide), no effect');
  });

  test('fail as processed when they took effect', async () => {
    const asked: string[] = [];
    await using receiver = await scripted(onForgery(200, 200), {
      hooks: counting(() => 1, asked),
    });
    const { probe } = receiver;
    expect(await judge(probe, forgeries)).toEqual({
      status: 'fail',
      symptom: 'forged',
      expected: [REFUSAL],
      actual: expect.stringMatching(
        /^accepted no header: 200 in \d+ ms; empty: 200 in \d+ ms, and processed it$/,
      ) as string,
      exchanges: probe.exchanges.slice(0, 2).toReversed(),
    });
    // A last valid event had to have its effect first.
    expect(receiver.heard.map(({ isSigned }) => isSigned)).toEqual([false, false, true]);
    expect(asked[0]).toBe(receiver.heard[2]!.id);
    expect(asked).toContain(receiver.heard[0]!.id);
  });

  test('name only those that took effect', async () => {
    await using receiver = await scripted(onForgery(200, 200), {
      hooks: counting((id) => (id === receiver.heard[0]!.id ? 0 : 1)),
    });
    const { probe } = receiver;
    expect(await judge(probe, forgeries)).toMatchObject({
      actual: expect.stringMatching(/^accepted empty: 200 in \d+ ms, and processed it$/) as string,
      exchanges: [probe.exchanges[1]],
    });
  });

  test('are less grave when accepted without effect', async () => {
    await using receiver = await scripted(onForgery(401, 202), {
      hooks: counting((id) => (id === receiver.heard.find((one) => one.isSigned)?.id ? 1 : 0)),
    });
    const { probe } = receiver;
    expect(await judge(probe, forgeries)).toEqual({
      status: 'fail',
      level: 'SHOULD',
      expected: [REFUSAL],
      actual: expect.stringMatching(/^accepted without effect: empty: 202 in \d+ ms$/) as string,
      exchanges: [probe.exchanges[1]],
      diagnosis: 'The forgery is dropped, but the sender gets a success.',
      fix: 'Respond with 401 to requests without a valid signature, so that the sender notices.',
    });
  });

  test('pass where every forgery is answered so, and none takes effect', async () => {
    await using receiver = await scripted(() => 202, {
      hooks: counting((id) => (receiver.heard.find((one) => one.id === id)?.isSigned ? 1 : 0)),
    });
    expect(await judge(receiver.probe, forgeries)).toEqual({
      status: 'pass',
      note: 'no forgery took effect; each gets a 202, which signature/refuses-with-4xx reports',
    });
  });

  test('without an id that can be looked up count as taken for real', async () => {
    for (const body of ['not JSON', '{"id":7}', '{}']) {
      await using receiver = await scripted(() => 200, { hooks: counting(() => 1) });
      expect(await judge(receiver.probe, [{ ...NO_HEADER, body }])).toMatchObject({
        status: 'fail',
        actual: expect.stringMatching(/^accepted no header: 200 in \d+ ms$/) as string,
      });
    }
  });

  test('are not judged when left without an answer, and no more are sent', async () => {
    await using receiver = await scripted(onForgery('hang', 401), { timeoutMs: 50 });
    expect(await judge(receiver.probe, forgeries)).toEqual({
      status: 'not_tested',
      reason: expect.stringMatching(
        /^Every forgery must get a response first: no header: no complete response .*after \d+ ms\.$/,
      ) as string,
    });
    expect(receiver.heard).toHaveLength(1);
  });

  test('that were accepted are reported before one without a response', async () => {
    await using receiver = await scripted(onForgery(200, 'hang'), { timeoutMs: 50 });
    expect(await judge(receiver.probe, forgeries)).toMatchObject({
      status: 'fail',
      actual: expect.stringMatching(/^accepted no header: 200/) as string,
    });
  });
});

describe('a receiver that fails over a forgery', () => {
  test.for([
    [500, 4],
    // On a kept connection a cut is tried again over a new one.
    ['cut', 5],
    [302, 4],
  ] as const)('fails, less gravely: %s', async ([act, requests]) => {
    await using receiver = await scripted(onForgery(act, 401));
    const { probe } = receiver;
    expect(await judgeForgeries(probe, forgeries)).toEqual({
      status: 'fail',
      level: 'SHOULD',
      expected: [REFUSAL],
      actual: expect.stringMatching(/^no header: [^;]+ \d+ ms$/) as string,
      exchanges: [probe.exchanges[0]],
      diagnosis:
        'The forgery is not accepted, but the receiver fails on it instead of rejecting it.',
      fix: expect.stringMatching(/^Check that the header is present .* compare bytes\.$/) as string,
    });
    // The failure comes again, and one that looks right shows that the others are refused.
    expect(receiver.heard).toHaveLength(requests);
  });

  test('has not accepted it', async () => {
    await using receiver = await scripted(onForgery(500, 401));
    expect(await judgeAcceptance(receiver.probe, forgeries)).toEqual({ status: 'pass' });
  });

  test('passes when it responds so to every forgery, which another check reports', async () => {
    await using receiver = await scripted(({ isSigned }) => (isSigned ? 204 : 500));
    expect(await judgeForgeries(receiver.probe, forgeries)).toEqual({
      status: 'pass',
      note: 'no forgery took effect; each gets a 500, which signature/refuses-with-4xx reports',
    });
  });
});

describe('the habit of a receiver', () => {
  test.for([
    [401, null],
    [499, null],
    ['cut', null],
    [399, 399],
    [500, 500],
  ] as const)('answering %s to the plainest forgery', async ([act, told]) => {
    await using receiver = await scripted(() => act);
    const habit = await habitOf(receiver.probe);
    expect(receiver.heard).toHaveLength(1);
    expect(receiver.heard[0]!.headers['x-sendemall-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
    if (told === null) expect(habit).toBeNull();
    else expect(habit).toMatchObject({ note: expect.stringContaining(`${told},`) as string });
  });
});

describe('variants that are only told', () => {
  test('pass when none is accepted', async () => {
    await using receiver = await scripted(onForgery(401, 500));
    expect(await describeAccepted(receiver.probe, forgeries)).toEqual({ status: 'pass' });
    expect(receiver.heard).toHaveLength(2);
  });

  test('are named when they are', async () => {
    await using receiver = await scripted(onForgery(401, 200));
    const { probe } = receiver;
    expect(await describeAccepted(probe, forgeries)).toEqual({
      status: 'fail',
      expected: ['a 4xx, or a reason to accept it'],
      actual: expect.stringMatching(/^accepted empty: 200 in \d+ ms$/) as string,
      exchanges: [probe.exchanges[1]],
    });
  });
});
