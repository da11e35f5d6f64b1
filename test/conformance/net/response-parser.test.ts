/**
 * Answers read from bytes.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  mayBeHttp,
  MAX_REPLY_BYTES,
  readReply,
} from '../../../src/conformance/net/response-parser.ts';

const read = (text: string, ended = false) => {
  const found = readReply(Buffer.from(text, 'latin1'), ended, 3);
  return found === null ? null : { ...found, rest: found.rest.toString('latin1') };
};

const answer = (
  status: number,
  body: string,
  headers: readonly (readonly [string, string])[] = [],
) => ({
  kind: 'answer',
  status,
  headers,
  body,
  durationMs: 3,
});

describe('an answer', () => {
  test.each([
    [
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP',
      answer(200, 'ok', [['content-length', '2']]),
      'HTTP',
    ],
    ['HTTP/1.0 500\r\nContent-Length: 0\r\n\r\n', answer(500, '', [['content-length', '0']]), ''],
    [
      'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nrest',
      answer(204, '', [['content-length', '5']]),
      'rest',
    ],
    ['HTTP/1.1 304 Not Modified\r\n\r\nrest', answer(304, ''), 'rest'],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\n\r\n', answer(204, ''), ''],
    [
      'HTTP/1.1 200 OK\r\nX-A :  b: c \r\nx-a: d\r\nContent-Length: 1\r\n\r\né',
      answer(200, '\uFFFD', [
        ['x-a', 'b: c'],
        ['x-a', 'd'],
        ['content-length', '1'],
      ]),
      '',
    ],
    [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nmore',
      answer(200, 'abc0123456789', [['transfer-encoding', 'Chunked']]),
      'more',
    ],
    [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: 1\r\n\r\nmore',
      answer(200, 'a', [['transfer-encoding', 'chunked']]),
      'more',
    ],
  ])('is complete: %j', (text, expected, rest) => {
    expect(read(text)).toEqual({ answer: expected, rest });
  });

  test.each([
    '',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab',
    'HTTP/1.1 200 OK\r\n\r\nwithout a length',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n',
    'SSH-2.0-OpenSSH\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'xHTTP/1.1 200 OK\r\n\r\n',
  ])('is incomplete or invalid: %j', (text) => {
    expect(read(text)).toBeNull();
  });

  test('without a length ends with the connection', () => {
    expect(read('HTTP/1.1 200 OK\r\n\r\nall of it', true)).toEqual({
      answer: answer(200, 'all of it'),
      rest: '',
    });
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut', true)).toBeNull();
  });

  test.each(['Content-Length: 99999999', 'Transfer-Encoding: chunked', 'X-None: 1'])(
    'that is longer than anybody looks at is taken as it is: %s',
    (header) => {
      const head = `HTTP/1.1 200 OK\r\n${header}\r\n\r\n`;
      expect(read(head + 'x'.repeat(MAX_REPLY_BYTES - 1))).toBeNull();
      const found = read(head + 'x'.repeat(MAX_REPLY_BYTES));
      expect(found!.answer.body).toBe('x'.repeat(MAX_REPLY_BYTES));
      expect(found!.rest).toBe('');
      // No more is shown, even if it has come.
      const more = read(head + 'x'.repeat(MAX_REPLY_BYTES + 1));
      expect(more!.answer.body).toHaveLength(MAX_REPLY_BYTES);
    },
  );
});

test.each([
  ['', true],
  ['H', true],
  ['HTTP/1.', true],
  ['HTTP/1.1 200', true],
  ['HTTP/2', false],
  ['SSH', false],
  ['\u0016\u0003', false],
])('what may become an answer: %j %s', (text, may) => {
  expect(mayBeHttp(Buffer.from(text, 'latin1'))).toBe(may);
});
