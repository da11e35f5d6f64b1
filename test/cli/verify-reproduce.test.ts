/**
 * The commands that a report prints, executed: each shows the same failure again, and none runs without the secret.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { BIN } from './support.ts';
import { elsewhere, receiver, reportOf, SECRET, serveHooks, verify } from './verify-support.ts';

const cwd = elsewhere();
const lacking = ['sh', 'curl', 'openssl', 'base64'].filter(
  (tool) => spawnSync(tool, ['--version']).error !== undefined,
);

/** A folder with a `sendemall-mock` in it that is this checkout's. */
const commandFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-bin-'));
  const file = join(folder, 'sendemall-mock');
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
  chmodSync(file, 0o755);
  return folder;
};

const PATH = `${commandFolder()}:${process.env['PATH'] ?? ''}`;

const inShell = async (command: string, env: Readonly<Record<string, string>>) => {
  const child = spawn('sh', ['-c', command], { cwd, env: { PATH, ...env } });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { stdout, stderr, status };
};

/** A repeated event may be answered 200 in place of 204. */
const sameClass = (status: number | null | undefined): RegExp =>
  new RegExp(`^HTTP/1\\.1 ${Math.floor((status ?? 0) / 100)}\\d\\d `);

/** Broken receivers, and the checks that find it: by a single request, and only by the check itself. */
const BROKEN = [
  ['signature-missing-accepted', 'signature/*'],
  ['signature-leaks-stack', 'signature/*'],
  ['signature-any-case', 'signature/*'],
  ['http-needs-length', 'http/*'],
  ['content-strict-data', 'content/*'],
  ['delivery-no-dedupe', 'delivery/*'],
  ['domain-resubscribes', 'domain/*'],
] as const;

test.skipIf(lacking.length > 0).each(BROKEN)(
  'every command of the report on %s shows the same failure again, and none runs without the secret',
  { timeout: 240_000 },
  async (name, only) => {
    await using wrong = await receiver(name);
    await using hooks = await serveHooks(wrong);
    const without = { SENDEMALL_MOCK_SECRET: '' };
    const flags = ['--secret', SECRET, '--only', only, ...hooks.flags, '--json'];
    const ran = await verify([wrong.url, ...flags], { cwd, env: without });
    const failures = reportOf(ran).checks.filter(({ status }) => status === 'fail');
    expect(failures.length).toBeGreaterThan(0);
    for (const { id, reproduce, exchanges } of failures) {
      const command = reproduce ?? '';
      expect(command, id).not.toBe('');
      expect(command).not.toContain(SECRET);
      const again = await inShell(command, { SENDEMALL_MOCK_SECRET: SECRET });
      if (command.startsWith('sendemall-mock')) {
        expect(again.stdout, command).toMatch(
          new RegExp(`^(FAILED|WARNING|NOTE) .*${id}( |$)`, 'm'),
        );
      } else {
        expect(again, command).toMatchObject({ status: 0 });
        expect(again.stdout, command).toMatch(sameClass(exchanges.at(-1)?.response.status));
      }
      if (!/openssl|^sendemall-mock/.test(command)) continue;
      const refused = await inShell(command, without);
      expect(refused.status, command).not.toBe(0);
      expect(refused.stderr, command).toContain('SENDEMALL_MOCK_SECRET');
      expect(refused.stdout, command).toBe('');
    }
  },
);
