/**
 * Who may talk to the sandbox: DNS rebinding, pages of other sites, and everyone who must still get through.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../schemas/operations.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, SECRET } from '../support/api.ts';
import { requestText, sendRaw, type RawAnswer } from '../support/raw-http.ts';
import { answer, startReceiver } from '../support/receiver.ts';

const KEY = 'x-user-context: victim';
const PATHS = [
  '/',
  '/livez',
  '/readyz',
  '/metrics',
  '/no-such-path',
  '/docs/clock',
  '/reference/events',
  '/inspector/index.html',
  '/openapi.json',
  '/llms.txt',
  '/_sandbox/sinks/~token/crm',
  ...new Set(OPERATIONS.map(({ path }) => path.replaceAll(/[{}]/g, ''))),
];

/** By `Host`: bound to loopback here, to all addresses there. */
let local: Mock;
let open: Mock;
let openUrl: string;
beforeAll(async () => {
  local = await createMock({ clock: 'frozen', rateLimit: false });
  open = await createMock({ clock: 'frozen', rateLimit: false, host: '0.0.0.0' });
  openUrl = `http://127.0.0.1:${new URL(open.url).port}`;
});
afterAll(() => Promise.all([local.close(), open.close()]));

const codeOf = ({ body }: RawAnswer): unknown => JSON.parse(body).error?.code;

const get = (baseUrl: string, path: string, ...headers: string[]): Promise<RawAnswer> =>
  sendRaw(baseUrl, requestText(`GET ${path}`, headers));

describe('a page whose name was rebound to this machine', () => {
  test('cannot scan the network: no registration, no campaign, no answer read back', async () => {
    await using internal = await startReceiver(answer(500, 'an internal service'));
    const host = `evil.example:${new URL(local.url).port}`;
    const page = [`Host: ${host}`, `Origin: http://${host}`, `Referer: http://${host}/`, KEY];
    const send = (line: string, body?: object): Promise<RawAnswer> =>
      sendRaw(local.url, requestText(line, page, body));
    const attack: readonly [string, object?][] = [
      ['POST /v1/webhooks', { url: internal.url, events: ['*'], secret: SECRET }],
      ['POST /v1/campaigns', { name: 'Scan' }],
      ['POST /v1/campaigns/cmp_1/leads', { leads: [{ email: 'silent@leads.example' }] }],
      ['POST /v1/campaigns/cmp_1/activate'],
      ['POST /_sandbox/clock/advance', { until: 'settled' }],
      ['GET /v1/webhooks'],
      ['GET /v1/webhooks/whk_1/failed-events'],
    ];
    for (const [line, body] of attack) {
      const refused = await send(line, body);
      expect([line, refused.status, codeOf(refused)]).toEqual([line, 403, 'FOREIGN_HOST']);
      expect(JSON.parse(refused.body).error.message).toContain(
        "pass allowedHosts: ['evil.example'].",
      );
    }
    const victim = apiOf(local.url, 'victim');
    expect((await victim.get('/v1/webhooks')).data).toEqual([]);
    expect((await victim.get('/v1/campaigns')).data).toEqual([]);
    expect(internal.received).toEqual([]);
  });

  test.each(PATHS)('is refused at %s', async (path) => {
    for (const baseUrl of [local.url, openUrl]) {
      if (baseUrl === openUrl && ['/livez', '/readyz'].includes(path)) continue;
      const refused = await get(baseUrl, path, 'Host: evil.example', KEY);
      expect([refused.status, codeOf(refused)]).toEqual([403, 'FOREIGN_HOST']);
      expect(refused.headers.get('x-request-id')).toMatch(/^req_/);
    }
  });
});

describe('bound to loopback', () => {
  test.each([
    'localhost',
    'LOCALHOST:1',
    'localhost.:80',
    'sandbox.localhost',
    '127.0.0.1:7363',
    '127.1.2.3',
    '[::1]:7363',
    '[::ffff:7f00:1]',
    'host.docker.internal:7363',
    'host.containers.internal',
  ])('the name %s is served', async (host) => {
    expect((await get(local.url, '/v1/webhooks', `Host: ${host}`, KEY)).status).toBe(200);
  });
  test.each([
    'evil.example',
    'localhost.evil.example',
    'notlocalhost',
    'sandbox:7363',
    '10.0.0.7',
    '[2001:db8::1]',
    '127.0.0.1.evil.example',
    'metadata.internal',
    '0.0.0.0',
  ])('the name %s is refused', async (host) => {
    const refused = await get(local.url, '/v1/webhooks', `Host: ${host}`, KEY);
    expect([refused.status, codeOf(refused)]).toEqual([403, 'FOREIGN_HOST']);
  });
  test('IPv6’s loopback is loopback', async () => {
    const app = await createMock({ port: null, host: '::1' });
    const ask = (host: string) =>
      app.app.fetch(new Request(`http://${host}/livez`, { headers: { host } }));
    expect((await ask('[::1]:7363')).status).toBe(200);
    expect((await ask('sandbox:7363')).status).toBe(403);
    await app.close();
  });
});

