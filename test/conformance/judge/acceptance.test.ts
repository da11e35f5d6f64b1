/**
 * Verdicts on a receiver that rejects what the provider may legitimately send.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  failRefused,
  isRefusedSample,
  judgeAccepted,
  judgeProcessed,
  sendSamples,
} from '../../../src/conformance/judge/acceptance.ts';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import { isActive } from '../../../src/conformance/check.ts';
import type { Reply } from '../../../src/conformance/net/exchange.ts';
import { systemClock } from '../../../src/clock/system.ts';
import { answer, exchange, none } from '../fixtures.ts';
import { right, scripted } from '../scripted-receiver.ts';

describe('samples', () => {
  test('go out one after the other, as they are given', async () => {
    await using receiver = await scripted(right);
    const sent = await sendSamples(receiver.probe, [
      { name: 'text', body: '{"id":"a"}' },
      { name: 'bytes', body: Buffer.from('{"id":"b"}'), options: { headers: [['X-More', '1']] } },
    ]);
    expect(receiver.heard.map(({ body }) => body)).toEqual(['{"id":"a"}', '{"id":"b"}']);
    expect(receiver.heard.map(({ headers }) => headers['x-more'])).toEqual([undefined, '1']);
    expect(sent.map(({ sample }) => sample.name)).toEqual(['text', 'bytes']);
    expect(sent.map(isRefusedSample)).toEqual([false, false]);
  });

  test('pass when all are accepted', async () => {
    await using receiver = await scripted(right);
    const { probe } = receiver;
    const samples = [1, 2, 3].map((name) => ({ name: String(name), body: probe.event() }));
    expect(await judgeAccepted(probe, samples)).toEqual({ status: 'pass', note: '3 accepted' });
  });

  test('that are rejected are reported, the first of them last among the exchanges', async () => {
    await using receiver = await scripted((_, nth) => [200, 415][nth] ?? 'cut');
    const { probe } = receiver;
    const samples = ['a', 'b', 'c'].map((name) => ({ name, body: probe.event() }));
    const verdict = await judgeAccepted(probe, samples);
    expect(verdict).toEqual({
      status: 'fail',
      symptom: 'refused',
      expected: ['a 2xx'],
      actual: expect.stringMatching(
        /^rejected: b: 415 in \d+ ms; c: connection \D+ after \d+ ms$/,
      ) as string,
      exchanges: [probe.exchanges[2], probe.exchanges[1]],
    });
  });

  test.for([
    [5, 'rejected: 1: 400 in 3 ms; 2: 400 in 3 ms; 3: 400 in 3 ms; 4: 400 in 3 ms; 5: 400 in 3 ms'],
    [
      7,
      'rejected: 1: 400 in 3 ms; 2: 400 in 3 ms; 3: 400 in 3 ms; 4: 400 in 3 ms; 5: 400 in 3 ms; and 2 more',
    ],
  ] as const)('of %i the first five are named', ([count, actual]) => {
    const refused = Array.from({ length: count }, (_, at) => ({
      sample: { name: String(at + 1), body: '' },
      exchange: exchange(answer(400)),
    }));
    expect(failRefused(refused)).toMatchObject({ actual });
  });

  test.for([
    [
      'a page of a gateway',
      answer(403, {
        headers: [
          ['server', 'cloudflare'],
          ['content-type', 'text/html'],
        ],
        body: '<!DOCTYPE html>',
      }),
      'cloudflare',
    ],
    [
      'a page of its own',
      answer(403, { headers: [['content-type', 'text/html']], body: '<!DOCTYPE html>' }),
      null,
    ],
    [
      'no page',
      answer(403, {
        headers: [
          ['server', 'cloudflare'],
          ['content-type', 'application/json'],
        ],
        body: '{}',
      }),
      null,
    ],
    ['no answer', none('reset'), null],
  ] as const)('are attributed to the author of the response: %s', ([, reply, who]) => {
    const fine = { sample: { name: 'a', body: '' }, exchange: exchange(answer(400)) };
    const verdict = failRefused([
      fine,
      { sample: { name: 'b', body: '' }, exchange: exchange(reply) },
    ]);
    expect(verdict).toMatchObject({ status: 'fail' });
    if (who === null) expect(verdict).not.toHaveProperty('diagnosis');
    else {
      expect(verdict).toHaveProperty(
        'diagnosis',
        expect.stringMatching(
          new RegExp(
            `^The response is a page of .*${who}.*, not of the receiver: the request was rejected before it got there\\.$`,
            'i',
          ),
        ),
      );
    }
  });
});

describe('a body that is too large', () => {
  const refuse = (bytes: number, status: number, more = {}) =>
    failRefused([
      {
        sample: { name: 'a long reply', body: '' },
        exchange: exchange(answer(status, more), { body: Buffer.alloc(bytes) }),
      },
    ]);

  test('is reported as the cause, with the remedy, whatever the check is about', () => {
    const headers = [['x-powered-by', 'Express']] as const;
    expect(refuse(4321, 413, { headers })).toMatchObject({
      diagnosis:
        'The size is the problem, not the content: a body of 4,321 bytes is too large (413), so the body size limit is too low.',
      fix: 'Allow at least 100 kB, better 1 MB. Express: `express.raw({ type: () => true, limit: "1mb" })`. nginx: client_max_body_size.',
    });
    expect(refuse(100_000, 413, { headers: [['server', 'nginx/1.27']] })).toMatchObject({
      diagnosis: expect.stringContaining('too large (413) for nginx/1.27,') as string,
    });
  });

  test('may be refused above what the guide’s receiver takes', () => {
    expect(refuse(100_001, 413)).not.toHaveProperty('fix');
  });

  test('is not what another status says', () => {
    expect(refuse(4321, 400)).not.toHaveProperty('diagnosis');
  });
});

const SILENT = {
  status: 'not_tested',
  reason: 'The receiver did not respond within 10 s: see http/no-hang.',
};

describe('samples that got no answer in time', () => {
  const sentWith = (...replies: readonly Reply[]) =>
    replies.map((reply) => ({ sample: { name: 'a', body: '' }, exchange: exchange(reply) }));

  test('say nothing when there is nothing else', () => {
    expect(failRefused(sentWith(none('timeout')))).toEqual(SILENT);
    expect(
      failRefused(sentWith(none('timeout'), { ...none('timeout'), durationMs: 1004 })),
    ).toEqual(SILENT);
    expect(failRefused(sentWith({ ...none('timeout'), durationMs: 1004 }))).toMatchObject({
      reason: 'The receiver did not respond within 1 s: see http/no-hang.',
    });
  });

  test.for([none('reset'), answer(500), none('invalid_response')])(
    'are a failure beside another: %o',
    (other) => {
      expect(failRefused(sentWith(none('timeout'), other))).toMatchObject({ status: 'fail' });
      expect(failRefused(sentWith(other))).toMatchObject({ status: 'fail' });
    },
  );

  test('are no matter of headers', async () => {
    await using receiver = await scripted(() => 'hang', { wall: systemClock, timeoutMs: 50 });
    for (const id of ['signature/header-name-case', 'content/ct-exact', 'content/event-types']) {
      const check = CATALOGUE.filter(isActive).find((one) => one.id === id)!;
      expect(await check.run(receiver.probe)).toEqual({
        status: 'not_tested',
        reason: expect.stringMatching(
          /^The receiver did not respond within 0\.\d s: see http/,
        ) as string,
      });
    }
  });

  test('in the last letters of a content type, neither', async () => {
    await using receiver = await scripted((_, nth) => (nth === 2 ? 'hang' : 200), {
      timeoutMs: 50,
    });
    const check = CATALOGUE.filter(isActive).find(({ id }) => id === 'content/ct-exact')!;
    expect(await check.run(receiver.probe)).toMatchObject({ status: 'not_tested' });
  });
});

describe('samples that must take effect', () => {
  const lost = new Set<string>();
  const effects = async (id: string): Promise<number> => (lost.has(id) ? 0 : 1);

  test('pass when each has', async () => {
    await using receiver = await scripted(right, { hooks: { effects } });
    const { probe } = receiver;
    const samples = [
      { name: 'a', body: probe.event() },
      { name: 'b', body: probe.event() },
    ];
    expect(await judgeProcessed(probe, samples)).toEqual({
      status: 'pass',
      note: '2 accepted and processed',
    });
  });

  test('cannot be judged without a hook', async () => {
    await using receiver = await scripted(right);
    const { probe } = receiver;
    expect(await judgeProcessed(probe, [{ name: 'a', body: probe.event() }])).toEqual({
      status: 'not_tested',
      reason: {
        needs: 'effects',
        remark: 'All events were accepted with 2xx, but their effects cannot be verified.',
      },
    });
  });

  test('fail when one is refused, with a hook and without', async () => {
    for (const hooks of [{}, { effects }]) {
      await using receiver = await scripted((_, nth) => (nth === 1 ? 400 : 200), { hooks });
      const { probe } = receiver;
      const samples = [
        { name: 'a', body: probe.event() },
        { name: 'b', body: probe.event() },
      ];
      expect(await judgeProcessed(probe, samples)).toMatchObject({
        status: 'fail',
        expected: ['a 2xx'],
        actual: expect.stringMatching(/^rejected: b: 400 in \d+ ms$/) as string,
      });
    }
  });

  test('fail when one was accepted and lost', async () => {
    await using receiver = await scripted(right, { hooks: { effects } });
    const { probe } = receiver;
    const samples = ['kept', 'lost', 'lost as well'].map((name) => ({ name, body: probe.event() }));
    for (const { body } of samples.slice(1)) lost.add(body.id);
    expect(await judgeProcessed(probe, samples)).toEqual({
      status: 'fail',
      symptom: 'lost',
      expected: ['a 2xx and one effect'],
      actual: 'accepted with 2xx, but without effect: lost; lost as well',
      exchanges: probe.exchanges.slice(1),
    });
  });

  test('count as processed if they are bytes, whose event cannot be looked up', async () => {
    await using receiver = await scripted(right, { hooks: { effects: async () => 0 } });
    const verdict = await judgeProcessed(receiver.probe, [
      { name: 'text', body: '{}' },
      { name: 'bytes', body: Buffer.from('{}') },
    ]);
    expect(verdict).toEqual({ status: 'pass', note: '2 accepted and processed' });
  });
});
