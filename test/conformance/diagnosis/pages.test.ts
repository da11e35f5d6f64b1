/**
 * Pages of frameworks, in which a word is not yet a cause: debug pages show settings, sources and stacks.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { gistOf } from '../../../src/conformance/diagnosis/page.ts';
import { answer } from '../fixtures.ts';
import type { Act, Script } from '../scripted-receiver.ts';
import { diagnosed } from './message.ts';

const page = (status: number, title: string, body: string, settings = ''): Act => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!DOCTYPE html><html lang="en"><head><title>${title}</title><style>b { color: red }</style></head><body>${body}${'<p>stack</p>'.repeat(100)}<table>${settings}</table></body></html>`,
});

/** What Django shows of its settings with DEBUG. */
const SETTINGS =
  '<td>MIDDLEWARE</td><td>[&#x27;django.middleware.csrf.CsrfViewMiddleware&#x27;]</td><td>SECURE_SSL_REDIRECT</td><td>TLS</td>';

const ALWAYS: Readonly<Record<string, readonly [act: Act, says: RegExp, fix: RegExp]>> = {
  'a failure of Django with DEBUG': [
    page(500, 'RuntimeError at /webhooks/sendemall', '<h1>RuntimeError</h1>', SETTINGS),
    /^It answers 500 to every event/,
    /Look at its log/,
  ],
  'a refusal of Django with DEBUG': [
    page(400, 'BadRequest at /', '<h1>BadRequest at /</h1>', SETTINGS),
    /treats the valid event as a forgery/,
    /Compare the secret/,
  ],
  'the protection of Django': [
    page(
      403,
      '403 Forbidden',
      '<h1>Forbidden <span>(403)</span></h1><p>CSRF verification failed. Request aborted.',
    ),
    /^CSRF protection/,
    /than a CSRF token\. Django: `@csrf_exempt` on the view\.$/,
  ],
  'a protection that tells by its title': [
    page(422, 'ActionController::InvalidAuthenticityToken', 'x'.repeat(2000)),
    /^CSRF protection/,
    /verify_authenticity_token/,
  ],
  'a failure that begins with the word': [
    { status: 500, body: 'CSRF secret is not set' },
    /^It answers 500 to every event/,
    /Look at its log/,
  ],
  'the host check of Django with DEBUG': [
    page(
      400,
      'DisallowedHost at /webhooks/sendemall',
      '<h1>DisallowedHost</h1><pre>Invalid HTTP_HOST header: &#x27;x&#x27;. You may need to add &#x27;x&#x27; to ALLOWED_HOSTS.</pre>',
      SETTINGS,
    ),
    /^Django does not know the host "127\.0\.0\.1"/,
    /put "127\.0\.0\.1" into ALLOWED_HOSTS/,
  ],
  'the host check of Rails': [
    page(403, 'Action Controller: Exception caught', '<h1>Blocked hosts: 127.0.0.1:3000</h1>'),
    /^Rails does not know the host/,
    /config\.hosts << "127\.0\.0\.1"/,
  ],
  'the host check of Vite': [
    { status: 403, body: 'Blocked request. This host ("a.test") is not allowed.' },
    /^Vite does not know the host/,
    /server\.allowedHosts/,
  ],
  'the host check of webpack': [
    { status: 403, body: 'Invalid Host header' },
    /^webpack-dev-server does not know/,
    /devServer\.allowedHosts/,
  ],
  'the host check of Starlette': [
    { status: 400, body: 'Invalid host header' },
    /^Starlette/,
    /allowed_hosts/,
  ],
  'the host check of ASP.NET Core': [
    page(400, 'Bad Request', '<h2>Bad Request - Invalid Hostname</h2>'),
    /^ASP\.NET Core/,
    /AllowedHosts/,
  ],
  'a bare 400 of Django': [
    {
      status: 400,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<!doctype html>\n<html lang="en">\n<head>\n  <title>Bad Request (400)</title>\n</head>\n<body>\n  <h1>Bad Request (400)</h1><p></p>\n</body>\n</html>\n',
    },
    /Django answers so, without DEBUG.*probably it is that check/,
    /DisallowedHost in its log.*ALLOWED_HOSTS/,
  ],
  'another bare 400': [
    { status: 400, body: 'Bad Request' },
    /treats the valid event as a forgery/,
    /Compare the secret/,
  ],
  'TLS wanted, as Go says it': [
    { status: 400, body: 'Client sent an HTTP request to an HTTPS server.\n' },
    /^This port speaks TLS/,
    /https:\/\/127\.0\.0\.1:\d+\/hook/,
  ],
  'TLS wanted, as nginx says it': [
    page(400, '400 The plain HTTP request was sent to HTTPS port', ''),
    /^This port speaks TLS/,
    /https:\/\//,
  ],
  'TLS wanted, as Apache says it': [
    {
      status: 400,
      body: 'Reason: You’re speaking plain HTTP to an SSL-enabled server port.<br />',
    },
    /^This port speaks TLS/,
    /https:\/\//,
  ],
  'TLS wanted, as Tomcat says it': [
    { status: 400, body: 'Bad Request\nThis combination of host and port requires TLS.\n' },
    /^This port speaks TLS/,
    /https:\/\//,
  ],
  'a word about TLS': [
    { status: 400, body: 'Bad TLS or SSL settings' },
    /treats the valid event as a forgery/,
    /Compare the secret/,
  ],
  'the phrase in a debug page': [
    page(400, 'no', '', 'Client sent an HTTP request to an HTTPS server'.padEnd(2000)),
    /treats the valid event as a forgery/,
    /Compare the secret/,
  ],
};

