/**
 * SIGTERM: nothing new, attempts in flight finish, status 0. And one file has one writer.
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

test('SIGTERM lets the attempt in flight finish, and it is remembered', async () => {
  const db = join(folder, 'state.db');
  const port = await freePort();
  await using receiver = await startReceiver((_received, response) => {
    setTimeout(() => response.end(), 500); // a receiver that takes its time
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

test('SIGTERM waits no longer than an attempt may take; what was cut is attempted again', async () => {
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

test('a second serve on the same file ends with status 2 and says who holds it', async () => {
  const db = join(folder, 'state.db');
  await using first = await startServe(await freePort(), '--db', db);
  await expect(startServe(await freePort(), '--db', db)).rejects.toThrow(
    new RegExp(`ended with 2:[^]*state\\.db[^]*(in use|another|held|open)`, 'i'),
  );
  await first.end('SIGTERM');
});

test('a port that is taken ends with status 2 and says what to do', async () => {
  const port = await freePort();
  await using first = await startServe(port);
  // The readiness probe would be answered by the first one, so look at the exit alone.
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
