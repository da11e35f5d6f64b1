/**
 * Requests as an ordinary client makes them, and why there was no answer.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock/system.ts';
import { createHttpClient, noReply, ProbeError } from '../../../src/conformance/net/http-client.ts';
import { MAX_REPLY_BYTES } from '../../../src/conformance/net/response-parser.ts';
import { rawHead } from '../../../src/conformance/net/raw-socket.ts';
import { leapingClock, scripted, type Script } from '../scripted-receiver.ts';

const withCode = (code: string): Error => Object.assign(new Error('it failed'), { code });

describe('why there is no answer', () => {
  test.each([
    [withCode('ECONNREFUSED'), 'refused', 'connection refused'],
    [
      new TypeError('x', { cause: withCode('ENOTFOUND') }),
      'name_not_found',
      'the host name does not resolve',
    ],
    [new AggregateError([withCode('ENETUNREACH'), withCode('EPIPE')]), 'reset', 'connection reset'],
    [withCode('UND_ERR_SOCKET'), 'reset', 'connection closed without a complete response'],
    [withCode('ETIMEDOUT'), 'timeout', 'no connection'],
    [withCode('ABORT_ERR'), 'aborted', 'the run was interrupted'],
    [
      withCode('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'),
      'invalid_response',
      'the response body does not match its Content-Length',
    ],
    [withCode('HPE_INVALID_CONSTANT'), 'invalid_response', 'the response is not HTTP/1.1'],
    [
      Object.assign(new Error('x'), { name: 'HTTPParserError' }),
      'invalid_response',
      'the response is not HTTP/1.1',
    ],
    [withCode('DEPTH_ZERO_SELF_SIGNED_CERT'), 'tls', 'TLS failed (DEPTH_ZERO_SELF_SIGNED_CERT)'],
    [withCode('ERR_SSL_WRONG_VERSION_NUMBER'), 'tls', 'TLS failed (ERR_SSL_WRONG_VERSION_NUMBER)'],
    [withCode('UND_ERR_HEADERS_OVERFLOW'), 'invalid_response', 'the response head is too large'],
  ])('%s: %s', (error, cause, message) => {
    expect(noReply(error, 7)).toEqual({ kind: 'none', cause, message, durationMs: 7 });
  });

  test.each([
    [withCode('EMFILE'), 'EMFILE'],
    [withCode('UND_ERR_INVALID_ARG'), 'UND_ERR_INVALID_ARG'],
    [new TypeError('dispatch is not a function'), 'dispatch is not a function'],
    [Object.assign(new Error('y'), { code: '', cause: null }), 'y'],
    [Object.assign(new Error('z'), { errors: [] }), 'z'],
  ])('%s is a failure of the suite, not of the receiver', (error, reason) => {
    expect(() => noReply(error, 7)).toThrow(
      new ProbeError(
        `The request could not be sent, or its response could not be read (${reason}).`,
      ),
    );
  });
});

const sending = async (script: Script) => {
  const receiver = await scripted(script);
  const { client } = receiver.context;
  const request = {
    method: 'POST',
    url: receiver.url,
    headers: [],
    body: Buffer.from('{}'),
    manner: null,
  };
  return {
    receiver,
    client,
    request,
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
};

describe('a request', () => {
  test('brings status, headers and body back', async () => {
    await using it = await sending(() => ({
      status: 418,
      body: 'tea é',
      headers: { 'X-Kind': 'Black', 'x-other': 'b' },
    }));
    const reply = await it.client.send(it.request, 5000);
    expect(reply).toMatchObject({ kind: 'answer', status: 418, body: 'tea é' });
    const headers = reply.kind === 'answer' ? reply.headers : [];
    expect(headers).toContainEqual(['x-kind', 'Black']);
    expect(headers).toContainEqual(['x-other', 'b']);
    expect(reply.durationMs).toBeGreaterThan(0);
  });

  test('goes to its path and query, with its method, headers and body', async () => {
    await using it = await sending(() => 204);
    const { request, client, receiver } = it;
    const url = `${receiver.url}/x?a=1`;
    await client.send({ ...request, method: 'PUT', url, headers: [['X-A', '1']] }, 5000);
    await client.send({ ...request, body: Buffer.alloc(0) }, 5000);
    await client.send({ ...request, method: 'GET', body: Buffer.alloc(0) }, 5000);
    expect(receiver.heard).toMatchObject([
      { method: 'PUT', path: '/hook/x?a=1', body: '{}', headers: { 'x-a': '1' } },
      { method: 'POST', body: '', headers: { 'content-length': '0' } },
      { method: 'GET', body: '' },
    ]);
    expect(receiver.heard[2]!.headers).not.toHaveProperty('content-length');
  });

  test('follows no redirect', async () => {
    await using it = await sending(() => ({ status: 302, headers: { location: '/other' } }));
    expect(await it.client.send(it.request, 5000)).toMatchObject({ status: 302 });
    expect(it.receiver.heard).toHaveLength(1);
  });

  test('shows the beginning of a long body, and ends the connection', async () => {
    await using it = await sending(() => ({ status: 200, body: 'x'.repeat(MAX_REPLY_BYTES * 4) }));
    const reply = await it.client.send(it.request, 5000);
    expect(reply.kind === 'answer' ? reply.body : '').toBe('x'.repeat(MAX_REPLY_BYTES));
    expect(await it.client.send(it.request, 5000)).toMatchObject({ status: 200 });
  });

  test('that cannot be sent at all is an error of the suite, and its connection is free again', async () => {
    await using it = await sending(() => 204);
    const client = createHttpClient({
      wall: systemClock,
      insecure: false,
      connections: 1,
      signal: undefined,
    });
    const bad = { ...it.request, headers: [['X-\n', '1']] as const };
    await expect(client.send(bad, 5000)).rejects.toThrow(ProbeError);
    expect(await client.send(it.request, 5000)).toMatchObject({ status: 204 });
    await client.close();
  });

  test('that is not answered is given up, and the next one is answered', async () => {
    await using it = await sending((_, nth) => (nth === 0 ? 'hang' : 204));
    const client = createHttpClient({
      wall: leapingClock(),
      insecure: false,
      connections: 1,
      signal: undefined,
    });
    expect(await client.send(it.request, 5000)).toMatchObject({
      kind: 'none',
      cause: 'timeout',
      message: 'no complete response',
    });
    await client.close();
  });

  test('is broken off by the user, before or meanwhile', async () => {
    await using it = await sending(() => 'hang');
    const user = new AbortController();
    const client = createHttpClient({
      wall: systemClock,
      insecure: false,
      connections: 1,
      signal: user.signal,
    });
    const sent = client.send(it.request, 5000);
    setImmediate(() => user.abort());
    const aborted = { kind: 'none', cause: 'aborted', message: 'the run was interrupted' };
    expect(await sent).toMatchObject(aborted);
    const { length } = it.receiver.heard;
    expect(await client.send(it.request, 5000)).toMatchObject(aborted);
    expect(it.receiver.heard.length).toBeLessThanOrEqual(length + 1);
    await client.close();
  });

  test('waits for one of its connections', async () => {
    let now = 0;
    let most = 0;
    const server = createServer((_, response) => {
      now += 1;
      most = Math.max(most, now);
      setImmediate(() => {
        now -= 1;
        response.end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = createHttpClient({
      wall: systemClock,
      insecure: false,
      connections: 3,
      signal: undefined,
    });
    const request = {
      method: 'POST',
      url: `http://127.0.0.1:${port}/`,
      headers: [],
      body: Buffer.from('{}'),
      manner: null,
    };
    const replies = await Promise.all(Array.from({ length: 12 }, () => client.send(request, 5000)));
    expect(replies.map((reply) => reply.kind === 'answer' && reply.status)).toEqual(
      Array(12).fill(200),
    );
    expect(most).toBeLessThanOrEqual(3);
    await client.close();
    server.close();
  });
});

test('a head is written as it is given', () => {
  const headers = [
    ['x-Odd', 'a'],
    ['x-Odd', 'b'],
  ] as const;
  expect(rawHead('PUT', 'https://a.example:8443/p/q?r=1#frag', headers)).toBe(
    'PUT /p/q?r=1 HTTP/1.1\r\nHost: a.example:8443\r\nx-Odd: a\r\nx-Odd: b\r\n\r\n',
  );
});
