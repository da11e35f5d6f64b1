/**
 * The spec is the truth: other delays, another time limit, another header in the YAML, and the sandbox behaves so
 * after `npm run gen`, with no other edit.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

const script = `
import { createServer } from 'node:http';
import { createMock } from './src/create-mock.ts';
const headers = [];
const receiver = createServer((request, response) => {
  headers.push(request.headers);
  response.writeHead(418).end();
}).listen(0, '127.0.0.1', async () => {
  const mock = await createMock({ clock: 'frozen' });
  const call = async (method, path, body) => (await (await fetch(mock.url + path, {
    method, body: body && JSON.stringify(body),
    headers: { 'x-user-context': 'copy', 'content-type': 'application/json' },
  })).json()).data;
  const url = 'http://127.0.0.1:' + receiver.address().port;
  await call('POST', '/v1/webhooks', { url, events: ['*'], secret: 'whsec_12345678' });
  const { deliveries } = await call('POST', '/_sandbox/events', { event: 'email.sent' });
  await call('POST', '/_sandbox/clock/advance', { until: 'settled' });
  const { status, attempts } = await call('GET', '/_sandbox/deliveries/' + deliveries[0].id);
  const start = Date.parse(attempts[0].started_at);
  const seconds = attempts.map(({ started_at }) => (Date.parse(started_at) - start) / 1000);
  console.log(JSON.stringify({ status, seconds, signed: Object.keys(headers[0]).filter((name) => name.endsWith('signature')) }));
  await mock.close();
  receiver.close();
});
`;

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'sendemall-copy-'));
  for (const part of ['spec', 'schemas', 'src', 'package.json']) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'try.ts'), script);
});
afterAll(() => rmSync(copy, { recursive: true }));

const edit = (file: string, from: string | RegExp, to: string): void => {
  const path = join(copy, file);
  const before = readFileSync(path, 'utf8');
  const after = before.replaceAll(from, to);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
};

const tryIt = (): unknown =>
  JSON.parse(execFileSync(process.execPath, ['try.ts'], { cwd: copy, encoding: 'utf8' }));

test('the spec as it is: three retries', () => {
  expect(tryIt()).toEqual({
    status: 'dead',
    seconds: [0, 30, 330, 2130],
    signed: ['x-sendemall-signature'],
  });
});

test('the spec edited: the sandbox follows', () => {
  edit('spec/asyncapi.yaml', 'PT5M', 'PT7M');
  edit('spec/asyncapi.yaml', /X-SendEmAll-Signature/g, 'X-Other-Signature');
  execFileSync(process.execPath, ['src/codegen/main.ts'], { cwd: copy, stdio: 'pipe' });
  expect(tryIt()).toEqual({
    status: 'dead',
    seconds: [0, 30, 450, 2250],
    signed: ['x-other-signature'],
  });
});

test('a status that the spec calls a success is one', () => {
  edit('spec/asyncapi.yaml', /(\bto: )299/g, '$1418');
  execFileSync(process.execPath, ['src/codegen/main.ts'], { cwd: copy, stdio: 'pipe' });
  expect(tryIt()).toMatchObject({ status: 'delivered', seconds: [0] });
});
