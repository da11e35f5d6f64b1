/**
 * SIGTERM: no new attempts, those in flight finish, exit status 0. And a file can be opened by one process only.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { apiOf } from '../support/api.ts';
import { answer, freePort, startReceiver } from '../support/receiver.ts';
import { startServe } from './serve-process.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendemall-shutdown-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('SIGTERM lets the attempt in flight finish, and its result is saved', async () => {
  const db = join(folder, 'state.db');
  const port = await freePort();
  await using receiver = await startReceiver((_received, response) => {
    setTimeout(() => response.end(), 500); // a slow receiver
  });
  const api = apiOf(`http://127.0.0.1:${port}`);
  await using first = await startServe(port, '--db', db);
  await api.register(receiver.url);
  const id = await api.trigger();
  await receiver.arrived(1);
  expect(await first.end('SIGTERM')).toBe(0);

  await using second = await startServe(port, '--db', db);
  expect((await api.delivery(id)).status).toBe('delivered');
  expect(receiver.received).toHaveLength(1);
  await second.end('SIGTERM');
});

test('SIGTERM waits at most for the attempt timeout; an interrupted attempt is made again', async () => {
  const db = join(folder, 'state.db');
  const port = await freePort();
  const receiver = await startReceiver(() => undefined);
  const api = apiOf(`http://127.0.0.1:${port}`);
  await using first = await startServe(port, '--db', db, '--attempt-timeout', '1s');
  await api.register(receiver.url);
  const id = await api.trigger();
  await receiver.arrived(1);
  expect(await first.end('SIGTERM')).toBe(0);
  await receiver[Symbol.asyncDispose]();

  await using up = await startReceiver(answer(200), receiver.port);
  await using second = await startServe(port, '--db', db, '--clock', 'skip');
  await api.send('PUT', '/_sandbox/clock', { mode: 'skip' });
  expect((await api.settled(id)).status).toBe('delivered');
  expect(up.received).toHaveLength(1);
  await second.end('SIGTERM');
});

test('a second serve on the same file exits with status 2 and names the process that has it open', async () => {
  const db = join(folder, 'state.db');
  await using first = await startServe(await freePort(), '--db', db);
  await expect(startServe(await freePort(), '--db', db)).rejects.toThrow(
    new RegExp(`ended with 2:[^]*state\\.db[^]*(in use|another|held|open)`, 'i'),
  );
  await first.end('SIGTERM');
});

test('a port in use exits with status 2 and a remedy', async () => {
  const port = await freePort();
  await using first = await startServe(port);
  // The first process would answer the readiness probe, so only check the exit.
  const { spawnSync } = await import('node:child_process');
  const { fileURLToPath } = await import('node:url');
  const bin = fileURLToPath(new URL('../../src/cli/bin.js', import.meta.url));
  const second = spawnSync(process.execPath, [bin, 'serve', '--port', String(port)], {
    encoding: 'utf8',
  });
  expect(second.status).toBe(2);
  expect(second.stderr).toContain(String(port));
  expect(second.stderr).toContain('--port');
  await first.end('SIGTERM');
});
