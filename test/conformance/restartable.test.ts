/**
 * Hooks as URLs and commands, against a receiver in a process that is really killed and started again.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpHooks } from '../../src/conformance/hooks/http-hooks.ts';
import { verify } from '../../src/conformance/verify.ts';
import { createMock } from '../../src/create-mock.ts';
import { kill, open, PATH } from '../receivers/receiver.ts';
import { eventually } from '../support/eventually.ts';

const SCRIPT = fileURLToPath(new URL('../receivers/reference/restartable.ts', import.meta.url));
const SECRET = 'whsec_restartable';

describe('a receiver in a process of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'restartable-'));
  const pidOf = (): number => Number(readFileSync(`${folder}/pid`, 'utf8'));
  let base: string;
  let startCommand: string;

  beforeAll(async () => {
    const server = createServer();
    const port = await open(server);
    await kill(server);
    base = `http://127.0.0.1:${port}`;
    startCommand = `"${process.execPath}" "${SCRIPT}" serve ${port} "${folder}" >/dev/null 2>&1 &`;
    await createHttpHooks({ restartCommand: startCommand }).restart?.();
    await eventually(async () => expect((await fetch(base)).status).toBe(404));
  });
  afterAll(() => {
    process.kill(pidOf(), 'SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const hooksWith = (recovery: 'url' | 'command') =>
    createHttpHooks({
      effectsUrl: `${base}/test/effects/{id}`,
      stateUrl: `${base}/test/leads/{lead_email}`,
      faultUrl: `${base}/test/fault`,
      restartCommand: `kill -9 "$(cat "${folder}/pid")"; ${startCommand}`,
      ...(recovery === 'url'
        ? { recoverUrl: `${base}/test/recover` }
        : { recoverCommand: `"${process.execPath}" "${SCRIPT}" recover ${base}/test/recover` }),
    });

  test('after a restart its hooks are waited for', async () => {
    const hooks = hooksWith('url');
    const before = pidOf();
    await hooks.restart?.();
    expect(await hooks.effects?.('evt_never_sent')).toBe(0);
    expect(pidOf()).not.toBe(before);
  });

  test.each(['url', 'command'] as const)(
    'every check that needs hooks passes, with recovery by %s',
    async (recovery) => {
      await using mock = await createMock({ clock: 'frozen', rateLimit: false });
      const sandbox = async () => ({
        url: mock.url,
        apiKey: 'hooks',
        [Symbol.asyncDispose]: async () => undefined,
      });
      const report = await verify({
        url: base + PATH,
        secret: SECRET,
        hooks: hooksWith(recovery),
        sandbox,
        only: ['delivery/*', 'domain/*'],
        // It calls no provider; `pauses.test.ts` has receivers that do.
        skip: ['domain/pause-on-spike'],
      });
      const odd = report.checks.filter(({ status }) => status !== 'pass');
      expect(odd.map(({ id, status, reason, actual }) => [id, status, reason ?? actual])).toEqual(
        [],
      );
      expect(report.checks.length).toBeGreaterThan(30);
    },
  );
});
