/**
 * `verify` asked wrongly: every flag says what is wrong with its value, and what to give.
 *
 * @module
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { elsewhere, SECRET, verify } from './verify-support.ts';

const cwd = elsewhere();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const URL_OF_NOBODY = 'http://127.0.0.1:1/hooks';

const write = (name: string, content: unknown): string => {
  writeFileSync(join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content));
  return name;
};

const refuses = async (args: readonly string[], message: RegExp, env = {}): Promise<void> => {
  const { status, stdout, stderr } = await verify(args, { cwd, env });
  expect(stderr).toMatch(message);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).not.toContain(SECRET);
  expect(stderr).not.toMatch(/\n {4}at /);
};

describe.concurrent('a flag', () => {
  test.each<[string, string[], RegExp]>([
    ['no URL', [], /Missing URL of the receiver\. Pass it, for example/],
    ['URL', ['example.com'], /Invalid <url> "example\.com"\. Pass a URL such as/],
    [
      '--only',
      [URL_OF_NOBODY, '--only', 'signatur/*'],
      /--only "signatur\/\*" matches no check\. Use an id such as/,
    ],
    ['--skip', [URL_OF_NOBODY, '--skip', 'nothing'], /--skip "nothing" matches no check/],
    [
      '--only and --skip',
      [URL_OF_NOBODY, '--only', 'http/*', '--skip', 'http/*'],
      /--only and --skip together select no check/,
    ],
    ['--fail-on', [URL_OF_NOBODY, '--fail-on', 'may'], /Invalid --fail-on "may"\..*must, should/],
    ['--seed', [URL_OF_NOBODY, '--seed', '1.5'], /Invalid --seed "1\.5"\..*0 to 4294967295/],
    [
      '--header',
      [URL_OF_NOBODY, '--header', 'no-colon'],
      /Missing colon in --header\. Pass a name and a value/,
    ],
    [
      '--header name',
      [URL_OF_NOBODY, '--header', 'two words: x'],
      /Invalid header name in --header "two words"/,
    ],
    [
      '--header value',
      [URL_OF_NOBODY, '--header', 'X-Key: \u0001'],
      /Invalid value in --header X-Key: it is empty or contains a character/,
    ],
    [
      '--header own',
      [URL_OF_NOBODY, '--header', 'content-type: text/plain'],
      /--header content-type is reserved/,
    ],
    [
      '--timeout',
      [URL_OF_NOBODY, '--timeout', 'soon'],
      /Invalid --timeout "soon"\. Pass a duration from 50ms to 10m/,
    ],
    [
      '--time',
      [URL_OF_NOBODY, '--time', 'soon'],
      /Invalid --time "soon"\. Pass a duration from 1s to 24h, such as 10m/,
    ],
    [
      '--time too short',
      [URL_OF_NOBODY, '--time', '999ms'],
      /Invalid --time "999ms"\. Pass a duration/,
    ],
    ['--time too long', [URL_OF_NOBODY, '--time', '25h'], /Invalid --time "25h"\. Pass a duration/],
    ['--time zero', [URL_OF_NOBODY, '--time', '0'], /Invalid --time "0"\. Pass a duration/],
    ['--time empty', [URL_OF_NOBODY, '--time', ''], /Invalid --time ""\. Pass a duration/],
    [
      '--concurrency',
      [URL_OF_NOBODY, '--concurrency', '0'],
      /Invalid --concurrency "0"\..*1 to 64/,
    ],
    [
      '--effects-url',
      [URL_OF_NOBODY, '--effects-url', 'http://localhost/effects'],
      /--effects-url "http:\/\/localhost\/effects" does not contain \{id\}\. Put it where/,
    ],
    [
      '--effects-url scheme',
      [URL_OF_NOBODY, '--effects-url', 'localhost/{id}'],
      /--effects-url "localhost\/\{id\}" is not an http or https URL/,
    ],
    [
      '--effects-sink alone',
      [URL_OF_NOBODY, '--effects-sink', 'crm'],
      /--effects-sink requires a running sandbox\. Pass its URL with --sandbox-url/,
    ],
    [
      '--effects-sink name',
      [URL_OF_NOBODY, '--effects-sink', 'CRM', '--sandbox-url', 'http://127.0.0.1:9'],
      /--effects-sink "CRM" is not a sink name\. Use 1 to 64 characters of/,
    ],
    [
      '--effects-sink and a URL',
      'URL --effects-sink crm --sandbox-url http://127.0.0.1:9 --effects-url http://localhost/{id}'
        .replace('URL', URL_OF_NOBODY)
        .split(' '),
      /--effects-url and --effects-sink are mutually exclusive/,
    ],
    [
      '--state-url',
      [URL_OF_NOBODY, '--state-url', 'http://localhost/state'],
      /--state-url .* does not contain \{lead_email\}/,
    ],
    [
      '--fault-url',
      [URL_OF_NOBODY, '--fault-url', 'fault'],
      /--fault-url "fault" is not an http or https URL/,
    ],
    [
      '--restart-command',
      [URL_OF_NOBODY, '--restart-command', ' '],
      /--restart-command is empty\. Pass a shell command/,
    ],
    [
      '--recover-url',
      [URL_OF_NOBODY, '--recover-url', 'recover'],
      /--recover-url "recover" is not an http or https URL/,
    ],
    [
      '--recover-command',
      [URL_OF_NOBODY, '--recover-command', ''],
      /--recover-command is empty\. Pass a shell command/,
    ],
    [
      'two recoveries',
      [URL_OF_NOBODY, '--recover-url', 'http://x/', '--recover-command', 'x'],
      /--recover-url and --recover-command are mutually exclusive/,
    ],
    [
      '--sandbox-url',
      [URL_OF_NOBODY, '--sandbox-url', 'x'],
      /Invalid --sandbox-url "x"\. Pass a URL/,
    ],
    ['--api-key alone', [URL_OF_NOBODY, '--api-key', 'x'], /--api-key requires --sandbox-url/],
    [
      '--api-key',
      [URL_OF_NOBODY, '--sandbox-url', 'http://x/', '--api-key', 'a b'],
      /--api-key: .*white space/,
    ],
    [
      '--report',
      [URL_OF_NOBODY, '--report', 'xml'],
      /Unknown format in --report "xml"\. Pass pretty, json, junit, html, markdown, sarif/,
    ],
    [
      '--report no file',
      [URL_OF_NOBODY, '--report', 'junit='],
      /Missing file in --report "junit="/,
    ],
    [
      '--report twice to stdout',
      [URL_OF_NOBODY, '--report', 'json', '--report', 'sarif'],
      /--report json and --report sarif both write to stdout\. Write one to a file/,
    ],
    [
      '--report twice to a file',
      [URL_OF_NOBODY, '--report', 'json=a', '--report', 'sarif=a'],
      /Two values of --report write to .*a\./,
    ],
    [
      '--report to a folder',
      [URL_OF_NOBODY, '--report', 'json=.'],
      /Cannot write --report .*: it is a directory/,
    ],
    [
      '--secret',
      [URL_OF_NOBODY, '--secret', 'tiny'],
      /Invalid --secret: its length is 4\. Pass 8 to 256/,
    ],
    [
      '--config',
      [URL_OF_NOBODY, '--config', 'nowhere.json'],
      /Cannot read --config nowhere\.json: no such file\. Pass a JSON file/,
    ],
    [
      '--baseline',
      [URL_OF_NOBODY, '--baseline', 'nowhere.json'],
      /Cannot read --baseline nowhere\.json: no such file\. Pass a JSON file/,
    ],
    ['an unknown flag', [URL_OF_NOBODY, '--onyl', 'x'], /unknown option '--onyl'[^]*--only/],
  ])('%s', async (_name, args, message) => {
    await refuses(args, message);
  });
});

test('no secret', async () => {
  await refuses([URL_OF_NOBODY], /Missing --secret.*SENDEMALL_MOCK_SECRET/, {
    SENDEMALL_MOCK_SECRET: '',
  });
});

test('SENDEMALL_MOCK_TIME', async () => {
  await refuses(
    [URL_OF_NOBODY],
    /Invalid SENDEMALL_MOCK_TIME "5 parsecs"\. Pass a duration from 1s to 24h, such as 10m/,
    { SENDEMALL_MOCK_TIME: '5 parsecs' },
  );
});

test.skipIf(process.getuid?.() === 0)('--report to a read-only directory', async () => {
  mkdirSync(join(cwd, 'locked'));
  chmodSync(join(cwd, 'locked'), 0o500);
  await refuses(
    [URL_OF_NOBODY, '--report', 'json=locked/x.json'],
    /Cannot write --report .*permission denied/,
  );
});

describe.concurrent('a baseline', () => {
  const entry = { id: 'signature/missing-header', reason: 'until #12' };
  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /Invalid JSON in --baseline /],
    ['another shape', [], /Invalid baseline .*: root: .*It must be \{"known": /],
    [
      'no reason',
      { known: [{ id: entry.id }] },
      /Invalid baseline .*: known\[0\] has no reason\. It must be/,
    ],
    ['an empty reason', { known: [entry, { ...entry, reason: '  ' }] }, /known\[1\] has no reason/],
    ['an unknown member', { known: [], unknwon: 1 }, /unknown key "unknwon"/],
    [
      'an unknown id',
      { known: [{ ...entry, id: 'signature/gone' }] },
      /unknown check signature\/gone\. Remove the entry/,
    ],
    ['an id twice', { known: [entry, entry] }, /duplicate entry signature\/missing-header/],
  ])('%s', async (name, content, message) => {
    const file = write(`baseline ${name}.json`, content);
    await refuses([URL_OF_NOBODY, '--baseline', file], message);
  });
});

describe.concurrent('a configuration', () => {
  test.each<[string, string, unknown, RegExp]>([
    ['no JSON', 'a.json', '{"url":}', /Invalid JSON in --config a\.json/],
    ['no object', 'b.json', [], /--config b\.json must contain one object/],
    [
      'unknown keys',
      'c.json',
      { urll: 'x', hooks: {}, secert: SECRET },
      /--config c\.json has unknown keys: "urll", "secert"\. Known keys: url, secret, clock, only/,
    ],
    ['a wrong kind', 'd.json', { bail: 'yes' }, /--config d\.json has an invalid value for "bail"/],
    [
      'a wrong choice',
      'e.json',
      { failOn: 'may' },
      /--config e\.json has an invalid value for "failOn".*must/,
    ],
    ['a wrong URL', 'f.json', { url: 'example.com' }, /Invalid URL "example\.com"\. Pass a URL/],
    ['a wrong span', 'g.json', { url: URL_OF_NOBODY, timeout: 'x' }, /Invalid --timeout "x"/],
    [
      'a wrong time',
      'n.json',
      { url: URL_OF_NOBODY, time: '2 days' },
      /Invalid --time "2 days"\. Pass a duration/,
    ],
    [
      'a time that is no text',
      'o.json',
      { time: 60 },
      /--config o\.json has an invalid value for "time"/,
    ],
    [
      'a wrong sandbox',
      'h.json',
      { url: URL_OF_NOBODY, sandboxUrl: 'x' },
      /Invalid --sandbox-url "x"\. Pass a URL/,
    ],
    [
      'an unknown hook',
      'i.mjs',
      'export default { hooks: { effect: () => 1 } };',
      /--config i\.mjs has unknown keys: "hooks\.effect"/,
    ],
    [
      'a hook that is not a function',
      'j.mjs',
      'export default { hooks: { effects: 1 } };',
      /--config j\.mjs has an invalid value for "hooks\.effects"/,
    ],
    ['no default', 'k.mjs', 'export const url = 1;', /--config k\.mjs has no default export/],
    [
      'a module that throws',
      'l.mjs',
      'throw new Error("no such table");',
      /Cannot load --config l\.mjs: no such table/,
    ],
    ['a module that is not there', 'gone.ts', null, /Cannot load --config gone\.ts/],
    [
      'a baseline that is not there',
      'm.json',
      { url: URL_OF_NOBODY, baseline: 'gone.json' },
      /Cannot read --baseline .*gone\.json/,
    ],
  ])('%s', async (_name, file, content, message) => {
    if (content !== null) write(file, content);
    await refuses(['--config', file], message);
  });
});
