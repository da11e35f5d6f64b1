/**
 * A sink's answer in a browser: inert, whatever it was set to. For programs it stays what it was set to.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, type Client } from '../../src/client/create-client.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';

const KEY = 'isolation';

let mock: Mock;
let client: Client;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
  client = createClient({ baseUrl: mock.url, apiKey: KEY });
});
afterAll(() => mock.close());

describe('every answer', () => {
  test.each([
    [
      'a page with a script',
      { body: '<script>1</script>', headers: { 'content-type': 'text/html' } },
    ],
    ['a drawing', { body: '<svg/>', headers: { 'Content-Type': 'image/svg+xml' } }],
    ['JSON', { body: { ok: false }, status: 503 }],
    ['nothing', { status: 204 }],
  ])('that is %s is inert in a browser', async (_what, settings) => {
    await client.sinks.answer('crm', settings);
    const { headers } = await fetch(await client.sinks.url('crm'));
    const policy = headers.get('content-security-policy')?.split('; ') ?? [];
    expect(policy).toEqual(
      expect.arrayContaining(['sandbox', "default-src 'none'", "frame-ancestors 'none'"]),
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('reaches a program with the status, headers and body that were set', async () => {
    const headers = {
      'Retry-After': '7',
      'X-RateLimit-Remaining': '0',
      Location: 'https://crm.example/7',
      Link: '<https://crm.example/?page=2>; rel="next"',
      ETag: '"1"',
      'WWW-Authenticate': 'Bearer realm="crm", error="invalid_token"',
    };
    await client.sinks.answer('crm', { status: 429, body: { error: 'slow down' }, headers });
    const answer = await fetch(await client.sinks.url('crm'));
    expect(answer.status).toBe(429);
    expect(await answer.json()).toEqual({ error: 'slow down' });
    expect(Object.fromEntries(answer.headers)).toMatchObject(
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      ),
    );
  });
});

describe('a header that browsers act on for the whole host', () => {
  test.each([
    ['Set-Cookie', 'session=1'],
    ['Access-Control-Allow-Origin', '*'],
    ['access-control-allow-headers', 'x-user-context'],
    ['Clear-Site-Data', '"*"'],
    ['Strict-Transport-Security', 'max-age=1'],
    ['Service-Worker-Allowed', '/'],
    ['Refresh', '0; url=/'],
    ['Proxy-Authenticate', 'Basic'],
    ['Content-Security-Policy', "default-src 'self'"],
    ['X-Content-Type-Options', ''],
    ['X-Frame-Options', 'SAMEORIGIN'],
    ['Cross-Origin-Embedder-Policy', 'unsafe-none'],
    ['Cross-Origin-Resource-Policy', 'cross-origin'],
    ['WWW-Authenticate', 'Basic realm="crm"'],
    ['WWW-Authenticate', 'Bearer realm="crm", Basic realm="crm"'],
    ['WWW-Authenticate', 'Negotiate'],
  ])('cannot be set: %s: %s', async (name, value) => {
    await client.sinks.answer('held', { status: 418 });
    const reply = await apiOf(mock.url, KEY).send('PUT', '/_sandbox/sinks/held/settings', {
      headers: { [name]: value },
    });
    expect([reply.status, reply.error.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(reply.error.message).toContain(JSON.stringify(name));
    expect(reply.error.message).toMatch(/remove it/i);
    expect((await fetch(await client.sinks.url('held'))).status).toBe(418);
  });
});

describe('what the sandbox itself answers', () => {
  test.each(['/', '/livez', '/metrics', '/_sandbox/clock', '/_sandbox/no-such-path'])(
    '%s is of the type that it says, and for no other page',
    async (path) => {
      const { headers } = await fetch(mock.url + path, { headers: { 'x-user-context': KEY } });
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    },
  );
  test('under /v1 has no header that the provider does not document', async () => {
    const { headers } = await fetch(`${mock.url}/v1/webhooks`, {
      headers: { 'x-user-context': KEY },
    });
    const own = ['connection', 'content-length', 'content-type', 'date', 'keep-alive'];
    expect([...headers.keys()].filter((name) => !own.includes(name))).toEqual(['x-request-id']);
  });
});
