/**
 * One-line descriptions of responses, as reasons and reports quote them.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { noReplyOf } from '../../src/conformance/net/http-client.ts';
import { describeReply, describeResponseTo } from '../../src/conformance/verdict.ts';

const answer = { kind: 'answer', status: 401, headers: [], body: '', durationMs: 3.2 } as const;
const reset = noReplyOf('reset', 12.4);

test('a response is described by its status and its duration', () => {
  expect(describeReply(answer)).toBe('401 in 3 ms');
  expect(describeResponseTo('the event', answer)).toBe(
    'The receiver responded to the event with 401 in 3 ms',
  );
});

test('a missing response is described by its reason', () => {
  expect(describeReply(reset)).toBe('connection reset after 12 ms');
  expect(describeResponseTo('the event', reset)).toBe(
    'The receiver gave no valid response to the event (connection reset after 12 ms)',
  );
});
