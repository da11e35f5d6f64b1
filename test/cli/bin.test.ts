/**
 * The entry: which Node it takes, and which code it runs, in a checkout and as an installed package.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { BIN } from './support.ts';

/** Runs an entry with a Node that says it is `version`. */
const runAs = (version: string, bin: string, env: Record<string, string> = {}) => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, bin, '--version'],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } },
  );
  return { status, stdout, stderr };
};

test('is JavaScript that Node 12 can read', () => {
  const source = readFileSync(BIN, 'utf8');
  expect(source).not.toMatch(/node:|\?\.|\?\?|await |`|=>|\b(?:let|class)\b/);
});

describe('in a checkout', () => {
  test('runs the sources', () => {
    expect(runAs(process.versions.node, BIN)).toEqual({
      status: 0,
      stdout: `${packageJson.version}\n`,
      stderr: '',
    });
  });

  test("an older Node hands over to the checkout's own, once", () => {
    expect(runAs('20.20.2', BIN)).toMatchObject({ status: 0, stdout: `${packageJson.version}\n` });
    const again = runAs('20.20.2', BIN, { SENDEMALL_MOCK_REEXEC: '1' });
    expect(again).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('as an installed package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-installed-'));
  const bin = join(folder, 'src/cli/bin.js');
  beforeAll(() => {
    mkdirSync(join(folder, 'src/cli'), { recursive: true });
    mkdirSync(join(folder, 'dist/cli'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(folder, 'dist/cli/main.js'),
      'export const main = (args) => console.log("built", args.join());',
    );
    copyFileSync(BIN, bin);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('runs what was built', () => {
    expect(runAs(process.versions.node, bin)).toEqual({
      status: 0,
      stdout: 'built --version\n',
      stderr: '',
    });
  });

  test.each(['12.22.12', '20.20.2', '22.21.9'])('Node %s gets one clear line', (version) => {
    const { status, stdout, stderr } = runAs(version, bin);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^sendemall-mock needs Node 22\.22 or newer, and this is \S+\. .*\n$/);
    expect(stderr).toContain(version);
  });

  test.each(['22.22.0', '23.0.0', '24.21.0', '30.1.0'])('Node %s is new enough', (version) => {
    expect(runAs(version, bin).status).toBe(0);
  });
});
