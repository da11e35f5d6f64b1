/**
 * The demo runs to its end, from any folder.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const file = fileURLToPath(new URL('demo.ts', import.meta.url));

test('every step of the demo is as it should be', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout.match(/^\d\. /gm)).toEqual(['1. ', '2. ', '3. ', '4. ', '5. ']);
  for (const moment of ['T+0s', 'T+30s', 'T+5m 30s', 'T+35m 30s']) expect(stdout).toContain(moment);
  expect(stdout).toContain('✓ every dead letter is acknowledged');
  // A pipe is no terminal: no colour, and never a secret.
  expect(stdout).not.toContain('\u001b');
  expect(stdout).not.toContain('whsec_your-signing-secret');
});
