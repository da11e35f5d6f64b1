/**
 * `init` and what it makes possible: `serve` and `verify` without flags.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/conformance/report.ts';
import { freePort } from '../support/process.ts';
import { keepRunning, run } from './support.ts';

const home = mkdtempSync(join(tmpdir(), 'sendemall-mock-init-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const emptyFolder = (): string => mkdtempSync(join(home, 'folder-'));

const SECRET = 'whsec_init-signing-secret';

test('writes the receiver, the configuration, settings and a workflow', async () => {
  const cwd = emptyFolder();
  const { status, stdout, stderr } = await run(['init', '--framework', 'express'], { cwd });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  for (const path of [
    'webhook-inbox.mjs',
    'receiver.mjs',
    'sendemall-mock.json',
    '.env.example',
    '.github/workflows/webhooks.yml',
  ]) {
    expect(existsSync(join(cwd, path))).toBe(true);
    expect(stdout).toContain(`wrote ${path}`);
  }
  expect(JSON.parse(readFileSync(join(cwd, 'sendemall-mock.json'), 'utf8'))).toEqual({
    url: 'http://localhost:3000/webhooks/sendemall',
    exec: 'node receiver.mjs',
    secret: '${SENDEMALL_SECRET}',
    clock: 'realtime',
    effectsUrl: 'http://localhost:3000/test/effects/{id}',
    failOn: 'should',
  });
  expect(stdout).toContain('npm install express');
  expect(stderr).toContain('.gitignore');
});

test('keeps the build file of a project, and says what to add to it', async () => {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, 'Cargo.toml'), '[dependencies]\naxum = "0.8"\n');
  const { status, stdout } = await run(['init'], { cwd });
  expect(status).toBe(0);
  expect(existsSync(join(cwd, 'src', 'sendemall.rs'))).toBe(true);
  expect(existsSync(join(cwd, 'src', 'main.rs'))).toBe(false);
  expect(readFileSync(join(cwd, 'Cargo.toml'), 'utf8')).toContain('axum = "0.8"\n');
  expect(stdout).toContain('merge sendemall::routes()? into your router');
});

test('writes the build file where it is missing', async () => {
  const cwd = emptyFolder();
  const { stdout } = await run(['init', '--framework', 'spring', '--json'], { cwd });
  expect(existsSync(join(cwd, 'pom.xml'))).toBe(true);
  expect(JSON.parse(stdout)).toMatchObject({ todo: null });
});

test('a project that has a .env.example of its own keeps it, and its .env', async () => {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, '.env.example'), 'APP_KEY=\n');
  const { status, stdout } = await run(['init', '--framework', 'laravel'], { cwd });
  expect(status).toBe(0);
  expect(stdout).toContain('cat .env.sendemall.example >> .env');
  expect(stdout).not.toContain('. ./.env');
  expect(readFileSync(join(cwd, '.env.example'), 'utf8')).toBe('APP_KEY=\n');
});

test('prints JSON; writes to the named folder', async () => {
  const cwd = emptyFolder();
  const { stdout } = await run(['init', 'a b', '--framework', 'go', '--json'], { cwd });
  expect(existsSync(join(cwd, 'a b', 'receiver.go'))).toBe(true);
  expect(JSON.parse(stdout)).toMatchObject({
    framework: 'go',
    files: expect.arrayContaining(['receiver.go', 'sendemall-mock.json']) as unknown,
  });
});

test('never overwrites: it names what exists, and writes nothing', async () => {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, 'receiver.mjs'), 'mine');
  writeFileSync(join(cwd, '.env.example'), 'mine');
  const { status, stdout, stderr } = await run(['init', '--framework', 'hono'], { cwd });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('receiver.mjs, .env.example exist already, so nothing was written');
  expect(readdirSync(cwd).toSorted()).toEqual(['.env.example', 'receiver.mjs']);
  expect(readFileSync(join(cwd, 'receiver.mjs'), 'utf8')).toBe('mine');
});

describe('recognizes', () => {
  test.each([
    ['next', 'package.json', '{"dependencies": {"next": "15", "react": "19"}}'],
    ['fastify', 'package.json', '{"dependencies": {"fastify": "5"}}'],
    ['express', 'package.json', '{"dependencies": {"express": "5"}}'],
    ['hono', 'package.json', '{"dependencies": {"hono": "4"}}'],
    ['node', 'package.json', '{"dependencies": {"express-like": "5"}}'],
    ['flask', 'requirements.txt', 'Flask==3.1\n'],
    ['django', 'pyproject.toml', 'dependencies = ["Django>=5"]\n'],
    ['fastapi', 'requirements.txt', 'fastapi[standard]\n'],
    ['go', 'go.mod', 'module example.com/receiver\n'],
    ['nest', 'package.json', '{"dependencies": {"@nestjs/core": "11", "express": "5"}}'],
    ['rails', 'Gemfile', "gem 'rails', '~> 8.0'\n"],
    ['sinatra', 'Gemfile', 'gem "sinatra"\n'],
    ['laravel', 'composer.json', '{"require": {"laravel/framework": "^12.0"}}'],
    ['php', 'composer.json', '{"require": {"monolog/monolog": "^3"}}'],
    ['spring', 'pom.xml', '<groupId>org.springframework.boot</groupId>'],
    ['spring', 'build.gradle.kts', 'id("org.springframework.boot") version "3.4.5"'],
    ['axum', 'Cargo.toml', '[dependencies]\naxum = "0.8"\n'],
  ])('%s by %s', async (framework, name, content) => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, name), content);
    const { status, stdout } = await run(['init', '--json'], { cwd });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ framework });
  });

  test('nothing in an empty folder: it asks for --framework', async () => {
    const { status, stderr } = await run(['init'], { cwd: emptyFolder() });
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /No framework found in \.:[^]*Pass --framework with one of node, express/u,
    );
  });
});

const isSignedWith = (secret: string, { body, signature }: { body: string; signature: string }) =>
  signature === `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

/** A receiver that keeps what it gets. */
const openReceiver = async () => {
  const received: { body: string; signature: string }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ body, signature: String(request.headers['x-sendemall-signature']) });
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/sendemall`,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

const folderFor = (url: string, more: object = {}): string => {
  const folder = emptyFolder();
  const config = { url, secret: '${SENDEMALL_SECRET}', clock: 'frozen', ...more };
  writeFileSync(join(folder, 'sendemall-mock.json'), JSON.stringify(config));
  return folder;
};

describe('with sendemall-mock.json', () => {
  test('the command alone starts the sandbox: URL, secret and clock of the file', async () => {
    await using receiver = await openReceiver();
    const cwd = folderFor(receiver.url);
    writeFileSync(join(cwd, '.env'), `SENDEMALL_SECRET=${SECRET}\n`);
    const env = { SENDEMALL_MOCK_PORT: '0', SENDEMALL_MOCK_JSON: '1' };
    await using served = keepRunning([], { cwd, env });
    const started = JSON.parse(await served.line((line) => line.includes('"listening"'))) as {
      url: string;
    };
    expect(started).toMatchObject({ clock: 'frozen', forward_to: { url: receiver.url } });
    const flags = ['--wait', '--sandbox-url', started.url];
    expect((await run(['trigger', 'email.opened', ...flags], { cwd })).status).toBe(0);
    expect(receiver.received).toHaveLength(1);
    expect(isSignedWith(SECRET, receiver.received[0]!)).toBe(true);
    expect(served.stderr()).toContain('Read sendemall-mock.json.');
    expect(served.lines.join('\n') + served.stderr()).not.toContain(SECRET);
  });

  test('flags and the environment take precedence', async () => {
    await using receiver = await openReceiver();
    const cwd = folderFor('http://127.0.0.1:9/elsewhere');
    const flags = ['serve', '--forward-to', receiver.url, '--clock', 'skip', '--port', '0'];
    await using served = keepRunning([...flags, '--json'], {
      cwd,
      env: { SENDEMALL_MOCK_SECRET: SECRET },
    });
    const first = await served.line((line) => line.includes('"listening"'));
    expect(JSON.parse(first)).toMatchObject({ clock: 'skip', forward_to: { url: receiver.url } });
  });

  test('verify takes URL, secret and checks from it', async () => {
    await using receiver = await openReceiver();
    const cwd = folderFor(receiver.url, { only: 'http/reachable' });
    const judged = await run(['verify', '--json'], { cwd, env: { SENDEMALL_SECRET: SECRET } });
    expect(judged.stdout).toContain(receiver.url);
    expect(receiver.received.some((request) => isSignedWith(SECRET, request))).toBe(true);
  });

  test('verify starts the receiver itself while nothing listens, with a secret of its own', async () => {
    const cwd = emptyFolder();
    const port = await freePort();
    expect((await run(['init', '--framework', 'node'], { cwd })).status).toBe(0);
    const file = join(cwd, 'sendemall-mock.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    const text = JSON.stringify({ ...config, exec: `"${process.execPath}" receiver.mjs` });
    writeFileSync(file, text.replaceAll(':3000/', `:${port}/`));
    const only = 'http/reachable,delivery/dup-seq,delivery/restart-effects';
    const { stdout, stderr } = await run(['verify', '--only', only, '--json'], { cwd });
    const { checks } = JSON.parse(stdout) as Report;
    const statusOf = (id: string) => checks.find((check) => check.id === id)?.status;
    expect([statusOf('delivery/dup-seq'), statusOf('delivery/restart-effects')], stderr).toEqual([
      'pass',
      'pass',
    ]);
  });

  test('verify judges what listens already, and does not run the command', async () => {
    await using receiver = await openReceiver();
    const cwd = folderFor(receiver.url, { only: 'http/reachable', exec: 'touch started' });
    const env = { SENDEMALL_SECRET: SECRET };
    const { stderr, stdout } = await run(['verify', '--json'], { cwd, env });
    expect(stdout).toContain(receiver.url);
    expect(stderr).toMatch(/Port \d+ is in use: judging the receiver that listens there\./u);
    expect(existsSync(join(cwd, 'started'))).toBe(false);
  });

  test.each([
    [['--exec', 'exit 3'], 'exited with status 3'],
    [['--secret', SECRET], 'connection refused'],
  ])('verify %j needs no secret of the file', async (flags, message) => {
    const cwd = folderFor(`http://127.0.0.1:${await freePort()}/`);
    const { stderr } = await run(['verify', ...flags], { cwd });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('SENDEMALL_SECRET, which is not set');
  });

  test.each([['serve'], ['verify']])('%s names the variable that is not set', async (verb) => {
    const cwd = folderFor('http://127.0.0.1:9/');
    const { status, stderr } = await run([verb], { cwd });
    expect(status).toBe(2);
    expect(stderr).toContain(
      'sendemall-mock.json takes the secret from SENDEMALL_SECRET, which is not set. Set SENDEMALL_SECRET in the environment, or in .env beside the file.',
    );
  });

  test('lists of checks and hooks need no secret', async () => {
    const cwd = folderFor('http://127.0.0.1:9/');
    expect((await run(['verify', '--list'], { cwd })).status).toBe(0);
    expect((await run(['verify', '--hooks'], { cwd })).status).toBe(0);
  });

  test.each([
    ['{"url": 5}', 'invalid value for "url"'],
    ['{"ulr": "http://127.0.0.1/"}', 'unknown keys: "ulr"'],
    ['{"url": "ftp://localhost/"}', 'Invalid url "ftp://localhost/" in sendemall-mock.json'],
    ['{', 'Invalid JSON in --config sendemall-mock.json'],
  ])('serve refuses %s', async (text, message) => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'sendemall-mock.json'), text);
    const { status, stderr } = await run(['serve', '--port', '0'], { cwd });
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  test('a folder of that name is no configuration: the error says so', async () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'sendemall-mock.json'));
    const { status, stderr } = await run(['serve', '--port', '0'], { cwd });
    expect(status).toBe(2);
    expect(stderr).toContain('it is a directory');
  });
});

test('without a configuration, the command alone prints its help', async () => {
  const { status, stderr } = await run([], { cwd: emptyFolder() });
  expect(status).toBe(2);
  expect(stderr).toContain('Usage: sendemall-mock');
});
