/**
 * Commands of the user's.
 *
 * @module
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/clock/system.ts';
import { runCommand } from '../../../src/conformance/hooks/command.ts';
import { createHttpHooks } from '../../../src/conformance/hooks/http-hooks.ts';
import { listenersOf, recordingClock } from '../recording.ts';
import { leapingClock } from '../scripted-receiver.ts';

const run = (
  command: string,
  more: Partial<Parameters<typeof runCommand>[1]> = {},
): Promise<string | null> =>
  runCommand(command, {
    wall: systemClock,
    signal: undefined,
    env: {},
    timeoutMs: 60_000,
    ...more,
  });

/** Not a zombie either: its parent may not have reaped it yet. */
const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('a command', () => {
  test('that ends with 0 has done its work, whatever it said', async () => {
    expect(await run('echo fine; echo more >&2')).toBeNull();
  });

  test('runs in the user’s environment, and with what is given besides', async () => {
    expect(
      await run('test "$GIVEN" = yes && test -n "$PATH"', { env: { GIVEN: 'yes' } }),
    ).toBeNull();
  });

  test('that fails is reported with its exit status and the end of its output', async () => {
    expect(await run('exit 3')).toBe('exited with 3; it must exit with 0.');
    expect(await run('echo " out "; echo err >&2; exit 1')).toBe(
      'exited with 1; it must exit with 0. Output: out \nerr',
    );
    const long = await run('printf %0500d 7; exit 1');
    expect(long).toBe(`exited with 1; it must exit with 0. Output: ${'0'.repeat(399)}7`);
    expect(await run('kill -9 $$')).toBe('exited with SIGKILL; it must exit with 0.');
  });

  test('that does not end is killed', async () => {
    expect(await run('sleep 60', { wall: leapingClock(), timeoutMs: 2000 })).toBe(
      'did not exit within 2 s. Start long-running processes in the background.',
    );
  });

  test('is killed when the user breaks off, before or meanwhile', async () => {
    expect(await run('sleep 60', { signal: AbortSignal.abort() })).toBe('was interrupted.');
    const user = new AbortController();
    const running = run('sleep 60', { signal: user.signal });
    setImmediate(() => user.abort());
    expect(await running).toBe('was interrupted.');
  });

  test('that fails leaves no process behind; one that ends with 0 leaves what it started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'command-'));
    const pidOf = (name: string): number => Number(readFileSync(join(folder, name), 'utf8'));
    const start = (name: string, status: number) =>
      run(`sleep 600 & echo $! > '${folder}/${name}'; exit ${status}`);
    expect(await start('failed', 1)).toBe('exited with 1; it must exit with 0.');
    await vi.waitFor(() => expect(isRunning(pidOf('failed'))).toBe(false), { timeout: 30_000 });
    expect(await start('done', 0)).toBeNull();
    expect(isRunning(pidOf('done'))).toBe(true);
    process.kill(pidOf('done'), 'SIGKILL');
    rmSync(folder, { recursive: true });
  });

  test('with long output is reported with the end of it', async () => {
    const said = await run('head -c 20000000 /dev/zero | tr "\\0" a; echo end; exit 1');
    expect(said).toMatch(/Output: a{397}end$/);
  });

  test('leaves no timer and no listener behind', async () => {
    const { signal } = new AbortController();
    const listeners = listenersOf(signal);
    const { wall, armed } = recordingClock();
    expect(await run('exit 0', { wall, signal })).toBeNull();
    expect([armed.size, listeners()]).toEqual([0, 0]);
    const running = run('exit 1', { wall, signal, timeoutMs: 77 });
    expect([[...armed].map(({ ms }) => ms), listeners()]).toEqual([[77], 1]);
    await running;
    expect([armed.size, listeners()]).toEqual([0, 0]);
  });

  test('leaves no file behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'command-'));
    vi.stubEnv('TMPDIR', folder);
    expect(await run('echo x; exit 1')).toMatch(/Output: x$/);
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});

describe('as a hook', () => {
  test('a failed restart is reported under the name of its command', async () => {
    const { restart } = createHttpHooks({ restartCommand: 'exit 4' });
    await expect(restart!()).rejects.toMatchObject({
      name: 'HookError',
      message: 'The restart command "exit 4" exited with 4; it must exit with 0.',
    });
  });

  test('a recovery receives the location of the dead letters', async () => {
    const recoverCommand =
      'echo "$SENDEMALL_MOCK_API_URL $SENDEMALL_MOCK_API_KEY $SENDEMALL_MOCK_WEBHOOK_ID"; exit 1';
    const { recover } = createHttpHooks({ recoverCommand });
    await expect(
      recover!({ apiUrl: 'http://a', apiKey: 'key', webhookId: 'wh_1' }),
    ).rejects.toThrow('Output: http://a key wh_1');
  });
});
