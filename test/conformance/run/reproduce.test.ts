/**
 * The command of a report, run by a shell against a real server: it must send the same request again.
 *
 * @module
 */
import { execFile, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSigning } from '../../../src/conformance/probe/signing.ts';
import { createRedactor } from '../../../src/conformance/redact/redact.ts';
import { reproduce } from '../../../src/conformance/run/reproduce.ts';
import type { Exchange, HeaderPairs } from '../../../src/conformance/net/exchange.ts';
import { selfSigned } from '../../support/tls.ts';
import { answer, exchange as made } from '../fixtures.ts';

const SECRET = 'whsec_never-to-be-seen-4711';
const signing = createSigning(SECRET, createRedactor());
const NAME = 'X-SendEmAll-Signature';

interface Came {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}
const came: Came[] = [];
const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  came.push({ request, body: await buffer(request) });
  response.end('taken');
};
const server = createServer((request, response) => void take(request, response));
let url = '';
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?a=1&b='2'`;
});
afterAll(() => server.close());

const exchange = (
  body: Uint8Array | string,
  headers: HeaderPairs,
  more: Partial<Exchange['request']> = {},
): Exchange => made(answer(401), { url, headers, body: Buffer.from(body), ...more });
const JSON_TYPE = ['Content-Type', 'application/json'] as const;

const lacking = ['sh', 'curl', 'openssl', 'base64'].filter(
  (tool) => spawnSync(tool, ['--version']).error !== undefined,
);

describe.skipIf(lacking.length > 0)(`run by a shell ${lacking.join(', ')}`, () => {
  const again = async (one: Exchange): Promise<Came> => {
    const command = reproduce(one, signing)!;
    expect(command).not.toContain(SECRET);
    expect(command).not.toContain(signing.digest(one.request.body).slice(0, 8));
    const env = { ...process.env, SENDEMALL_MOCK_SECRET: SECRET };
    await promisify(execFile)('sh', ['-c', command], { env });
    return came.at(-1)!;
  };
  const BODY = `{"name":"it's $HOME \\"x\\" %s ë"}`;
  const hmac = (body: Uint8Array | string): string =>
    createHmac('sha256', SECRET).update(body).digest('hex');

  test.each<[string, Uint8Array | string]>([
    ['text that a shell would read', BODY],
    ['a line end and a tab', '{}\t\r\n'],
    ['bytes that are no text', Buffer.from([0, 255, 10, 128, 39])],
  ])('the same bytes: %s', async (_what, body) => {
    const { request, body: sent } = await again(
      exchange(body, [JSON_TYPE, [NAME, signing.valid(body)]]),
    );
    expect(sent).toEqual(Buffer.from(body));
    expect(request.method).toBe('POST');
    expect(request.url).toBe("/hook?a=1&b='2'");
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      [NAME.toLowerCase()]: `sha256=${hmac(body)}`,
    });
  });

  test.each([
    ['the whole digest', (digest: string) => digest],
    ['its beginning', (digest: string) => digest.slice(0, 40)],
    ['all but its last, and more', (digest: string) => `v1=${digest.slice(0, -1)}, x`],
    ['twice', (digest: string) => `sha256=${digest},sha256=${digest}`],
    ['its first eight', (digest: string) => digest.slice(0, 8)],
  ])('%s is computed again', async (_what, write) => {
    const { request } = await again(exchange(BODY, [[NAME, write(signing.digest(BODY))]]));
    expect(request.headers[NAME.toLowerCase()]).toBe(write(hmac(BODY)));
  });

  test('a wrong signature is sent as it was', async () => {
    const wrong = `sha256=${'5f'.repeat(32)}`;
    const { request } = await again(exchange(BODY, [[NAME, wrong]]));
    expect(request.headers[NAME.toLowerCase()]).toBe(wrong);
  });

  test('two signatures, of which one is right', async () => {
    const wrong = `sha256=${'5f'.repeat(32)}`;
    const { request } = await again(
      exchange(BODY, [
        [NAME, wrong],
        [NAME, signing.valid(BODY)],
      ]),
    );
    expect(request.headersDistinct[NAME.toLowerCase()]).toEqual([wrong, `sha256=${hmac(BODY)}`]);
  });

  test('HEAD, which has an answer without a body', async () => {
    const { request } = await again(exchange('', [], { method: 'HEAD' }));
    expect(request.method).toBe('HEAD');
  });

  test('headers without a value, and a body without a type', async () => {
    const one = exchange('{}', [
      [NAME, ''],
      ['X-Empty', ''],
    ]);
    const { request, body } = await again(one);
    expect(body.toString()).toBe('{}');
    expect(request.headers).toMatchObject({ [NAME.toLowerCase()]: '', 'x-empty': '' });
    expect(request.headers).not.toHaveProperty('content-type');
  });

  test('a POST without a body, and a URL with brackets', async () => {
    const one = exchange('', [JSON_TYPE], { url: `${url}&c={d,e}[1-2]` });
    const { request, body } = await again(one);
    expect([request.method, body.length]).toEqual(['POST', 0]);
    expect(request.url).toBe("/hook?a=1&b='2'&c={d,e}[1-2]");
    expect(request.headers).toMatchObject({ 'content-type': 'application/json' });
  });

  test('over TLS, a certificate is checked unless it was not', async () => {
    const secure = createTlsServer(
      selfSigned(),
      (request, response) => void take(request, response),
    );
    await once(secure.listen(0, '::1'), 'listening');
    const { port } = secure.address() as AddressInfo;
    const one = exchange('{}', [JSON_TYPE], { url: `https://[::1]:${port}/hook` });
    const before = came.length;
    const checking = reproduce(one, signing)!;
    await expect(promisify(execFile)('sh', ['-c', checking])).rejects.toThrow(/certificate/i);
    expect(came).toHaveLength(before);
    await promisify(execFile)('sh', ['-c', reproduce(one, signing, { insecure: true })!]);
    expect(came).toHaveLength(before + 1);
    secure.close();
  });

  test('no signature, another method, no body, more headers', async () => {
    const one = exchange('', [['X-Gateway', "it's me"]], { method: 'PUT' });
    const { request, body } = await again(one);
    expect(request.method).toBe('PUT');
    expect(body).toHaveLength(0);
    expect(request.headers).toMatchObject({ 'x-gateway': "it's me" });
    expect(request.headers).not.toHaveProperty(NAME.toLowerCase());
  });
});

