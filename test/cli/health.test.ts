/**
 * `health`: what the image's health check runs.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { answer, startReceiver } from '../support/receiver.ts';
import { run, serve } from './support.ts';

describe('health', () => {
  test('is 0 when the sandbox is ready', async () => {
    await using sandbox = await serve();
    const { status, stdout } = await run(['health', '--sandbox-url', sandbox.url]);
    expect(stdout).toBe(`Ready: ${sandbox.url}\n`);
    expect(status).toBe(0);
  });

  test('asks the port that the environment gives to serve', async () => {
    await using sandbox = await serve();
    const { port } = new URL(sandbox.url);
    const { status, stdout } = await run(['health', '--json'], {
      env: { SENDEMALL_MOCK_PORT: port },
    });
    expect(JSON.parse(stdout)).toEqual({ ready: true, url: sandbox.url, fault: null });
    expect(status).toBe(0);
  });

  test.each(['http', 'https'])('is 1 when nothing answers on %s, and says why', async (scheme) => {
    const url = `${scheme}://127.0.0.1:9`;
    const { status, stdout } = await run(['health', '--sandbox-url', url]);
    expect(stdout).toBe(`Not ready: ${url} (ECONNREFUSED)\n`);
    expect(status).toBe(1);
  });

  test('is 1 when what answers is not ready', async () => {
    await using other = await startReceiver(answer(503));
    const url = new URL(other.url).origin;
    const { status, stdout } = await run(['health', '--sandbox-url', url]);
    expect(stdout).toBe(`Not ready: ${url} (status 503)\n`);
    expect(status).toBe(1);
  });

  test('is 1 when it gets no answer in time', async () => {
    await using silent = await startReceiver(() => {});
    const url = new URL(silent.url).origin;
    const { status, stdout } = await run(['health', '--sandbox-url', url]);
    expect(stdout).toBe(`Not ready: ${url} (no response within 3 s)\n`);
    expect(status).toBe(1);
  });

  test('on watch it ends as soon as the sandbox is gone', async ({ skip }) => {
    if (process.platform !== 'linux') return skip('it reads /proc');
    await using sandbox = await startReceiver(answer(200));
    const url = new URL(sandbox.url).origin;
    const watching = run(['health', '--watch', '1m', '--sandbox-url', url]);
    await sandbox.arrived(2);
    await sandbox[Symbol.asyncDispose]();
    const { status, stdout } = await watching;
    expect(stdout).toContain(`Not ready: ${url} (ECONNREFUSED)`);
    expect(status).toBe(1);
  });

  test('an invalid duration is rejected', async () => {
    const { status, stderr } = await run(['health', '--watch', 'long']);
    expect(stderr).toContain('Pass a duration from 1ms to 10m');
    expect(status).toBe(2);
  });
});
