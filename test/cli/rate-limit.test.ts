/**
 * A command that reaches the rate limit of its key goes on when it may.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { kill, open } from '../receivers/receiver.ts';
import { keepRunning, run } from './support.ts';

const LIST = { success: true, data: [], meta: { request_id: 'req_2', next_cursor: null } };
const LIMITED = {
  success: false,
  error: { code: 'RATE_LIMIT_EXCEEDED', message: 'Too many. Come back later.', retry_after: 1 },
  meta: { request_id: 'req_1' },
};

/** A sandbox that turns the first request away, with these headers, and then has nothing to list. */
const limited = async (headers: Readonly<Record<string, string>>) => {
  const times: number[] = [];
  const respond = (_request: IncomingMessage, response: ServerResponse): void => {
    times.push(Date.now());
    const first = times.length === 1;
    response.writeHead(first ? 429 : 200, {
      'content-type': 'application/json',
      ...(first ? headers : {}),
    });
    response.end(JSON.stringify(first ? LIMITED : LIST));
  };
  const server = createServer(respond);
  const port = await open(server);
  return {
    server,
    times,
    args: ['deliveries', '--json', '--sandbox-url', `http://127.0.0.1:${port}`],
    [Symbol.asyncDispose]: () => kill(server),
  };
};

test('a rate-limited command waits for Retry-After, reports the wait and then succeeds', async () => {
  await using sandbox = await limited({ 'retry-after': '1' });
  const { status, stdout, stderr } = await run(sandbox.args);
  expect({ status, data: JSON.parse(stdout) }).toEqual({ status: 0, data: [] });
  expect(stderr).toBe(
    'Rate limit reached. Retrying in 1 s. To avoid this, start the sandbox with --no-rate-limit.\n',
  );
  const [first = 0, second = 0] = sandbox.times;
  expect(sandbox.times).toHaveLength(2);
  expect(second - first).toBeGreaterThan(990);
});

test('told no time, it ends with what the sandbox says', async () => {
  await using sandbox = await limited({});
  const { status, stdout, stderr } = await run(sandbox.args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('Too many. Come back later.');
  expect(sandbox.times).toHaveLength(1);
});

test('Ctrl-C ends the wait', async () => {
  await using sandbox = await limited({ 'retry-after': '60' });
  await using command = keepRunning(sandbox.args);
  await once(command.child.stderr, 'data');
  expect(await command.stop('SIGINT')).toBe(130);
  expect(sandbox.times).toHaveLength(1);
});
