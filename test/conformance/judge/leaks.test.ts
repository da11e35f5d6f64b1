/**
 * Secrets that a receiver leaks in its responses.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { leaksOf, type Leak } from '../../../src/conformance/judge/leaks.ts';
import { createSigning } from '../../../src/conformance/probe/signing.ts';
import { createRedactor } from '../../../src/conformance/redact/redact.ts';
import type { Exchange, HeaderPairs, Reply } from '../../../src/conformance/net/exchange.ts';
import { answer as answered, exchange, none, observed } from '../fixtures.ts';

const SECRET = 'whsec_never-to-be-seen-4711';
const redactor = createRedactor();
const signing = createSigning(SECRET, redactor);
const digest = signing.digest('{}');

const answer = (body: string, headers: HeaderPairs = []): Reply => answered(500, { body, headers });
const NONE = none('timeout');

const leaks = (leak: Leak, ...exchanges: readonly Exchange[]): readonly number[] | null => {
  const seen = observed({
    exchanges: exchanges.map((one) => ({ inBurst: false, by: 'test', exchange: one })),
    secretsIn: redactor.find,
  });
  const found = leaksOf(seen, leak);
  return found === null ? null : found.map((one) => exchanges.indexOf(one.exchange));
};

test('where nothing was answered nothing is known', () => {
  for (const leak of ['digest', 'secret', 'stack'] as const) {
    expect(leaks(leak)).toBeNull();
    expect(leaks(leak, exchange(NONE))).toBeNull();
    expect(leaks(leak, exchange(NONE), exchange(answer('fine')))).toEqual([]);
  }
});

describe('the right digest', () => {
  test.each([
    ['in the body', answer(`expected sha256=${digest}`)],
    ['in upper case', answer(`expected ${digest.toUpperCase()}`)],
    ['in base64', answer(Buffer.from(digest, 'hex').toString('base64'))],
    ['in a header', answer('', [['x-expected', digest]])],
  ])('%s', (_where, reply) => {
    expect(leaks('digest', exchange(answer('no')), exchange(reply))).toEqual([1]);
    expect(leaks('secret', exchange(reply))).toEqual([]);
  });

  test.each<[string, Partial<Exchange['request']>]>([
    ['a header', { headers: [['X-SendEmAll-Signature', `sha256=${digest}`]] }],
    ['the body', { body: Buffer.from(digest) }],
    ['the URL', { url: `http://localhost/${digest}` }],
  ])('is no leak when it was sent in %s', (_where, request) => {
    expect(leaks('digest', exchange(answer(digest), request))).toEqual([]);
  });

  test('is one when only another form of it was sent', () => {
    const headers: HeaderPairs = [['X-SendEmAll-Signature', `sha256=${digest.toUpperCase()}`]];
    expect(leaks('digest', exchange(answer(digest), { headers }))).toEqual([0]);
  });
});

test.each([
  ['as it is', SECRET],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['in hex', Buffer.from(SECRET).toString('hex')],
])('the secret %s', (_how, text) => {
  const reply = answer(`{"key":"${text}"}`);
  expect(leaks('secret', exchange(answer('no')), exchange(reply))).toEqual([1]);
  expect(leaks('digest', exchange(reply))).toEqual([]);
});

describe('a stack', () => {
  test.each([
    ['Node, a file', 'Error: x\n    at verify (file:///app/src/verify.js:12:9)'],
    ['Node, a path', 'Error: x\n    at Object.<anonymous> (/app/index.js:3:7)'],
    ['Node, itself', '    at timingSafeEqual (node:internal/crypto/util:12:3)'],
    ['Node, no name', '    at /app/index.js:3:7'],
    ['Node, asynchronous', '    at async Server.handle (/app/index.js:3:7)'],
    ['Node, on Windows', String.raw`    at verify (C:\app\index.js:3:7)`],
    [
      'Node, as HTML',
      '&nbsp; &nbsp;at Layer.handle [as handle_request] (/app/node_modules/x.js:95:5)<br>',
    ],
    ['Python', 'Traceback (most recent call last):\n  File "app.py", line 3'],
    ['Java', '\tat com.example.Hook.verify(Hook.java:42)'],
    ['Kotlin', '\tat com.example.HookKt$main$1.invoke(Hook.kt:42)'],
    ['.NET', '   at Hook.Verify(String body) in /src/Hook.cs:line 42'],
    ['PHP', 'PHP Fatal error:  x\nStack trace:\n#0 /var/www/hook.php(12): verify()'],
    ['PHP, a frame', '#3 /var/www/hook.php(12)'],
    ['Ruby', "app/hook.rb:12:in `verify'"],
    ['Ruby 3.4', "app/hook.rb:12:in 'Hook#verify'"],
    ['Go', 'panic: x\n\ngoroutine 17 [running]:'],
    ['Rust', "thread 'main' panicked at src/main.rs:3:5"],
  ])('of %s', (_language, body) => {
    expect(leaks('stack', exchange(answer('fine')), exchange(answer(body)))).toEqual([1]);
    expect(leaks('stack', exchange(answer('', [['x-error', body]])))).toEqual([0]);
  });

  test.each([
    'Meet me at the office (room 12:30).',
    'at 12:30:45',
    'Error: Invalid signature',
    'see http://localhost:3000/docs:1',
    'the goroutine is running',
    'stack trace: none',
    'line 42 in Hook.cs',
  ])('is not "%s"', (body) => {
    expect(leaks('stack', exchange(answer(body)))).toEqual([]);
  });
});