const lines = async (script: Script): Promise<readonly string[]> =>
  (await diagnosed(script)).text.replaceAll('<host>', '127.0.0.1:1').split('\n');

describe.concurrent('the same page to everything', () => {
  test.for(Object.entries(ALWAYS))('%s', async ([, [act, cause, remedy]]) => {
    const [, diagnosis = '', fix = ''] = await lines(() => act);
    expect(diagnosis).toMatch(cause);
    expect(fix).toMatch(remedy);
  });
});

describe.concurrent('a host check', () => {
  const BODIES = ['Invalid Host header', '<h1>Bad Request (400)</h1>'];
  const refusal = (body: string, status: number): Act => ({
    status,
    body,
    headers: { 'content-type': 'text/html' },
  });

  test.for(BODIES)('shows the GET, which fares no better: %s', async (body) => {
    expect(await lines(() => refusal(body, 400))).toContain('GET /hook -> 400 in <ms>');
  });

  test.for(BODIES)('is not diagnosed when a GET is treated differently: %s', async (body) => {
    const [, diagnosis = ''] = await lines(({ method }) =>
      method === 'GET' ? 405 : refusal(body, 400),
    );
    expect(diagnosis).toMatch(/treats the valid event as a forgery/);
  });

  test.for(BODIES)(
    'is not diagnosed when unsigned requests are rejected differently: %s',
    async (body) => {
      const [, diagnosis = ''] = await lines(({ headers, method }) =>
        method === 'POST' && headers['x-sendemall-signature'] === undefined
          ? 401
          : refusal(body, 400),
      );
      expect(diagnosis).not.toMatch(/ host /);
    },
  );

  test.for(BODIES)(
    'is not diagnosed for a status that host checks do not use: %s',
    async (body) => {
      const [, diagnosis = ''] = await lines(() => refusal(body, 422));
      expect(diagnosis).not.toMatch(/ host /);
    },
  );
});

describe.concurrent('what else it can be than another secret', () => {
  const HEADER = /does not find the header X-SendEmAll-Signature at all/;
  test('the header is not found, where the answer is the same without it', async () => {
    const [, diagnosis = '', fix = ''] = await lines(() => ({
      status: 401,
      headers: { 'x-powered-by': 'PHP/8.4' },
    }));
    expect(diagnosis).toMatch(/Probably the receiver has another secret/);
    expect(diagnosis).toMatch(HEADER);
    expect(diagnosis).not.toContain('DATA_UPLOAD_MAX_MEMORY_SIZE');
    expect(fix).toMatch(/PHP: `\$_SERVER\["HTTP_X_SENDEMALL_SIGNATURE"\]`\. nginx: `proxy_set/);
    expect(fix).not.toMatch(/Django|Rack/);
  });

  test('no names of other frameworks, where it is one that changes none', async () => {
    const act = { status: 401, headers: { 'x-powered-by': 'Express' } };
    const [, , fix = ''] = await lines(() => act);
    expect(fix).toMatch(/Log whether the header arrives\. nginx/);
  });

  test('not the header, where another answer is given without it', async () => {
    const [, diagnosis = '', fix = ''] = await lines(({ headers, method }) =>
      headers['x-sendemall-signature'] === undefined && method === 'POST' ? 403 : 401,
    );
    expect(diagnosis).not.toMatch(HEADER);
    expect(fix).not.toMatch(/header/);
  });

  test('a limit on bodies of Django, where it answers 400', async () => {
    const [, diagnosis = ''] = await lines(() => 400);
    expect(diagnosis).toMatch(/Django does above DATA_UPLOAD_MAX_MEMORY_SIZE/);
  });
});

test('the gist of an answer is its title, its headings and its first words', () => {
  const html = answer(400, {
    body: `<!doctype html><title>One</title><script>no</script><h1>Two <b>and</b></h1><p>Three\n four</p>${'x'.repeat(300)}<h2>Last</h2><p>never`,
  });
  expect(gistOf(html)).toMatch(/^One\nTwo \nand\n\nLast\nTwo and Three four x+$/);
  expect(gistOf(answer(400, { body: 'y'.repeat(400) }))).toBe('y'.repeat(300));
});
