/**
 * `spec`: the documents and the ledger.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { run } from './support.ts';

test('lists the documents', async () => {
  const { status, stdout } = await run(['spec']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^asyncapi .*\nopenapi .*\nsandbox .*\nfidelity /);
  expect(JSON.parse((await run(['spec', '--json'])).stdout)).toHaveLength(4);
});

test.each([
  ['asyncapi', 'asyncapi', /^3\./],
  ['openapi', 'openapi', /^3\.1/],
  ['sandbox', 'openapi', /^3\.1/],
])('%s', async (name, member, version) => {
  const { status, stdout, stderr } = await run(['spec', name]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const document = JSON.parse(stdout) as Record<string, unknown>;
  expect(document[member]).toMatch(version);
  // One file: no reference leads out of it.
  expect(stdout).not.toMatch(/"\$ref": "[^#]/);
  const yaml = await run(['spec', name, '--yaml']);
  expect(parse(yaml.stdout)).toEqual(document);
});

test('fidelity: every line is documented with a source, or assumed with a reason', async () => {
  const { status, stdout } = await run(['spec', 'fidelity', '--json']);
  expect(status).toBe(0);
  const ledger = JSON.parse(stdout) as Record<string, string>[];
  expect(ledger.length).toBeGreaterThan(30);
  for (const entry of ledger) {
    expect(entry[entry['fidelity'] === 'documented' ? 'source' : 'reason']).toBeTruthy();
  }
  const table = await run(['spec', 'fidelity']);
  expect(table.stdout.trim().split('\n')).toHaveLength(ledger.length);
  expect(table.stderr).toMatch(/\d+ documented, \d+ assumed\./);
});
