/**
 * Causes that the answers themselves tell, each in its words.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/conformance/diagnosis/diagnose.ts';
import { exchange, none } from '../fixtures.ts';
import { scripted, type Act, type Script } from '../scripted-receiver.ts';
import { diagnosed, told } from './message.ts';

const HTML = { 'content-type': 'text/html' };
const PAGE = '<!doctype html><title>no</title>';

/** The same to everything. */
const always =
  (act: Act): Script =>
  () =>
    act;

const moved = (location: string, headers: Record<string, string> = {}): Act => ({
  status: 302,
  headers: { location, ...headers },
});

const isForged = (value: unknown): boolean => String(value).startsWith('sha256=5f5f');

/** By what comes: the valid event, one without a signature, a wrong one, a GET. */
const by =
  (acts: { valid: Act; unsigned?: Act; forged?: Act; get?: Act }): Script =>
  ({ method, headers }) => {
    const value = headers['x-sendemall-signature'];
    if (method === 'GET') return acts.get ?? 404;
    if (value === undefined) return acts.unsigned ?? 401;
    return isForged(value) ? (acts.forged ?? 401) : acts.valid;
  };

const QUICK: Readonly<Record<string, Script>> = {
  'a redirect elsewhere': always(moved('https://else.example/x')),
  'a redirect on the same host': always(moved('/other')),
  'a redirect to https': ({ headers }) => moved(`https://${headers.host}/hook`),
  'a redirect to a login': always(moved('/users/sign_in')),
  'a redirect to the slash': always(moved('/hook/')),
  'a redirect to the slash, of Django': always(moved('/hook/', { server: 'WSGIServer/0.2' })),
  'a redirect to another host with the same path': always(moved('http://else.example/hook')),
  'a redirect without a place': always(399),
  'a redirect to no URL': always(moved('http://[')),
  'status 300': always({ status: 300, headers: { location: '/x' } }),
  'too large': always(413),
  'too large for nginx': always({ status: 413, headers: { server: 'nginx/1.27' } }),
  'too large for Express': always({ status: 413, headers: { 'x-powered-by': 'Express' } }),
  'too many': always(429),
  'too many, with a time': always({ status: 429, headers: { 'retry-after': '60' } }),
  'another content type': ({ headers }) => (headers['content-type'] === 'text/plain' ? 200 : 415),
  'no content type at all': always(406),
  'a token wanted': always({ status: 403, body: 'CSRF token missing' }),
  'a page that expired': always({ status: 419, headers: { 'x-powered-by': 'PHP/8.4' } }),
  'a gateway without a receiver': always({ status: 502, headers: { server: 'openresty' } }),
  'an unnamed gateway': always(504),
  'a receiver that is away, behind Caddy': always({ status: 503, headers: { server: 'Caddy' } }),
  'wrong way round': by({ valid: 401, forged: 204 }),
  'nothing at all': always('hang'),
  'nothing to valid events': by({ valid: 'hang' }),
  'nothing but to a GET': by({ valid: 'hang', unsigned: 'hang', forged: 'hang', get: 200 }),
  'nothing to valid events, and 500 to the others': by({
    valid: 'hang',
    unsigned: 'hang',
    forged: 500,
  }),
  'a cut connection, always': always('cut'),
  'a cut connection of valid events': by({ valid: 'cut' }),
  'a cut connection, but of forged ones': by({ valid: 'cut', unsigned: 'cut', forged: 400 }),
  'TLS spoken': always({ status: 400, body: 'The plain HTTP request was sent to HTTPS port' }),
};

describe('diagnosed from the replies alone', () => {
  test.for(Object.entries(QUICK))('%s', async ([, script]) => {
    const { text, requests } = await diagnosed(script, { timeoutMs: 500 });
    // Without a signature, with a wrong one, a GET; then other content types at most.
    expect(requests).toBeLessThanOrEqual(3 + 4);
    expect(text).toMatchSnapshot();
  });
});

