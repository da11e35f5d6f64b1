/**
 * A receiver behind TLS, on IPv6, whose URL has a query: the whole run, with an untrusted certificate.
 *
 * @module
 */
import { rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, expect, test } from 'vitest';
import { selfSigned } from '../support/tls.ts';
import { build } from '../receivers/reference/node-http.ts';
import { emptyDisk, Store } from '../receivers/reference/store.ts';
import { PATH } from '../receivers/receiver.ts';
import { elsewhere, reportOf, SECRET, verify } from './verify-support.ts';

const cwd = elsewhere();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const QUERY = '?tenant=a%20b&v=2';

const receiver = async () => {
  const answer = await build(SECRET, new Store(emptyDisk()));
  const server = createServer(
    selfSigned(),
    (request: IncomingMessage, response: ServerResponse) => {
      // As a router does: what is not asked for with this query is not found.
      request.url = request.url === `${PATH}${QUERY}` ? PATH : '/nothing';
      answer(request, response);
    },
  );
  server.listen(0, '::1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://[::1]:${port}${PATH}${QUERY}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

test('it is right with --insecure', async () => {
  await using it = await receiver();
  const ran = await verify([it.url, '--insecure', '--report', 'json'], { cwd });
  expect(ran.stderr).not.toContain(SECRET);
  const { summary, checks } = reportOf(ran);
  expect(checks.filter(({ status, level }) => status === 'fail' && level !== 'INFO')).toEqual([]);
  expect(checks.filter(({ status }) => status === 'error')).toEqual([]);
  // Whatever can be reported can be reproduced.
  const commands = checks.flatMap(({ reproduce }) => (reproduce === null ? [] : [reproduce]));
  expect(commands.length).toBeGreaterThan(0);
  for (const command of commands) expect(command).toContain('curl -i -k -g ');
  expect(summary).toMatchObject({ failed: 0, verdict: 'passed' });
  expect(ran.status).toBe(0);
});

test('without, its certificate is the one cause, and the rest is not tested', async () => {
  await using it = await receiver();
  const ran = await verify([it.url, '--report', 'json'], { cwd });
  const { checks } = reportOf(ran);
  const failed = checks.filter(({ status }) => status === 'fail');
  expect(failed.map(({ id }) => id)).toEqual(['http/reachable']);
  expect(JSON.stringify(failed)).toMatch(/self-signed.*\\"insecure\\"/);
  expect(checks.filter(({ status }) => status === 'pass')).toEqual([]);
  expect(ran.status).toBe(1);
});
