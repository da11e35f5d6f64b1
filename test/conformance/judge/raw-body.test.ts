/**
 * Correctly signed bodies with an unusual JSON encoding.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { judgeRawBodies } from '../../../src/conformance/judge/raw-body.ts';
import { notTested } from '../../../src/conformance/verdict.ts';
import { right, scripted } from '../scripted-receiver.ts';
import { compact, hashing, hmac } from '../diagnosis/signing.ts';
import { told } from '../diagnosis/message.ts';

const spaced = { name: 'spaced', body: '{ "id": "evt_1" }' };
const plain = { name: 'plain', body: '{"id":"evt_2"}' };

test('pass when all are accepted', async () => {
  await using receiver = await scripted(right);
  const verdict = await judgeRawBodies(receiver.probe, [spaced, plain]);
  expect(verdict).toEqual({ status: 'pass', note: '2 accepted' });
});

test.for([
  ['what it parsed', hashing(compact)],
  ['what it parsed, in Flask', hashing(compact, { server: 'Werkzeug/3.0' })],
  ['trimmed text', hashing((body) => body.trim())],
  // As what it parsed, apart from bodies that no candidate covers.
  ['some text of its own', hashing((body) => (body.length < 100 ? compact(body) : 'own'))],
] as const)('tells that %s is hashed in their place', async ([, script]) => {
  await using receiver = await scripted(script);
  const verdict = await judgeRawBodies(receiver.probe, [
    plain,
    { ...spaced, body: `${spaced.body}\n` },
  ]);
  expect(told(verdict)).toMatchSnapshot();
});

test('are judged by who asks when nothing explains the refusal', async () => {
  await using receiver = await scripted(({ body }) => (body.startsWith('{ ') ? 400 : 200));
  const names: string[][] = [];
  const verdict = await judgeRawBodies(receiver.probe, [spaced, plain], async (refused) => {
    names.push(refused.map(({ sample }) => sample.name));
    return notTested('so');
  });
  expect(verdict).toEqual(notTested('so'));
  expect(names).toEqual([['spaced']]);
});

test('fail as rejected when nothing explains it, after a search over at most two of them', async () => {
  await using receiver = await scripted(() => 400);
  const samples = ['a', 'b', 'c'].map((name) => ({ name, body: `{"id":"evt_${name}"}` }));
  const verdict = await judgeRawBodies(receiver.probe, samples, async () => null);
  expect(verdict).toMatchObject({
    status: 'fail',
    actual: expect.stringMatching(/^rejected: a: 400 in \d+ ms; b: 400 .*; c: 400/) as string,
  });
  const searched = receiver.heard.filter(({ isSigned }) => !isSigned).map(({ body }) => body);
  expect(new Set(searched)).toEqual(new Set(['{"id":"evt_a"}', '{"id":"evt_b"}']));
});

test('the second is searched when the first tells nothing', async () => {
  await using receiver = await scripted(({ body, headers, isSigned }) => {
    if (body.includes('evt_a')) return 400;
    const value = headers['x-sendemall-signature'];
    return !isSigned && value === `sha256=${hmac(compact(body))}` ? 200 : 401;
  });
  const verdict = await judgeRawBodies(receiver.probe, [
    { name: 'a', body: '{"id":"evt_a"}' },
    spaced,
  ]);
  expect(verdict).toMatchObject({
    status: 'fail',
    actual: expect.stringMatching(/^spaced: rejected the valid signature/) as string,
  });
});

test('are not judged, and nothing is searched, when there was no answer in time', async () => {
  await using receiver = await scripted(({ body }) => (body.startsWith('{ ') ? 'hang' : 200), {
    timeoutMs: 2000,
  });
  expect(await judgeRawBodies(receiver.probe, [spaced, plain])).toEqual({
    status: 'not_tested',
    reason: expect.stringMatching(
      /^The receiver did not respond within \d(\.\d)? s: see http/,
    ) as string,
  });
  expect(receiver.heard).toHaveLength(2);
});

test('are searched where they were answered', async () => {
  await using receiver = await scripted(
    (heard) => (heard.isSigned && heard.body === spaced.body ? 'hang' : hashing(compact)(heard, 0)),
    { timeoutMs: 2000 },
  );
  const other = { name: 'other', body: '{  "id": "evt_3" }' };
  expect(await judgeRawBodies(receiver.probe, [spaced, other])).toMatchObject({
    status: 'fail',
    actual: expect.stringMatching(/^other: rejected the valid signature/) as string,
  });
});