const SEARCHED: Readonly<Record<string, Script>> = {
  'a wrong path': always(404),
  'a path that takes no POST': always({ status: 405, headers: { allow: 'GET, HEAD' } }),
  'a path that is gone': always(410),
  'a method that is not known': always(501),
  'a path with the slash': ({ path }) => (path === '/hook/' ? 204 : 404),
  'a path that only signed events do not find': by({ valid: 404, unsigned: 401 }),
  'Cloudflare’s page': always({
    status: 403,
    body: PAGE,
    headers: { ...HTML, server: 'cloudflare' },
  }),
  'Cloudflare’s words': always({ status: 403, body: 'no', headers: { server: 'cloudflare' } }),
  'a page without a name': always({ status: 403, body: PAGE, headers: HTML }),
  'a page of Cloudflare with a login': always({
    status: 401,
    body: `${PAGE}Please log in`,
    headers: { ...HTML, server: 'cloudflare' },
  }),
  'a login that names its scheme': always({
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="x"' },
  }),
  'a login that names its scheme, GET let through': by({
    valid: { status: 401, headers: { 'www-authenticate': 'Bearer' } },
    get: 200,
  }),
  'a login page with a cookie': always({
    status: 403,
    body: PAGE,
    headers: { ...HTML, 'set-cookie': 'session=1' },
  }),
  'a login behind nginx': always({
    status: 407,
    body: 'Please log in',
    headers: { server: 'nginx' },
  }),
  'a cookie, but GET let through': by({
    valid: { status: 401, headers: { 'set-cookie': 'a=1' } },
    get: 200,
  }),
  'a failure, always': always({
    status: 500,
    body: 'TypeError: "data" argument must be x. Received undefined',
  }),
  'a failure, always, without a word': always(500),
  'a failure of correctly signed events only': by({
    valid: { status: 500, body: 'KeyError: lead' },
  }),
  'a failure of what is signed': by({ valid: 503, forged: 503, unsigned: 400 }),
  'a refusal of the event': by({ valid: { status: 422, body: 'lead_phone is missing' } }),
  'a refusal of the event, as a page': by({ valid: { status: 400, body: PAGE, headers: HTML } }),
  'a refusal like that without a signature': by({ valid: 400, unsigned: 400, forged: 401 }),
  'a refusal like any other': by({ valid: 401, get: 404 }),
  'a refusal of everything': always(401),
  // It takes anything in another header, which says nothing of that header.
  'a refusal of what is signed': by({ valid: 401, unsigned: 204 }),
  'a refusal of what is signed, as of a GET': by({ valid: 401, unsigned: 204, get: 401 }),
  'status 100 and more': always(600),
  'an unavailable receiver behind an unnamed gateway': always(503),
  '502 to all but a GET': by({ valid: 502, unsigned: 502, forged: 502, get: 200 }),
  '502 to what is signed': by({ valid: 502, unsigned: 401, forged: 502, get: 502 }),
  'a token wanted from what is signed alone': by({
    valid: { status: 403, body: 'CSRF token missing' },
    unsigned: 401,
  }),
  'Cloudflare’s page to what is signed alone': by({
    valid: { status: 403, body: PAGE, headers: { ...HTML, server: 'cloudflare' } },
  }),
  'Cloudflare’s page to all but a GET': by({
    valid: { status: 400, body: PAGE, headers: { ...HTML, server: 'cloudflare' } },
    unsigned: { status: 400, body: PAGE },
    forged: { status: 400, body: PAGE },
    get: 200,
  }),
  'Cloudflare’s page with a scheme': always({
    status: 401,
    body: PAGE,
    headers: { ...HTML, server: 'cloudflare', 'www-authenticate': 'Basic' },
  }),
  'a scheme to what is signed alone': by({
    valid: { status: 401, headers: { 'www-authenticate': 'Basic' } },
    unsigned: 403,
    forged: 403,
  }),
  'a scheme with another status': always({ status: 402, headers: { 'www-authenticate': 'Basic' } }),
  'a wrong one without an answer': by({ valid: 401, forged: 'cut' }),
  'a long word on why': by({ valid: { status: 422, body: 'x'.repeat(300) } }),
};

describe('diagnosed without a response', () => {
  const request = { url: 'http://127.0.0.1/hook' };

  test('a receiver that is gone', async () => {
    const receiver = await scripted(() => 204);
    await receiver[Symbol.asyncDispose]();
    expect(
      told(await diagnose(receiver.probe, exchange(none('reset'), request))),
    ).toMatchSnapshot();
  });

  test('something that is not HTTP', async () => {
    await using receiver = await scripted(() => 401);
    const valid = exchange(none('invalid_response'), request);
    expect(told(await diagnose(receiver.probe, valid))).toMatchSnapshot();
    // With https:// the words about it would be wrong.
    const probe = { ...receiver.probe, url: receiver.url.replace('http:', 'https:') };
    expect(told(await diagnose(probe, valid))).toMatchSnapshot();
  });

  test('400 without a word about TLS is no TLS', async () => {
    const { text } = await diagnosed(always({ status: 400, body: 'no' }));
    expect(text).not.toContain('TLS');
  });
});

describe('told when no way of signing was accepted', () => {
  test.for(Object.entries(SEARCHED))('%s', async ([, script]) => {
    const { text, requests } = await diagnosed(script);
    expect(requests).toBeGreaterThan(80);
    expect(text).toMatchSnapshot();
  });

  test('a path at the root has no other slash', async () => {
    const { text } = await diagnosed(always(404), { path: '/' });
    expect(text).toMatchSnapshot();
  });

  test('a path that ends with a slash has one without', async () => {
    const script: Script = ({ path }) => (path === '/hook' ? 204 : 404);
    const { text } = await diagnosed(script, { path: '/hook/' });
    expect(text).toContain('There is nothing at /hook/, but at /hook: only the slash');
  });
});
