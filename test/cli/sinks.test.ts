/**
 * `sinks`, as a command of its own, against one `serve`. Every test has its own account.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiOf } from '../support/api.ts';
import { ESCAPES, run, serve, type Ran, type RunOptions, type Served } from './support.ts';

let served: Served;
beforeAll(async () => {
  served = await serve(['--clock', 'frozen']);
});
afterAll(() => served.stop());

let accounts = 0;
const account = () => {
  accounts += 1;
  const key = `sink-key-number-${accounts}`;
  const cli = async (args: readonly string[], options: RunOptions = {}): Promise<Ran> => {
    const env = { SENDEMALL_MOCK_SANDBOX_URL: served.url, SENDEMALL_MOCK_API_KEY: key };
    const ran = await run(['sinks', ...args], { ...options, env });
    expect(ran.stdout + ran.stderr).not.toContain(key);
    expect(ran.stdout + ran.stderr).not.toMatch(ESCAPES);
    return ran;
  };
  return { cli, api: apiOf(served.url, key) };
};

test('answer, a request without a key, list, requests, clear', async () => {
  const { cli } = account();
  expect(await cli([])).toMatchObject({ status: 0, stdout: '' });
  const told = await cli(['answer', 'crm', '--status', '503', '--body', '{"a":1}', '--times', '1']);
  expect(told).toMatchObject({ status: 0, stderr: '' });
  expect(told.stdout).toContain('503 (1 times)');
  const url = /^url\s+(\S+)$/m.exec(told.stdout)![1]!;
  const down = await fetch(`${url}/contacts?a=1`, { method: 'PUT', body: '{"id":"evt_1"}' });
  expect([down.status, await down.text()]).toEqual([503, '{"a":1}']);
  expect((await fetch(url)).status).toBe(200);

  expect((await cli(['list'])).stdout).toBe('sink  requests\ncrm   2\n');
  expect((await cli(['requests', 'crm'])).stdout).toMatch(
    /^\S+Z {2}PUT \/contacts\?a=1 {2}response 503\n {4}\{"id":"evt_1"\}\n\S+Z {2}GET \/ {2}response 200\n$/,
  );
  const filtered = await cli(['requests', 'crm', '--contains', 'evt_1', '--json']);
  expect(JSON.parse(filtered.stdout)).toMatchObject([{ order: 1, json: { id: 'evt_1' } }]);
  expect((await cli(['clear', 'crm'])).stdout).toBe('Deleted 2 requests of sink crm.\n');
  const nothing = await cli(['requests', 'crm']);
  expect(nothing).toMatchObject({ status: 0, stdout: '' });
  expect(nothing.stderr).toContain('No matching requests');
});

test('answer takes text, headers and a file', async () => {
  const { cli } = account();
  const answer = ['answer', 'crm', '--header', 'X-Mine: a: b', '--body-file', '-', '--json'];
  const { stdout } = await cli(answer, { input: 'plain' });
  expect(JSON.parse(stdout)).toMatchObject({
    status: 200,
    headers: { 'X-Mine': 'a: b' },
    body: 'plain',
    times: null,
  });
});

test('requests --wait-for ends with 0 when they come and with 1 when they do not', async () => {
  const { cli, api } = account();
  const waiting = cli(['requests', 'crm', '--wait-for', '1', '--json']);
  await api.send('POST', '/_sandbox/sinks/crm', { id: 1 });
  const came = await waiting;
  expect(came.status).toBe(0);
  expect(JSON.parse(came.stdout)).toMatchObject([{ json: { id: 1 } }]);
  const late = await cli(['requests', 'crm', '--wait-for', '2', '--timeout-ms', '20']);
  expect(late.status).toBe(1);
  expect(late.stderr).toContain('1 of 2');
});

test.each([
  [['requests', 'CRM'], '"name"'],
  [['answer', 'crm', '--status', '600'], '599'],
  [['answer', 'crm', '--header', 'nothing'], '--header'],
  [['answer', 'crm', '--header', 'a b: c'], '"a b"'],
  [['answer', 'crm', '--body', 'a', '--body-file', 'b'], 'one of them'],
])('%j is refused', async (args, word) => {
  const { cli } = account();
  const { status, stdout, stderr } = await cli(args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(word);
});
