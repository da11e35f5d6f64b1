/**
 * How the command is called: help, version and wrong usage.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { freePort } from '../support/receiver.ts';
import { ESCAPES, run } from './support.ts';
import { allVerbs } from './verbs.ts';

const COMMANDS = [
  'serve',
  'verify',
  'trigger',
  'deliveries',
  'dead-letters',
  'sinks',
  'clock',
  'sign',
  'check-signature',
  'spec',
  'completion',
];

test('without arguments it prints the help on stderr, status 2', async () => {
  const { status, stdout, stderr } = await run([]);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  for (const command of COMMANDS) expect(stderr).toContain(`\n  ${command}`);
});

test('--version', async () => {
  expect(await run(['--version'])).toEqual({
    status: 0,
    stdout: `${packageJson.version}\n`,
    stderr: '',
  });
});

test.each([['-v'], ['version']])('%s is --version', async (word) => {
  expect(await run([word])).toEqual(await run(['--version']));
});

test.each([
  ['deliveries', 'list'],
  ['clock', 'show'],
])('--json and the sandbox before %s %s', async (...words) => {
  const { status, stderr } = await run(['--json', '--sandbox-url', ':9999', ...words]);
  expect(status).toBe(2);
  expect(stderr).toContain('No response from http://localhost:9999 (ECONNREFUSED)');
});

const helpOf = async (path: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await run([...path, '--help'], { env: { FORCE_COLOR: '0' } });
  expect({ status, stderr }, path.join(' ')).toEqual({ status: 0, stderr: '' });
  return stdout;
};

describe('the help of every command', async () => {
  const leaves = (await allVerbs()).map((path) => path.split(' '));
  const parents = [
    ...new Set(leaves.filter(({ length }) => length > 1).map(([first = '']) => first)),
  ];

  test.each([...leaves, ...parents.map((parent) => [parent])].map((path) => [path.join(' ')]))(
    '%s: usage, an imperative description, examples, 80 columns',
    async (words) => {
      const help = await helpOf(words.split(' '));
      expect(help).toContain(`Usage: sendemall-mock ${words} `);
      expect(help).toMatch(/\n\n[A-Z][a-z]+,? [^]*\.\n/u);
      expect(help).toContain(`\nExamples:\n`);
      expect(help.split('\nExamples:\n')[1]).toContain(`sendemall-mock ${words.split(' ')[0]}`);
      expect(help).not.toMatch(ESCAPES);
      expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  test('the program itself', async () => {
    const help = await helpOf([]);
    for (const [command] of leaves) expect(help).toContain(`\n  ${command}`);
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('the documentation has a table of all of them', () => {
    const page = readFileSync(new URL('../../src/docs/sandbox.md', import.meta.url), 'utf8');
    const rows = new Set([...page.matchAll(/^\| `([a-z-]+)[^`]*`/gmu)].map(([, name]) => name));
    const missing = leaves.map(([command]) => command).filter((command) => !rows.has(command));
    expect(missing).toEqual([]);
  });
});

test('help <command> is the same', async () => {
  const [long, short] = await Promise.all([run(['help', 'sign']), run(['sign', '--help'])]);
  expect(long).toEqual(short);
});

const SECRET = 'whsec_very-secret-indeed';

test.each<[string, string[], RegExp]>([
  ['an unknown command', ['srve'], /unknown command 'srve'[^]*Did you mean serve/],
  ['an unknown flag', ['clock', '--jsno'], /unknown option '--jsno'[^]*--json/],
  ['an unknown subcommand', ['deliveries', 'shwo'], /unknown command 'shwo'|too many arguments/],
  ['a missing argument', ['trigger'], /missing required argument 'event'/],
  ['--port', ['serve', '--port', '70000'], /Invalid --port "70000"\..*0 to 65535/],
  ['--port text', ['serve', '--port', 'http'], /Invalid --port "http"\..*whole number/],
  ['--clock', ['serve', '--clock', 'fast'], /Invalid --clock "fast".*60x/],
  ['--clock rate', ['serve', '--clock', '0x'], /Invalid --clock "0x".*60x/],
  ['--seed', ['serve', '--seed', '-1'], /Invalid --seed "-1"\..*0 to 4294967295/],
  [
    '--attempt-timeout',
    ['serve', '--attempt-timeout', 'soon'],
    /Invalid --attempt-timeout "soon"\..*10s/,
  ],
  ['--concurrency', ['serve', '--concurrency', '0'], /Invalid --concurrency "0"\..*1 to 1024/],
  [
    '--forward-to',
    ['serve', '--forward-to', 'example.com'],
    /Invalid --forward-to "example\.com"\. Pass a URL such as .* in short :3000/,
  ],
  ['two receivers', ['serve', ':1', '--forward-to', ':2'], /The receiver is given twice/],
  [
    '--forward-to ftp',
    ['serve', '--forward-to', 'ftp://x/'],
    /Invalid --forward-to "ftp:\/\/x\/"\. Pass a URL/,
  ],
  ['--secret alone', ['serve', '--secret', SECRET], /--secret requires a receiver/],
  [
    '--secret short',
    ['serve', '--forward-to', 'http://localhost:1/', '--secret', 'tiny'],
    /Invalid --secret: its length is 4\. Pass 8 to 256/,
  ],
  ['--api-key', ['serve', '--api-key', 'two words'], /--api-key.*white space/],
  [
    '--host',
    ['serve', '--port', '0', '--host', '203.0.113.9'],
    /no address 203\.0\.113\.9.*--host/,
  ],
  [
    '--sandbox-url',
    ['clock', '--sandbox-url', 'ws://x'],
    /Invalid --sandbox-url "ws:\/\/x"\. Pass a URL/,
  ],
  ['--status', ['deliveries', '--status', 'gone'], /Invalid --status "gone"\..*pending, in_flight/],
  ['--limit', ['deliveries', '--limit', '0'], /Invalid --limit "0"\..*1 to 1000000/],
  [
    'an event',
    ['trigger', 'email.open'],
    /Unknown event "email\.open".*Did you mean email\.opened\?.*email\.sent, email\.delivered/,
  ],
  [
    'an event far off',
    ['trigger', 'invoice.paid'],
    /Unknown event "invoice\.paid"\. Known events: email\.sent/,
  ],
  ['an event by its last word', ['trigger', 'repleid'], /Did you mean email\.replied\?/],
  ['a value nearly right', ['deliveries', '--status', 'ded'], /Did you mean dead\? Pass one of/],
  ['an event to list', ['deliveries', '--event', 'opend'], /Did you mean email\.opened\?/],
  ['a span without a unit', ['clock', 'advance', '5'], /5 what\? Pass 5s for seconds or 5m/],
  ['a negative span', ['clock', 'advance', '-5m'], /Invalid duration "-5m".*such as 5m/],
  ['a scenario', ['scenario', 'run', 'bounce-spke'], /Did you mean bounce-spike\?/],
  [
    '--count',
    ['trigger', 'email.sent', '--count', '10001'],
    /Invalid --count "10001"\..*1 to 10000/,
  ],
  [
    '--count with --id',
    ['trigger', 'email.sent', '--count', '2', '--id', 'evt_1'],
    /--id <id>' cannot be used with option '--count/,
  ],
  [
    '--to with --wait',
    ['trigger', 'email.sent', '--to', 'http://localhost:1/', '--wait'],
    /--to <url>' cannot be used with option '--wait/,
  ],
  [
    '--to without --secret',
    ['trigger', 'email.sent', '--to', 'http://localhost:1/'],
    /Missing --secret.*SENDEMALL_MOCK_SECRET/,
  ],
  [
    '--secret without --to',
    ['trigger', 'email.sent', '--secret', SECRET],
    /--secret requires --to/,
  ],
  [
    '--timestamp',
    ['trigger', 'email.sent', '--timestamp', 'today'],
    /Invalid --timestamp "today"\..*RFC 3339/,
  ],
  [
    '--data',
    ['trigger', 'email.sent', '--data', 'lead_email'],
    /Invalid --data "lead_email"\. Pass key=value/,
  ],
  [
    '--data-file',
    ['trigger', 'email.sent', '--data-file', 'nowhere.json'],
    /Cannot read nowhere\.json: no such file/,
  ],
  ['a folder', ['sign', '/', '--secret', SECRET], /Cannot read \/: it is a directory/],
  ['a span', ['clock', 'advance', 'later'], /Invalid <duration> "later"\..*5m/],
  ['no target', ['clock', 'advance'], /No target given.*--until/],
  ['two targets', ['clock', 'advance', '5m', '--until', 'settled'], /More than one target given/],
  ['--to of advance', ['clock', 'advance', '--to', 'noon'], /Invalid --to "noon"\..*RFC 3339/],
  [
    '--until',
    ['clock', 'advance', '--until', 'done'],
    /Invalid --until "done"\..*settled, next-attempt/,
  ],
  ['a mode', ['clock', 'set', 'slow'], /Invalid <mode> "slow"\..*60x/],
  ['no secret', ['sign'], /Missing --secret/],
  ['no signature', ['check-signature', '--secret', SECRET], /'--signature <header>' not specified/],
  [
    'a document',
    ['spec', 'swagger'],
    /Invalid <document> "swagger"\..*asyncapi, openapi, sandbox, fidelity/,
  ],
  ['--yaml of fidelity', ['spec', 'fidelity', '--yaml'], /--yaml requires a document/],
  ['a shell', ['completion', 'csh'], /Invalid <shell> "csh"\..*bash, zsh, fish/],
])('wrong usage: %s', async (_name, args, message) => {
  const { status, stdout, stderr } = await run(args);
  expect(stderr).toMatch(message);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).not.toContain(SECRET);
  expect(stderr).not.toMatch(/\n {4}at /);
});

test.each<[Record<string, string>, RegExp]>([
  [{ SENDEMALL_MOCK_PORT: 'x' }, /Invalid SENDEMALL_MOCK_PORT "x"\. Pass a whole number/],
  [{ SENDEMALL_MOCK_CLOCK: 'x' }, /Invalid --clock "x"/],
  [{ SENDEMALL_MOCK_SEED: 'x' }, /Invalid SENDEMALL_MOCK_SEED "x"\./],
  [{ SENDEMALL_MOCK_CONCURRENCY: 'x' }, /Invalid SENDEMALL_MOCK_CONCURRENCY "x"\./],
  [{ SENDEMALL_MOCK_ATTEMPT_TIMEOUT: 'x' }, /Invalid SENDEMALL_MOCK_ATTEMPT_TIMEOUT "x"\./],
  [{ SENDEMALL_MOCK_FORWARD_TO: 'x' }, /Invalid SENDEMALL_MOCK_FORWARD_TO "x"\./],
  [{ SENDEMALL_MOCK_JSON: 'maybe' }, /Invalid SENDEMALL_MOCK_JSON "maybe"\. Set it to 1 or 0/],
  [{ SENDEMALL_MOCK_API_KEY: 'a key' }, /--api-key.*white space/],
])('wrong environment: %j', async (env, message) => {
  const { status, stderr } = await run(['serve'], { env });
  expect(stderr).toMatch(message);
  expect(status).toBe(2);
});

test('a URL with a password is rejected without printing it', async () => {
  const { status, stderr } = await run(['serve', '--forward-to', 'http://me:hunter2@localhost/']);
  expect(status).toBe(2);
  expect(stderr).toContain('Remove them');
  expect(stderr).not.toContain('hunter2');
});

test.each([['clock'], ['deliveries'], ['dead-letters'], ['sinks'], ['trigger', 'email.sent']])(
  'sandbox unreachable: %s',
  async (...args) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { status, stdout, stderr } = await run([...args, '--sandbox-url', url]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(
      `No response from ${url} (ECONNREFUSED): start one with \`sendemall-mock serve --port ${port}\`.`,
    );
    expect(stderr).toContain('SENDEMALL_MOCK_SANDBOX_URL');
  },
);
