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
    ['no URL', [], /Nothing says which receiver: give its URL, e\.g\./],
    [
      'URL',
      ['localhost:3000'],
      /'localhost:3000' is invalid for argument 'url'\. Give an absolute URL/,
    ],
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
    ['--fail-on', [URL_OF_NOBODY, '--fail-on', 'may'], /--fail-on.*'may' is invalid.*must, should/],
    ['--seed', [URL_OF_NOBODY, '--seed', '1.5'], /--seed.*'1\.5' is invalid.*0 to 4294967295/],
    [
      '--header',
      [URL_OF_NOBODY, '--header', 'no-colon'],
      /A --header has no colon in it: give name and value/,
    ],
    [
      '--header name',
      [URL_OF_NOBODY, '--header', 'two words: x'],
      /--header "two words" is no header's name/,
    ],
    [
      '--header value',
      [URL_OF_NOBODY, '--header', 'X-Key: \u0001'],
      /--header X-Key has no value, or one with a character/,
    ],
    [
      '--header own',
      [URL_OF_NOBODY, '--header', 'content-type: text/plain'],
      /--header content-type is one that the suite sends itself/,
    ],
    [
      '--timeout',
      [URL_OF_NOBODY, '--timeout', 'soon'],
      /--timeout is "soon": give a span from 50ms to 10m/,
    ],
    [
      '--time',
      [URL_OF_NOBODY, '--time', 'soon'],
      /--time is "soon"\. Give a span from 1s to 24h, e\.g\. 10m/,
    ],
    ['--time too short', [URL_OF_NOBODY, '--time', '999ms'], /--time is "999ms"\. Give a span/],
    ['--time too long', [URL_OF_NOBODY, '--time', '25h'], /--time is "25h"\. Give a span/],
    ['--time zero', [URL_OF_NOBODY, '--time', '0'], /--time is "0"\. Give a span/],
    ['--time empty', [URL_OF_NOBODY, '--time', ''], /--time is ""\. Give a span/],
    [
      '--concurrency',
      [URL_OF_NOBODY, '--concurrency', '0'],
      /--concurrency.*'0' is invalid.*1 to 64/,
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
      /--effects-sink names a sink of a sandbox that is running: say which with --sandbox-url/,
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
      /--restart-command is empty: give a command/,
    ],
    [
      '--recover-url',
      [URL_OF_NOBODY, '--recover-url', 'recover'],
      /--recover-url "recover" is not an http or https URL/,
    ],
    [
      '--recover-command',
      [URL_OF_NOBODY, '--recover-command', ''],
      /--recover-command is empty: give a command/,
    ],
    [
      'two recoveries',
      [URL_OF_NOBODY, '--recover-url', 'http://x/', '--recover-command', 'x'],
      /--recover-url and --recover-command are mutually exclusive/,
    ],
    [
      '--sandbox-url',
      [URL_OF_NOBODY, '--sandbox-url', '7363'],
      /--sandbox-url.*'7363' is invalid.*absolute URL/,
    ],
    ['--api-key alone', [URL_OF_NOBODY, '--api-key', 'x'], /--api-key belongs to --sandbox-url/],
    [
      '--api-key',
      [URL_OF_NOBODY, '--sandbox-url', 'http://x/', '--api-key', 'a b'],
      /--api-key .*white space/,
    ],
    [
      '--report',
      [URL_OF_NOBODY, '--report', 'xml'],
      /--report "xml" has no known format: use pretty, json, junit, html, markdown, sarif/,
    ],
    ['--report no file', [URL_OF_NOBODY, '--report', 'junit='], /--report "junit=" names no file/],
    [
      '--report twice to stdout',
      [URL_OF_NOBODY, '--report', 'json', '--report', 'sarif'],
      /--report json and --report sarif both go to stdout: write one to a file/,
    ],
    [
      '--report twice to a file',
      [URL_OF_NOBODY, '--report', 'json=a', '--report', 'sarif=a'],
      /--report names .*a twice/,
    ],
    [
      '--report to a folder',
      [URL_OF_NOBODY, '--report', 'json=.'],
      /--report: cannot write .*: it is a folder/,
    ],
    [
      '--secret',
      [URL_OF_NOBODY, '--secret', 'tiny'],
      /--secret is 4 characters long: give 8 to 256/,
    ],
    [
      '--config',
      [URL_OF_NOBODY, '--config', 'nowhere.json'],
      /--config: Cannot read nowhere\.json: there is no such file/,
    ],
    [
      '--baseline',
      [URL_OF_NOBODY, '--baseline', 'nowhere.json'],
      /--baseline: Cannot read nowhere\.json: there is no such file/,
    ],
    ['an unknown flag', [URL_OF_NOBODY, '--onyl', 'x'], /unknown option '--onyl'[^]*--only/],
  ])('%s', async (_name, args, message) => {
    await refuses(args, message);
  });
});

