/**
 * Requests at the edge of HTTP: each is answered in the error envelope, or as the same request written plainly.
 *
 * @module
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { requestText, sendRaw, type RawAnswer } from '../support/raw-http.ts';
import { judge, placeOf } from './oracle/judge.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', rateLimit: false });
});
afterAll(() => mock.close());

const lines = (): string[] => [`Host: ${new URL(mock.url).host}`, 'x-user-context: edges'];

const expectProblem = (answer: RawAnswer, status: number, code: string): void => {
  const body = JSON.parse(answer.body);
  expect([answer.status, body.error.code]).toEqual([status, code]);
  expect(judge(placeOf('schemas/envelopes.yaml', '$defs', 'ErrorEnvelope'), body)).toEqual([]);
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.headers.get('x-request-id')).toBe(body.meta.request_id);
};

describe('what is no HTTP/1.1 request is refused in the error envelope', () => {
  test.each([
    ['text', 'HELLO THERE\n\n'],
    ['the start of TLS', '\u0016\u0003\u0001\u0002\u0000\u0001'],
    ['the start of HTTP/2', 'PRI * HTTP/2.0\n\nSM\n\n'],
    ['another version', 'GET / HTTP/3.7\nHost: localhost\n\n'],
    ['no Host', 'GET /v1/webhooks HTTP/1.1\nConnection: close\n\n'],
    ['a Host with a blank', 'GET / HTTP/1.1\nHost: a b\nConnection: close\n\n'],
    ['a NUL in the path', 'GET /v1/\u0000 HTTP/1.1\nHost: localhost\n\n'],
    ['a NUL in a header', 'GET / HTTP/1.1\nHost: localhost\nx: a\u0000b\n\n'],
    ['a length that is no number', 'POST / HTTP/1.1\nHost: localhost\nContent-Length: x\n\n'],
    [
      'two ways to say where the body ends',
      'POST / HTTP/1.1\nHost: localhost\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n',
    ],
    [
      'a chunk without a size',
      'POST /v1/webhooks HTTP/1.1\nHost: localhost\nx-user-context: k\nContent-Type: application/json\nTransfer-Encoding: chunked\n\nzz\n',
    ],
    ['a request to a proxy', 'CONNECT example.com:80 HTTP/1.1\nHost: localhost\n\n'],
    ['a request to the whole server', 'OPTIONS * HTTP/1.1\nHost: localhost\nConnection: close\n\n'],
  ])('%s', async (_what, text) => {
    expectProblem(await sendRaw(mock.url, text), 400, 'BAD_REQUEST');
  });
  test('headers or a path over 16 KiB', async () => {
    const long = 'x'.repeat(20_000);
    for (const [line, headers] of [
      ['GET /v1/webhooks', [...lines(), `x-long: ${long}`]],
      [`GET /v1/webhooks/${long}`, lines()],
    ] as const) {
      expectProblem(await sendRaw(mock.url, requestText(line, headers)), 431, 'HEADERS_TOO_LARGE');
    }
  });
});

test('a connection that breaks off in the middle of a request does not affect other clients', async () => {
  const socket = connect(Number(new URL(mock.url).port), '127.0.0.1');
  await new Promise((resolve) => {
    socket.on('connect', () => socket.write('POST /v1/webhooks HTTP/1.1\r\nHost: loc', resolve));
  });
  socket.resetAndDestroy();
  expect((await fetch(`${mock.url}/livez`)).status).toBe(200);
});

test('an unknown expectation is ignored', async () => {
  const answer = await sendRaw(
    mock.url,
    requestText('GET /v1/webhooks', [...lines(), 'Expect: x']),
  );
  expect(answer.status).toBe(200);
});

describe('malformed percent-encoding and encoded NUL bytes', () => {
  test.each(['%zz', '%', '%E0%A4%A', '%00', '%2F..%2F'])(
    '%s is an id like any other',
    async (id) => {
      for (const path of [
        '/v1/webhooks',
        '/v1/campaigns',
        '/_sandbox/deliveries',
        '/_sandbox/events',
      ]) {
        const answer = await sendRaw(mock.url, requestText(`GET ${path}/${id}`, lines()));
        expect(answer.status).toBe(404);
        expect(JSON.parse(answer.body).success).toBe(false);
      }
    },
  );
  test.each(['event=%zz', 'event=%00', 'limit=%31%00'])(
    'the query %s is refused',
    async (query) => {
      const answer = await sendRaw(mock.url, requestText(`GET /_sandbox/events?${query}`, lines()));
      expectProblem(answer, 422, 'VALIDATION_FAILED');
    },
  );
});

test.each([
  ['POST', '/v1/webhooks'],
  ['POST', '/v1/campaigns'],
  ['POST', '/_sandbox/events'],
  ['PUT', '/_sandbox/clock'],
  ['POST', '/_sandbox/clock/advance'],
  ['POST', '/_sandbox/faults'],
  ['POST', '/_sandbox/scenarios'],
  ['PUT', '/_sandbox/sinks/crm/settings'],
])('a body over the limit is refused: %s %s', async (method, path) => {
  const init: RequestInit = {
    method,
    headers: { 'x-user-context': 'large', 'content-type': 'application/json' },
    body: `"${'x'.repeat(2_000_000)}"`,
  };
  const response = await fetch(mock.url + path, init);
  const { error } = (await response.json()) as { error: { code: string } };
  expect([response.status, error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
});
