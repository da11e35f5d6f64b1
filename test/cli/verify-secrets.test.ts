/**
 * Neither the secret nor anything made with it is in anything that `verify` writes.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { kill, open } from '../receivers/receiver.ts';
import { elsewhere, SECRET, verify } from './verify-support.ts';

const cwd = elsewhere();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const GATEWAY_KEY = 'gateway-key-to-keep-confidential';
const FORMATS = ['pretty', 'json', 'junit', 'html', 'markdown', 'sarif', 'ctrf'] as const;

/** Whatever a text could be turned into on its way through a format. */
const formsOf = (value: string): readonly string[] => {
  const bytes = Buffer.from(value);
  return [
    value,
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    encodeURIComponent(value),
    inspect(bytes).slice('<Buffer '.length, -1),
    [...bytes].join(','),
    JSON.stringify(JSON.stringify(value)).slice(3, -3),
  ];
};

test('no report repeats the secrets that a leaking receiver responds with', async () => {
  const made = new Set<string>();
  // Takes everything, and tells in its answer and its headers what it has computed.
  const blab = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const digest = createHmac('sha256', SECRET)
      .update(await buffer(request))
      .digest();
    const forms = [
      digest.toString('hex'),
      digest.toString('base64'),
      digest.toString('hex').toUpperCase(),
    ];
    for (const form of forms) made.add(form.replace(/=+$/, ''));
    response.setHeader('x-expected', `sha256=${forms[0]}`);
    response.end(
      `expected ${forms.join(' or ')}, made with ${formsOf(SECRET).join('; ')}; key ${String(request.headers['x-api-key'])}`,
    );
  };
  const server = createServer((request, response) => {
    blab(request, response).catch(() => response.destroy());
  });
  const url = `http://127.0.0.1:${await open(server)}/`;
  try {
    const reports = FORMATS.flatMap((format) => ['--report', `${format}=report.${format}`]);
    const flags = [...reports, '--report', 'json', '--header', `X-Api-Key: ${GATEWAY_KEY}`];
    const summary = join(cwd, 'summary.md');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    const { status, stdout, stderr } = await verify([url, ...flags], { cwd, env });
    expect(status).toBe(1);
    const outputs = new Map([
      ['stdout', stdout],
      ['stderr', stderr],
      ...readdirSync(cwd).map((name) => [name, readFileSync(join(cwd, name), 'utf8')] as const),
    ]);
    expect([...outputs.keys()]).toEqual(
      expect.arrayContaining([...FORMATS.map((format) => `report.${format}`), 'summary.md']),
    );
    expect(made.size).toBeGreaterThan(100);
    const hidden = [...formsOf(SECRET), ...formsOf(GATEWAY_KEY), ...made];
    for (const [name, text] of outputs) {
      expect(text.length, name).toBeGreaterThan(100);
      expect(
        hidden.filter((value) => text.includes(value)),
        name,
      ).toEqual([]);
      // SARIF and JSON may write the slash of base64 in another way.
      const plain = text.replaceAll(String.raw`\/`, '/').replaceAll(String.raw`\u002f`, '/');
      expect(
        hidden.filter((value) => plain.includes(value)),
        name,
      ).toEqual([]);
    }
  } finally {
    await kill(server);
  }
});

test('an error about an invalid --secret does not repeat it', async () => {
  const { stderr } = await verify(['http://127.0.0.1:1/', '--secret', 'x7!q'], { cwd });
  expect(stderr).not.toContain('x7!q');
});