test('no secret', async () => {
  await refuses([URL_OF_NOBODY], /--secret is missing.*SENDEMALL_MOCK_SECRET/, {
    SENDEMALL_MOCK_SECRET: '',
  });
});

test('SENDEMALL_MOCK_TIME', async () => {
  await refuses(
    [URL_OF_NOBODY],
    /SENDEMALL_MOCK_TIME is "5 parsecs"\. Give a span from 1s to 24h, e\.g\. 10m/,
    { SENDEMALL_MOCK_TIME: '5 parsecs' },
  );
});

test.skipIf(process.getuid?.() === 0)('--report to a folder that may not be written', async () => {
  mkdirSync(join(cwd, 'locked'));
  chmodSync(join(cwd, 'locked'), 0o500);
  await refuses(
    [URL_OF_NOBODY, '--report', 'json=locked/x.json'],
    /cannot write .*may not be written/,
  );
});

describe.concurrent('a baseline', () => {
  const entry = { id: 'signature/missing-header', reason: 'until #12' };
  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /--baseline .* is no JSON/],
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
    ['no JSON', 'a.json', '{"url":}', /--config a\.json is no JSON/],
    ['no object', 'b.json', [], /--config b\.json must contain one object/],
    [
      'unknown keys',
      'c.json',
      { urll: 'x', hooks: {}, secert: SECRET },
      /--config c\.json has unknown keys: "urll", "secert"\. Known keys: url, secret, only/,
    ],
    ['a wrong kind', 'd.json', { bail: 'yes' }, /--config d\.json has an invalid value for "bail"/],
    [
      'a wrong choice',
      'e.json',
      { failOn: 'may' },
      /--config e\.json has an invalid value for "failOn".*must/,
    ],
    [
      'a wrong URL',
      'f.json',
      { url: 'localhost:3000' },
      /The URL is "localhost:3000"\. Give an absolute URL/,
    ],
    ['a wrong span', 'g.json', { url: URL_OF_NOBODY, timeout: 'x' }, /--timeout is "x"/],
    [
      'a wrong time',
      'n.json',
      { url: URL_OF_NOBODY, time: '2 days' },
      /time is "2 days"\. Give a span/,
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
      /--sandbox-url is "x"\. Give an absolute URL/,
    ],
    [
      'an unknown hook',
      'i.mjs',
      'export default { hooks: { effect: () => 1 } };',
      /--config i\.mjs has unknown keys: "hooks\.effect"/,
    ],
    [
      'a hook that is none',
      'j.mjs',
      'export default { hooks: { effects: 1 } };',
      /--config j\.mjs has an invalid value for "hooks\.effects"/,
    ],
    ['no default', 'k.mjs', 'export const url = 1;', /--config k\.mjs exports no default/],
    [
      'a module that throws',
      'l.mjs',
      'throw new Error("no such table");',
      /--config l\.mjs cannot be loaded: no such table/,
    ],
    ['a module that is not there', 'gone.ts', null, /--config gone\.ts cannot be loaded/],
    [
      'a baseline that is not there',
      'm.json',
      { url: URL_OF_NOBODY, baseline: 'gone.json' },
      /--baseline: Cannot read .*gone\.json/,
    ],
  ])('%s', async (_name, file, content, message) => {
    if (content !== null) write(file, content);
    await refuses(['--config', file], message);
  });
});
