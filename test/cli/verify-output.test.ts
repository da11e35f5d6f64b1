/**
 * What `verify` prints: laid out for its terminal, with details, and the contracts of the hooks.
 *
 * @module
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HOOK_CONTRACTS, STATE_KEYS } from '../../src/conformance/hooks/contracts.ts';
import { columnsOf } from '../../src/conformance/reporters/layout.ts';
import { atTerminal, hasScript } from './terminal-support.ts';
import { receiver, reportOf, SECRET, verify } from './verify-support.ts';

const cwd = mkdtempSync(join(tmpdir(), 'sendemall-output-'));
const MISSING = ['--only', 'signature/missing-header'];

test('a finding is a few wrapped lines; --details shows the messages and a curl command, too', async () => {
  await using wrong = await receiver('signature-missing-accepted');
  const [short, long] = await Promise.all([
    verify([wrong.url, ...MISSING, '--seed', '7'], { cwd }),
    verify([wrong.url, ...MISSING, '--seed', '7', '--details'], { cwd }),
  ]);
  const [finding = ''] = short.stdout.split('\n\n');
  expect(finding.match(/^ {2}\w+/gm)?.map((label) => label.trim())).toEqual([
    'expected',
    'actual',
    'cause',
    'fix',
    'reproduce',
    'explain',
  ]);
  expect(finding.replaceAll(/ \\\n +/g, ' ')).toContain(
    ` '${wrong.url}' --only signature/missing-header --seed 7`,
  );
  for (const line of short.stdout.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(80);
  expect(short.stdout).not.toContain('curl -i');
  expect(short.stdout).toMatch(/Pass --details for\s+requests/);
  expect(long.stdout).toMatch(/^ {2}request +POST http/m);
  expect(long.stdout).toMatch(/^ {2}response +20\d in /m);
  expect(long.stdout).toContain('curl -i');
});

test('the failures come again in a table, with the one to fix first', async () => {
  await using wrong = await receiver('signature-missing-accepted');
  const { stdout } = await verify([wrong.url, ...MISSING], { cwd });
  expect(stdout).toMatch(
    /\nFindings:\n {2}FAILED {3}MUST {4}signature\/missing-header\n\nFix first: signature\/missing-header\. Respond with 401/,
  );
});

test.skipIf(!hasScript).each([40, 80])(
  'is wrapped at a terminal of %i columns',
  async (columns) => {
    await using wrong = await receiver('signature-missing-accepted');
    await using typed = atTerminal(['verify', wrong.url, ...MISSING, '--secret', SECRET], {
      columns,
    });
    expect(await typed.status).toBe(1);
    const lines = typed.screen().split(/\r?\n/);
    const wide = lines.filter((line) => columnsOf(line) > columns && line.trim().includes(' '));
    // Words stay whole, such as a URL or an ID; the live line is overwritten.
    expect(
      wide.filter((line) => !/http:|\{SEND|\u001B|FAILED +(MUST +)?signature/.test(line)),
    ).toEqual([]);
    expect(typed.screen()).toContain('FAILED 1 of 3 (1 MUST)');
  },
);

test('--hooks prints what every hook receives and returns', async () => {
  const { status, stdout } = await verify(['--hooks'], { cwd });
  expect(status).toBe(0);
  const words = stdout.replaceAll(/\s+/g, ' ');
  for (const { hook, request, response, values } of HOOK_CONTRACTS) {
    expect(stdout).toContain(`${hook}\n  shows`);
    expect(words).toContain(request);
    expect(words).toContain(response);
    for (const [name] of values) expect(words).toContain(`${name}: `);
  }
  const json = JSON.parse((await verify(['--hooks', '--json'], { cwd })).stdout) as {
    hook: string;
    values: object;
  }[];
  expect(json.map(({ hook }) => hook)).toEqual(HOOK_CONTRACTS.map(({ hook }) => hook));
  expect(json.find(({ hook }) => hook === 'state')?.values).toEqual(STATE_KEYS);
});

test('--events, --lead-email, --examples and --thorough are checked, and part of the command that repeats a check', async () => {
  await using wrong = await receiver('signature-missing-accepted');
  const examples = join(cwd, 'examples.json');
  const event = {
    event: 'email.replied',
    id: 'evt_1',
    timestamp: '2026-01-01T00:00:00Z',
    data: {},
  };
  writeFileSync(examples, JSON.stringify([event]));
  const flags = [
    '--thorough',
    '--events=replied,email.bounced',
    '--lead-email=jane@customer.example',
    `--examples=${examples}`,
  ];
  const ran = await verify([wrong.url, ...MISSING, ...flags, '--json'], { cwd });
  const rerun = reportOf(ran).checks.find(({ status }) => status === 'fail')?.rerun ?? '';
  expect(rerun).toContain(' --thorough');
  expect(rerun).toContain(' --events replied,email.bounced');
  expect(rerun).toContain(' --lead-email jane@customer.example');
  expect(rerun).toContain(` --examples ${examples}`);
});

test.each([
  [['--events', 'email.reply'], '--events "email.reply" is not an event type. Pass some of'],
  [['--lead-email', 'jane'], '--lead-email "jane" is not an e-mail address. Pass the address of'],
  [['--examples', 'missing.json'], 'Cannot read --examples missing.json'],
  [['--examples', 'wrong.json'], 'Invalid examples in wrong.json at [0].event'],
])('%j is rejected', async (flags, message) => {
  writeFileSync(join(cwd, 'wrong.json'), '[{"id": 1}]');
  const { status, stderr } = await verify(['http://127.0.0.1:9/', ...flags], { cwd });
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});