describe('as a person reads it', () => {
  const plain = '{"id":"evt_1"}';

  test('a valid event', () => {
    const headers = [JSON_TYPE, [NAME, signing.valid(plain)]] as const;
    const one = exchange(plain, headers, { url: 'http://a.example/hook' });
    expect(reproduce(one, signing)).toBe(
      `: "\${SENDEMALL_MOCK_SECRET:?set it first}"; DIGEST=$(printf %s '{"id":"evt_1"}' | openssl dgst -sha256 -hmac "\${SENDEMALL_MOCK_SECRET:?set it first}" | sed 's/^.* //'); printf %s '{"id":"evt_1"}' | curl -i -H 'Content-Type: application/json' -H 'X-SendEmAll-Signature: '"sha256=\${DIGEST}" --data-binary @- 'http://a.example/hook'`,
    );
  });

  test.for([
    [
      'a forgery',
      ['{}', [JSON_TYPE, [NAME, 'none']], {}],
      `printf %s '{}' | curl -i -H 'Content-Type: application/json' -H 'X-SendEmAll-Signature: none' --data-binary @- 'http://a.example/hook'`,
    ],
    [
      'a body without a type, none of it text',
      [Buffer.from([0, 10]), [], {}],
      `printf '\\000\\012' | curl -i -H 'Content-Type:' --data-binary @- 'http://a.example/hook'`,
    ],
    ['a GET', ['', [], { method: 'GET' }], `curl -i -X GET 'http://a.example/hook'`],
    ['a HEAD', ['', [], { method: 'HEAD' }], `curl -i -I 'http://a.example/hook'`],
    [
      'a HEAD with a body',
      ['{}', [JSON_TYPE], { method: 'HEAD' }],
      `printf %s '{}' | curl -i -X HEAD -H 'Content-Type: application/json' --data-binary @- 'http://a.example/hook'`,
    ],
    ['a POST of nothing', ['', [], {}], `curl -i -X POST 'http://a.example/hook'`],
  ] as const)('%s', ([, [body, headers, more], told]) => {
    const url = 'http://a.example/hook';
    expect(reproduce(exchange(body, headers, { url, ...more }), signing)).toBe(told);
  });
});

test.each<[string, Partial<Exchange['request']>]>([
  ['went out in a way that curl does not have', { manner: 'in two pieces' }],
  ['was too long', { body: Buffer.alloc(8001, 'x') }],
])('there is no command for a request that %s', (_why, request) => {
  expect(reproduce(exchange('{}', [], request), signing)).toBeNull();
});

test('there is one for the longest body', () => {
  expect(reproduce(exchange('x'.repeat(8000), []), signing)).toContain('curl -i ');
});
