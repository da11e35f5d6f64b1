/**
 * What Compose makes of our files: its own loader, which checks them against its schema, resolves anchors and variables, and runs
 * without an engine.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { toolCaches } from '../support/tool-caches.ts';
import { CLUSTER_FILE, COMPOSE_FILE } from './compose-file.ts';

const LOADER = 'github.com/compose-spec/compose-go/v2/cmd@v2.16.2';
/** The first time, Go fetches and compiles it. */
const MAX_INSTALL_MS = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'sendemall-compose-'));
let missing: string | null = null;

beforeAll(() => {
  const { error, status, stderr } = spawnSync('go', ['install', LOADER], {
    encoding: 'utf8',
    timeout: MAX_INSTALL_MS,
    env: { ...process.env, ...toolCaches(folder), GOBIN: folder },
  });
  if (error !== undefined) missing = `go: ${error.message}`;
  else if (status !== 0) missing = `go install: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}, MAX_INSTALL_MS);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const load = (file: string): { readonly status: number | null; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync(join(folder, 'cmd'), [file], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
};

describe('the loader of Compose', () => {
  test('takes the file for several nodes, and sees three nodes that wait for the database', (context) => {
    if (missing !== null) return context.skip(missing);
    const { status, output } = load(CLUSTER_FILE);
    expect(status, output).toBe(0);
    const { services } = parse(output) as { services: Record<string, Record<string, unknown>> };
    for (const node of ['node-1', 'node-2', 'node-3']) {
      expect(services[node]).toMatchObject({
        depends_on: { database: { condition: 'service_healthy', required: true } },
        environment: { SENDEMALL_MOCK_DB: 'postgres://sandbox:sandbox@database/sandbox' },
        read_only: true,
      });
    }
  });

  test('takes the file for one sandbox', (context) => {
    if (missing !== null) return context.skip(missing);
    const { status, output } = load(COMPOSE_FILE);
    expect(status, output).toBe(0);
  });

  test('refuses a key that Compose does not know', (context) => {
    if (missing !== null) return context.skip(missing);
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'services:\n  node:\n    imag: sendemall-mock\n');
    expect(load(file)).toMatchObject({ status: 1, output: expect.stringContaining('imag') });
  });
});
