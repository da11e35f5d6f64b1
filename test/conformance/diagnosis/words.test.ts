/**
 * What is read out of bytes, pages, headers and codes, and put into words.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { firstDifference } from '../../../src/conformance/diagnosis/difference.ts';
import { readError } from '../../../src/conformance/diagnosis/error-text.ts';
import {
  frameworkOf,
  headerLines,
  remedyFor,
} from '../../../src/conformance/diagnosis/frameworks.ts';
import {
  bodyOf,
  headerOf,
  intermediaryOf,
  isAlike,
  isHtml,
  statusOf,
} from '../../../src/conformance/diagnosis/evidence.ts';
import { describeTlsFailure } from '../../../src/conformance/diagnosis/tls.ts';
import { noReply } from '../../../src/conformance/net/http-client.ts';
import { answer, exchange, none } from '../fixtures.ts';

test.each([
  [
    '{"a": 1.0}',
    '{"a": 1}',
    'byte 8: sent `1.0` (from that byte: 2e 30 7d), you hashed `1` (from that byte: 7d)',
  ],
  ['{"a":1}\n', '{"a":1}', 'byte 8: sent `\\u000a` (from that byte: 0a), you hashed nothing more'],
  ['{"ë":1}', '{"\\u00eb":1}', 'byte 3: sent `ë'],
  ['same', 'same', null],
])('where two bodies part: %j and %j', (sent, hashed, says) => {
  const told = firstDifference(Buffer.from(sent), Buffer.from(hashed));
  if (says === null) expect(told).toBeNull();
  else expect(told).toContain(says);
});

test.each([
  [
    '<title>Error</title><pre>TypeError: The &quot;data&quot; argument must be of type string. Received an instance of Object<br> &nbsp; at x',
    'TypeError: The "data" argument must be of type string. Received an instance of Object',
    /parsed object is hashed/,
  ],
  [
    "TypeError: key: expected bytes or bytearray, but got 'NoneType'",
    'TypeError: key',
    /secret is not set/,
  ],
  [
    '<h1>RuntimeError\n       at /hook</h1>\n <pre class="exception_value">You called this URL via POST, but the URL doesn&#x27;t end in a slash and you have APPEND_SLASH set.</pre>',
    "RuntimeError: You called this URL via POST, but the URL doesn't end in a slash and",
    /only with a slash at its end/,
  ],
  ['<h1>TypeError</h1><p>somewhere</p><p>else', ' It says: TypeError', null],
  [
    'TypeError: object supporting the buffer API required',
    'TypeError: object',
    /raw body to hmac\.new \(Flask/,
  ],
  ['KeyError: lead_score', 'KeyError: lead_score', null],
  ['<h1>Sorry</h1>', '', null],
])('what an error page says: %j', (page, says, meaning) => {
  const read = readError(page);
  expect(read.says).toContain(says);
  if (meaning === null) expect(read.meaning).toBeNull();
  else expect(read.meaning).toMatch(meaning);
});

test.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /self-signed.*/, /"insecure".*NODE_EXTRA_CA_CERTS/],
  ['CERT_HAS_EXPIRED', /has expired/, /Renew it/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /different host name/, /name/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS/, /http:\/\//],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /No secure connection/, /"insecure"/],
])('trouble with TLS: %s', (code, says, fix) => {
  const error = Object.assign(new Error('it failed'), { code });
  expect(noReply(error, 1)).toMatchObject({ cause: 'tls' });
  expect(describeTlsFailure(noReply(error, 1))).toMatchObject({
    status: 'fail',
    diagnosis: expect.stringMatching(says),
    fix: expect.stringMatching(fix),
  });
});

test.each([
  // The token, or the one byte, and what is shown of it.
  ['"a":12', '"a":1', 'byte 6: sent `12` (from that byte: 32), you hashed nothing more (the end)'],
  ['"a":1', '"a":12', 'byte 6: sent nothing more (the end), you hashed `12` (from that byte: 32)'],
  [
    '{"a" :1}',
    '{"a":1}',
    'byte 5: sent ` ` (from that byte: 20 3a 31 7d), you hashed `:` (from that byte: 3a 31 7d)',
  ],
  [
    'abcdefghijklmnopqrstuvwxyz',
    'abcdefghijklmnOpqrstuvwxyz',
    'byte 15: sent `cdefghijklmnopqrstuvwxyz` (from that byte: 6f 70 71 72 73 74), you hashed `cdefghijklmnOpqrstuvwxyz` (from that byte: 4f 70 71 72 73 74)',
  ],
  [
    '👍!',
    '👎!',
    'byte 1: sent `👍` (from that byte: f0 9f 91 8d 21), you hashed `👎` (from that byte: f0 9f 91 8e 21)',
  ],
  [
    '\u200B',
    '\uFEFF',
    'byte 1: sent `\\u200b` (from that byte: e2 80 8b), you hashed `\\ufeff` (from that byte: ef bb bf)',
  ],
  [
    'a\u0000b',
    'a\u007Fb',
    'byte 2: sent `a\\u0000` (from that byte: 00 62), you hashed `a\\u007f` (from that byte: 7f 62)',
  ],
  ['', 'x', 'byte 1: sent nothing more (the end), you hashed `x` (from that byte: 78)'],
  ['', '', null],
])('where two texts part, word for word: %j and %j', (sent, hashed, says) => {
  const told = firstDifference(Buffer.from(sent), Buffer.from(hashed));
  expect(told).toBe(says === null ? null : `first difference at ${says}`);
});