describe('bound to all addresses, as in a container', () => {
  test.each([
    'sendemall-mock:7363',
    'localhost:32768',
    '172.17.0.2:7363',
    '[fd00::2]:7363',
    'sandbox.testing.svc',
    'sandbox.testing.svc.cluster.local:7363',
    'host.docker.internal:7363',
  ])('the name %s is served', async (host) => {
    for (const path of ['/v1/webhooks', '/_sandbox/clock', '/metrics']) {
      expect((await get(openUrl, path, `Host: ${host}`, KEY)).status).toBe(200);
    }
  });
  test('probes answer a load balancer under any name, but no page of another site', async () => {
    for (const path of ['/livez', '/readyz']) {
      const host = 'Host: balancer.example';
      expect((await get(openUrl, path, host)).status).toBe(200);
      expect((await get(openUrl, path, host, 'Origin: http://evil.example')).status).toBe(403);
    }
  });
  test('a browser on another site is refused whatever the name', async () => {
    for (const header of ['Origin: http://evil.example', 'Sec-Fetch-Site: cross-site']) {
      const refused = await get(openUrl, '/v1/webhooks', 'Host: sendemall-mock:7363', KEY, header);
      expect([refused.status, codeOf(refused)]).toEqual([403, 'FOREIGN_ORIGIN']);
    }
  });
});

describe('a page of another site', () => {
  test.each([
    'Origin: http://evil.example',
    'Origin: http://127.0.0.1:1',
    'Origin: null',
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-site',
    'Service-Worker: script',
  ])('%s is refused, by what was sent', async (header) => {
    const host = `Host: ${new URL(local.url).host}`;
    for (const line of ['GET /', 'GET /metrics', 'POST /v1/webhooks', 'POST /_sandbox/reset']) {
      const refused = await sendRaw(local.url, requestText(line, [host, KEY, header], {}));
      expect([line, refused.status, codeOf(refused)]).toEqual([line, 403, 'FOREIGN_ORIGIN']);
      const [name = '', value = ''] = header.split(': ');
      expect(JSON.parse(refused.body).error.message).toContain(
        `${name} is ${JSON.stringify(value)}`,
      );
    }
  });
  test('may link to the sandbox, but not show it in a frame', async () => {
    const host = `Host: ${new URL(local.url).host}`;
    const visit = [host, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'];
    expect((await get(local.url, '/', ...visit, 'Sec-Fetch-Dest: document')).status).toBe(200);
    expect((await get(local.url, '/', ...visit, 'Sec-Fetch-Dest: iframe')).status).toBe(403);
  });
});

test('a page of the sandbox itself is served, and CORS is never granted', async () => {
  const { host } = new URL(local.url);
  const own = [`Host: ${host}`, `Origin: http://${host}`, 'Sec-Fetch-Site: same-origin', KEY];
  for (const line of ['GET /v1/webhooks', 'GET /_sandbox/clock', 'GET /']) {
    const served = await sendRaw(local.url, requestText(line, own));
    expect(served.status).toBe(200);
    expect([...served.headers.keys()].filter((name) => name.startsWith('access-'))).toEqual([]);
  }
});

describe('unusual requests', () => {
  const port = (): string => new URL(local.url).port;
  test('a request target with a name of its own is judged by both names', async () => {
    const own = `Host: 127.0.0.1:${port()}`;
    expect((await get(local.url, `http://evil.example/v1/webhooks`, own, KEY)).status).toBe(403);
    expect((await get(local.url, `http://localhost/v1/webhooks`, own, KEY)).status).toBe(200);
    const foreign = await get(local.url, `http://127.0.0.1/v1/webhooks`, 'Host: evil.example', KEY);
    expect(foreign.status).toBe(403);
  });
  test('two Host headers are malformed', async () => {
    const own = `Host: 127.0.0.1:${port()}`;
    for (const hosts of [
      [own, 'Host: evil.example'],
      ['Host: evil.example', own],
    ]) {
      const refused = await get(local.url, '/v1/webhooks', ...hosts, KEY);
      expect([refused.status, codeOf(refused)]).toEqual([400, 'BAD_REQUEST']);
    }
  });
  test('HTTP/1.0 without Host is no browser, and is served', async () => {
    for (const baseUrl of [local.url, openUrl]) {
      const served = await sendRaw(baseUrl, `GET /v1/webhooks HTTP/1.0\n${KEY}\n\n`);
      expect(served.status).toBe(200);
    }
  });
  test('a call in this process may use any URL', async () => {
    const response = await local.app.fetch(
      new Request('http://api.sendemall.com/v1/webhooks', { headers: { 'x-user-context': 'me' } }),
    );
    expect(response.status).toBe(200);
  });
});

describe('an allowed host', () => {
  test('is served, with any port and in any case', async () => {
    await using mock = await createMock({ allowedHosts: ['mock.test:80', 'Other.Example'] });
    for (const host of ['mock.test', 'MOCK.test:443', 'other.example.']) {
      for (const path of ['/v1/webhooks', '/_sandbox/clock', '/']) {
        expect((await get(mock.url, path, `Host: ${host}`, KEY)).status).toBe(200);
      }
    }
    expect((await get(mock.url, '/', 'Host: third.example')).status).toBe(403);
  });
  test('is the sandbox’s own site behind a proxy that rewrites Host', async () => {
    await using mock = await createMock({ allowedHosts: ['sandbox.example'] });
    const { host } = new URL(mock.url);
    const proxied = (origin: string): Promise<RawAnswer> =>
      get(mock.url, '/v1/webhooks', `Host: ${host}`, KEY, `Origin: ${origin}`);
    expect((await proxied('https://sandbox.example')).status).toBe(200);
    expect((await proxied('https://evil.example')).status).toBe(403);
  });
  test.each(['http://sandbox.example', 'a b', '', '*.example', 'x/y'])(
    'that is no host name is refused at the start: %j',
    async (host) => {
      await expect(createMock({ allowedHosts: [host] })).rejects.toThrow(/^Invalid allowedHosts/);
    },
  );
});
