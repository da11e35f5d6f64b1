/**
 * What is said of requests that got no complete response.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { describeHang } from '../../../src/conformance/diagnosis/hung.ts';
import type { Exchange, Reply } from '../../../src/conformance/net/exchange.ts';

const answered: Reply = { kind: 'answer', status: 200, headers: [], body: '', durationMs: 1 };
const silent = (message = 'no complete response'): Reply => ({
  kind: 'none',
  cause: 'timeout',
  message,
  durationMs: 10_000,
});

const exchange = (id: string, reply: Reply): Exchange => ({
  request: {
    method: 'POST',
    url: 'http://127.0.0.1/',
    headers: [],
    body: Buffer.from(JSON.stringify({ event: 'email.opened', id, data: {} })),
    manner: null,
  },
  reply,
});

test('repeats without any response are distinguished from other requests', () => {
  const first = exchange('evt_1', answered);
  const again = exchange('evt_1', silent());
  expect(describeHang([again], [first, again])).toMatchObject({
    key: 'hang:repeat',
    diagnosis: expect.stringMatching(/^A repeat of an event gets no response at all/) as string,
  });
  const other = exchange('evt_2', silent());
  expect(describeHang([again, other], [first, again, other])).toBeNull();
});

test('a response that begins and never ends has no stated length', () => {
  const first = exchange('evt_1', answered);
  const endless = 'no complete response (status 200, then 0 bytes of the body)';
  const again = exchange('evt_1', silent(endless));
  expect(describeHang([again], [first, again])).toMatchObject({
    key: 'hang:endless:repeat',
    diagnosis: expect.stringMatching(
      /^The response to a repeat begins with the status 200, but nothing says where it ends/,
    ) as string,
    fix: expect.stringContaining('Content-Length') as string,
  });
  const other = exchange('evt_2', silent(endless));
  expect(describeHang([other], [first, other])).toMatchObject({ key: 'hang:endless' });
});