test.each([
  ['<script>var Error: x</script><p>ValueError: no</p><p>more', ' It says: ValueError: no'],
  ['<style>Error {}</style>fine', ''],
  ['an error happened', ' It says: an error happened'],
  ['error', ''],
  [
    'first\n  IOException: &lt;b&gt; &amp;amp; &#39;x&#x27; &quot;y&quot;&nbsp;z \nlast',
    ` It says: IOException: <b> &amp; 'x' "y" z`.replace('<b>', '<b&gt;'),
  ],
  [`Error ${'x'.repeat(300)}`, ` It says: Error ${'x'.repeat(194)}`],
  ['<p>well<h1>KeyError<p> at /hook <p>&#39;lead&#39;<p>more', " It says: KeyError: 'lead'"],
  ['<h1>KeyError<p>in a view<p>more', ' It says: KeyError'],
  ['<h1>KeyError<p>at /hook', ' It says: KeyError'],
  ['<h1>KeyError', ' It says: KeyError'],
])('the line of a page that tells: %j', (page, says) => {
  expect(readError(page)).toEqual({ says, meaning: null });
});

describe('an answer', () => {
  const html = answer(200, { headers: [['content-type', 'text/html']] });

  test('has a status, headers and a body; no answer has none', () => {
    const reply = answer(418, {
      headers: [
        ['allow', 'GET'],
        ['allow', 'PUT'],
      ],
      body: 'tea',
    });
    expect([statusOf(exchange(reply)), headerOf(reply, 'allow'), bodyOf(reply)]).toEqual([
      418,
      'GET',
      'tea',
    ]);
    expect(headerOf(reply, 'server')).toBeNull();
    expect(headerLines(reply)).toBe('allow: GET\nallow: PUT');
    const nothing = none('reset');
    expect([
      statusOf(exchange(nothing)),
      headerOf(nothing, 'allow'),
      bodyOf(nothing),
      headerLines(nothing),
    ]).toEqual([null, null, '', '']);
  });

  test('is a page by its type or by how it begins', () => {
    expect(isHtml(html)).toBe(true);
    for (const body of ['<!DOCTYPE x>', ' \n<html>', '<HTML lang="x">']) {
      expect(isHtml(answer(200, { body }))).toBe(true);
    }
    for (const body of ['{"a":"<html>"}', '', '<p>'])
      expect(isHtml(answer(200, { body }))).toBe(false);
  });

  test('is like another by status and text, whatever the numbers in it', () => {
    const like = (one: string, other: string, status = 401): boolean =>
      isAlike(exchange(answer(401, { body: one })), exchange(answer(status, { body: other })));
    expect(like('id 12 at\n7', 'id 345 at 8')).toBe(true);
    expect(like('no', 'yes')).toBe(false);
    expect(like('no', 'no', 403)).toBe(false);
    expect(like(`${'x'.repeat(500)}a`, `${'x'.repeat(500)}b`)).toBe(true);
    expect(like(`${'x'.repeat(499)}a`, `${'x'.repeat(499)}b`)).toBe(false);
    expect(isAlike(exchange(none('reset')), exchange(none('reset')))).toBe(false);
  });

  test.for([
    ['server', 'nginx/1.27', 'nginx/1.27'],
    ['server', 'cloudflare', 'Cloudflare'],
    ['x-sucuri-id', '1', 'Sucuri'],
    ['x-vercel-error', 'x', 'Vercel'],
    ['server', 'Werkzeug', null],
  ] as const)('of %s: %s is from %s', ([name, value, who]) => {
    expect(intermediaryOf(answer(502, { headers: [[name, value]] }))).toBe(who);
  });

  test('gives its framework away, and how things are done there', () => {
    const express = answer(401, { headers: [['x-powered-by', 'Express']] });
    expect(frameworkOf(express)?.name).toBe('Express');
    expect(frameworkOf(html)).toBeUndefined();
    expect(remedyFor('csrf', express)).toBe(
      'Express: mount the webhook’s route before the CSRF middleware.',
    );
    for (const [headers, body, name] of [
      [[], '<p>CSRF verification failed. Request aborted.</p>', 'Django'],
      [
        [
          ['server', 'gunicorn'],
          ['referrer-policy', 'same-origin'],
          ['cross-origin-opener-policy', 'same-origin'],
        ],
        'no',
        'Django',
      ],
      [[['server', 'gunicorn']], 'no', undefined],
      [[['server', 'Werkzeug/3']], '<th scope="row">Django Version:</th>', 'Flask'],
      [[['x-powered-by', 'PHP/8.4']], '', 'PHP'],
      [[['server', 'WEBrick']], '', 'Rack'],
      [[['x-runtime', '0.1']], '', 'Rails'],
      [[], '{"timestamp":"2026-01-01","status":401,"error":"Unauthorized","path":"/"}', 'Spring'],
      [[], 'panic: no\ngoroutine 7 [running]:', 'Go'],
      [[], 'Failed to deserialize the JSON body into the target type', 'axum'],
    ] as const) {
      expect(frameworkOf(answer(401, { headers, body }))?.name, body).toBe(name);
    }
    const django = answer(403, { body: 'CSRF verification failed. Request aborted.' });
    expect(remedyFor('csrf', django)).toBe('Django: `@csrf_exempt` on the view.');
    // Next.js is not known to have such a protection.
    const next = answer(401, { headers: [['x-powered-by', 'Next.js']] });
    expect(remedyFor('csrf', next)).toBe(remedyFor('csrf', html));
    expect(remedyFor('slash', html)).toMatch(
      /^Next\.js: .* Express: .* Flask: .* Django: .* Laravel: .* FastAPI: /,
    );
  });
});
