/**
 * `sign` and `check-signature`, with the bytes from files and from standard input.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { BIN, ESCAPES, run } from './support.ts';

const SECRET = 'whsec_a-secret-for-signing';
const BODY = '{"event":"email.opened","data":{"lead_name":"Zoë O\'Neil"}}';
const right = (body: string | Buffer, encoding: 'hex' | 'base64' = 'hex') =>
  `sha256=${createHmac('sha256', SECRET).update(body).digest(encoding)}`;

const folder = mkdtempSync(join(tmpdir(), 'sendemall-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, bytes: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

describe('sign', () => {
  test('a file, with the secret from the environment', async () => {
    const path = file('body.json', BODY);
    const { status, stdout, stderr } = await run(['sign', path], {
      env: { SENDEMALL_MOCK_SECRET: SECRET },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`X-SendEmAll-Signature: ${right(BODY)}\n`);
    expect(stdout).toContain(`--data-binary @${path}`);
    expect(stdout).not.toContain(SECRET);
    expect(stdout).not.toMatch(ESCAPES);
  });

  test('the curl command sends the very bytes, quotes and all', async () => {
    await using receiver = await startReceiver();
    const { stdout } = await run(['sign', '-', '--secret', SECRET, '--url', receiver.url], {
      input: BODY,
    });
    const command = stdout.slice(stdout.indexOf('curl '));
    const sent = run(['sign', '--secret', SECRET, '--json'], { input: BODY });
    expect(JSON.parse((await sent).stdout)).toMatchObject({
      header: 'X-SendEmAll-Signature',
      signature: right(BODY),
      bytes: Buffer.byteLength(BODY),
    });
    if (spawnSync('curl', ['--version']).status !== 0) return;
    const child = (await import('node:child_process')).spawn('sh', ['-c', command]);
    const [request] = await receiver.arrived(1);
    child.kill();
    expect(request!.body).toBe(BODY);
    expect(request!.headers['x-sendemall-signature']).toBe(right(BODY));
    expect(request!.headers['content-type']).toBe('application/json');
  });

  test('binary and long bodies are named, not inlined', async () => {
    const { stdout } = await run(['sign', '--secret', SECRET], { input: Buffer.from([0xff, 0]) });
    expect(stdout).toContain('--data-binary @body.json');
    expect(stdout).toContain(right(Buffer.from([0xff, 0])));
  });

  test('a newline at the end is signed, and remarked on', async () => {
    const { stdout, stderr } = await run(['sign', '--secret', SECRET], { input: `${BODY}\n` });
    expect(stdout).toContain(right(`${BODY}\n`));
    expect(stderr).toContain('ends with a newline');
  });
});

describe('check-signature', () => {
  const check = (signature: string, body: string, ...more: string[]) =>
    run([
      'check-signature',
      file('got.json', body),
      '--signature',
      signature,
      '--secret',
      SECRET,
      ...more,
    ]);

  test('a match is status 0', async () => {
    expect(await check(right(BODY), BODY)).toEqual({
      status: 0,
      stdout: `The signature matches (${Buffer.byteLength(BODY)} bytes).\n`,
      stderr: '',
    });
    expect((await check(`X-SendEmAll-Signature: ${right(BODY)}`, BODY)).status).toBe(0);
  });

  test('a mismatch is status 1 and says why', async () => {
    const { status, stdout, stderr } = await check(right(BODY), `${BODY}\n`);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toContain('does not match');
    expect(stdout).toContain('It is over this body without the newline at its end.');
    expect(stdout).toContain('remedy');
    expect(stdout).toContain(right(`${BODY}\n`));
    expect(stdout).not.toContain(SECRET);
  });

  test('several causes at once, in JSON', async () => {
    const bare = right(JSON.stringify(JSON.parse(BODY)), 'base64').slice('sha256='.length);
    const { status, stdout } = await check(
      bare,
      JSON.stringify(JSON.parse(BODY), null, 2),
      '--json',
    );
    expect(status).toBe(1);
    const report = JSON.parse(stdout) as {
      matches: boolean;
      proven: boolean;
      causes: { id: string }[];
    };
    expect(report).toMatchObject({ matches: false, proven: true });
    expect(report.causes.map(({ id }) => id)).toEqual([
      'header/missing-prefix',
      'header/base64',
      'body/json-compact',
    ]);
    expect(stdout).not.toContain(SECRET);
  });

  test('an empty signature, and one that nothing explains', async () => {
    expect((await check('', BODY)).stdout).toMatch(/actual {4}\(empty\)[^]*It is missing\./);
    const other = await check(`sha256=${'0'.repeat(64)}`, BODY);
    expect(other.status).toBe(1);
    expect(other.stdout).toMatch(/likely.*another secret, or over another body/);
  });

  const inTerminal = (env: Record<string, string>): string =>
    spawnSync(
      'script',
      [
        '-qec',
        `${process.execPath} ${BIN} check-signature ${file('t.json', BODY)} --signature ${right(BODY)} --secret ${SECRET}`,
        '/dev/null',
      ],
      { encoding: 'utf8', env: { PATH: process.env['PATH'], TERM: 'xterm', ...env } },
    ).stdout;

  test.skipIf(spawnSync('script', ['--version']).status !== 0)(
    'colour in a terminal, unless NO_COLOR is set',
    () => {
      expect(inTerminal({})).toMatch(ESCAPES);
      const plain = inTerminal({ NO_COLOR: '1' });
      expect(plain).toContain('The signature matches');
      expect(plain).not.toMatch(ESCAPES);
    },
  );
});
