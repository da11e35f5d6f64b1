/**
 * Tools that are not ours find nothing wrong with the specs.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Parser, fromFile } from '@asyncapi/parser';
import { expect, test } from 'vitest';
import { specPath } from './documents.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.each(['control', 'sandbox'])(
  'the linter passes the %s API without an error or a warning',
  async (api) => {
    const redocly = `${root}node_modules/@redocly/cli/bin/cli.js`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [redocly, 'lint', api, '--config', '.config/redocly.yaml', '--format', 'json'],
      {
        cwd: root,
        env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      },
    );
    const report = JSON.parse(stdout) as { totals: unknown; problems: unknown };
    expect(report.problems).toEqual([]);
    expect(report.totals).toEqual({ errors: 0, warnings: 0, ignored: 0 });
  },
  30_000,
);

test('the AsyncAPI parser takes the events without an error or a warning', async () => {
  const { document, diagnostics } = await fromFile(new Parser(), specPath('asyncapi.yaml')).parse();
  const worse = diagnostics.filter((diagnostic) => {
    const severity: number = diagnostic.severity;
    return severity <= 1;
  });
  expect(worse.map(({ message, path }) => `${path.join('/')}: ${message}`)).toEqual([]);
  const [operation, ...others] = document?.operations().filterBySend() ?? [];
  expect(others).toEqual([]);
  expect(operation?.bindings().get('http')?.value()).toMatchObject({ method: 'POST' });
  expect(operation?.channels().all()[0]?.address()).toBeNull();
  expect(operation?.reply()?.messages().all()).toHaveLength(1);
  const messages = operation?.messages().all() ?? [];
  expect(messages).toHaveLength(8);
  for (const message of messages) {
    expect(message.headers()?.required()).toEqual(['X-SendEmAll-Signature']);
    expect(message.bindings().get('http')?.value()).toMatchObject({
      headers: { properties: { 'Content-Type': { const: 'application/json' } } },
    });
    expect(message.extensions().get('x-webhook-signature')?.value()).toBeDefined();
  }
});
