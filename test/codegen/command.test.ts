import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { parseDocument } from 'yaml';
import { root, specWith, temporaryFolder } from './spec-copy.ts';

// The generator reads all its input again for each test: generous, for a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['src/codegen/main.ts', ...args], { cwd: root, encoding: 'utf8' });

test('what is committed is what the specs say', () => {
  const { status, stderr } = run('--check');
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test('--check names every file that drifts and the remedy, and changes nothing', () => {
  const out = join(temporaryFolder(), 'schemas');
  cpSync(join(root, 'schemas'), out, { recursive: true });
  const edited = join(out, 'events.ts');
  writeFileSync(edited, `${readFileSync(edited, 'utf8')}// by hand\n`);
  writeFileSync(join(out, 'json', 'stale.schema.json'), '{}\n');
  rmSync(join(out, 'control.ts'));

  const { status, stderr } = run('--check', '--out', out);
  expect(status).toBe(1);
  expect(stderr.trim().split('\n').toSorted()).toEqual(
    [
      `${join(out, 'control.ts')} is missing`,
      `${edited} is not what the specs say`,
      `${join(out, 'json', 'stale.schema.json')} is no longer generated`,
      'Generated files differ from what the specs say. Run `npm run gen` and commit.',
    ].toSorted(),
  );
  expect(existsSync(join(out, 'control.ts'))).toBe(false);

  expect(run('--out', out)).toMatchObject({ status: 0, stderr: '' });
  expect(run('--check', '--out', out)).toMatchObject({ status: 0, stderr: '' });
});

test('a spec that is refused changes nothing and exits 1', () => {
  const spec = specWith(['openapi.yaml', ['info', 'x-logo'], 'logo.png']);
  const out = join(temporaryFolder(), 'schemas');
  const { status, stderr } = run('--spec', spec, '--out', out);
  expect(status).toBe(1);
  expect(stderr).toContain(
    'Nothing was generated. openapi.yaml#/info/x-logo: unknown extension "x-logo"',
  );
  expect(existsSync(out)).toBe(false);
});

test('another delay, limit or header in the YAML is another constant, with no other edit', async () => {
  const policy = ['operations', 'deliverEvent', 'x-delivery-policy'];
  const signed = ['components', 'messageTraits', 'Signed'];
  const spec = specWith(
    ['asyncapi.yaml', [...policy, 'timeout'], 'PT2.5S'],
    ['asyncapi.yaml', [...policy, 'retryDelays'], ['PT1S', 'PT2H', 'P1D', 'PT1M30S']],
    ['asyncapi.yaml', [...policy, 'success', 'to'], 204],
    ['asyncapi.yaml', [...signed, 'x-webhook-signature', 'header'], 'X-Other-Signature'],
    ['asyncapi.yaml', [...signed, 'x-webhook-signature', 'algorithm'], 'sha512'],
    ['openapi.yaml', ['x-limits', 'max_webhooks_per_account'], 3],
  );
  const out = temporaryFolder();
  expect(run('--spec', spec, '--out', out)).toMatchObject({ status: 0, stderr: '' });
  const contract = (await import(join(out, 'contract.ts'))) as Record<string, unknown>;
  expect(contract).toMatchObject({
    DELIVERY_POLICY: {
      timeoutMs: 2_500,
      retryDelaysMs: [1_000, 7_200_000, 86_400_000, 90_000],
      successFrom: 200,
      successTo: 204,
    },
    SIGNATURE: { header: 'X-Other-Signature', algorithm: 'sha512', prefix: 'sha256=' },
    LIMITS: { maxWebhooksPerAccount: 3 },
  });
});

test('comments and order of the YAML file do not matter to a second run', () => {
  const spec = specWith();
  const file = join(spec, 'openapi.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  document.commentBefore = ' another comment';
  writeFileSync(file, document.toString({ lineWidth: 40 }));
  expect(run('--check', '--spec', spec)).toMatchObject({ status: 0, stderr: '' });
});
