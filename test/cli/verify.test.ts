/**
 * `verify`: what it says of receivers that are right, wrong, deaf or gone, and with which status it ends.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/receiver.ts';
import { SECRET as SAMPLE_SECRET } from '../conformance/run-suite.ts';
import * as express from '../receivers/samples/express.ts';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { kill, open } from '../receivers/receiver.ts';
import { BIN, ESCAPES, keepRunning } from './support.ts';
import {
  elsewhere,
  ENV,
  receiver,
  reportOf,
  SECRET,
  serveHooks,
  verify,
} from './verify-support.ts';

const cwd = elsewhere();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const MISSING = ['--only', 'signature/missing-header'];

describe('a right receiver', () => {
  test('passes: the report on stdout, status 0; without hooks it is not called conformant', async () => {
    await using right = await receiver();
    const { status, stdout, stderr } = await verify([right.url], { cwd });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`\n${right.url}, `);
    expect(stdout).toMatch(
      /\nPASSED \d+ of \d+ · \d+ not tested: duplicates \(\d+\), state \(\d+\), [^→]* → add\s--effects-url\sto\stest\s\d+\smore\s\(see\sverify\s--hooks\)\n$/,
    );
    expect(stdout).not.toMatch(/conformant/i);
    expect(stdout).not.toMatch(ESCAPES);
  });

  test('with every hook nothing is left untested but what needs a restart, or a campaign elsewhere', async () => {
    await using right = await receiver();
    await using hooks = await serveHooks(right);
    const ran = await verify([right.url, '--json', ...hooks.flags], { cwd });
    // A slow run reports its progress from time to time.
    expect(ran.stderr.replaceAll(/^\d+\/\d+ .* after .+\n/gm, '')).toBe('');
    const untested = reportOf(ran).checks.filter(({ status }) => status === 'not_tested');
    expect(untested.filter(({ reason }) => !/restart|--pauses/.test(reason ?? ''))).toEqual([]);
    expect(ran.status).toBe(0);
  });

  test('dead letters can be held by a sandbox that runs elsewhere', async () => {
    await using right = await receiver();
    await using hooks = await serveHooks(right);
    const port = await freePort();
    await using sandbox = keepRunning([
      'serve',
      '--port',
      String(port),
      '--clock',
      'frozen',
      '--no-rate-limit',
      '--json',
    ]);
    await sandbox.line((line) => line.includes('"listening"'));
    const flags = ['--sandbox-url', `http://127.0.0.1:${port}`, '--api-key', 'verify'];
    const ran = await verify(
      [right.url, ...hooks.flags, ...flags, '--only', 'delivery/recovery-*', '--json'],
      { cwd },
    );
    expect(ran.stderr).toBe('');
    expect(reportOf(ran).summary).toMatchObject({
      failed: 0,
      not_tested: 0,
      verdict: 'passed',
    });
  });
});

describe('a wrong receiver', () => {
  test('is not conformant: status 1, progress on stderr, the finding on stdout', async () => {
    await using wrong = await receiver('signature-missing-accepted');
    const { status, stdout, stderr } = await verify([wrong.url, ...MISSING], { cwd });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^FAILED signature\/missing-header: accepted no signature header: 204 /);
    expect(stdout).toMatch(/^FAILED {2}MUST {3}signature\/missing-header/);
    expect(stdout).toMatch(/\nFAILED 1 of 3 \(1 MUST\) · 2 passed · \d+ MUST not selected\n$/);
  });

  test('the command that it prints shows the fault again', async () => {
    await using wrong = await receiver('signature-missing-accepted');
    const { stdout } = await verify([wrong.url, ...MISSING, '--json'], { cwd });
    const { checks } = reportOf({ stdout, stderr: '', status: 1 });
    const check = checks.find(({ status }) => status === 'fail');
    const again = await promisify(execFile)('sh', ['-c', check?.reproduce ?? '']);
    expect(again.stdout).toMatch(/^HTTP\/1\.1 2\d\d /);
  });

  test('in that command, what opens a gateway is left for the user to fill in', async () => {
    await using wrong = await receiver('signature-missing-accepted');
    const flags = [...MISSING, '--header', 'Authorization: Bearer abcdef', '--json'];
    const { stdout } = await verify([wrong.url, ...flags], { cwd });
    expect(stdout).toContain("-H 'Authorization: <your Authorization>'");
    expect(stdout).not.toContain('abcdef');
  });

  test('where one request shows nothing, it makes the check again, by the same hooks', async () => {
    await using wrong = await receiver('delivery-no-dedupe');
    await using hooks = await serveHooks(wrong);
    const gateway = ['--header', "X-Gateway-Key: it's secret"];
    const flags = ['--only', 'delivery/dup-seq', ...hooks.flags, ...gateway];
    const { stdout } = await verify([wrong.url, ...flags, '--seed', '3', '--json'], { cwd });
    const { checks } = reportOf({ stdout, stderr: '', status: 1 });
    const command = checks.find(({ status }) => status === 'fail')?.reproduce ?? '';
    expect(command).toMatch(/^sendemall-mock verify '?http/);
    expect(command).toContain(
      " --only delivery/dup-seq --seed 3 --fresh-ids --header 'X-Gateway-Key: <your X-Gateway-Key>'",
    );
    const words = `"${process.execPath}" "${BIN}"`;
    const again = promisify(execFile)('sh', ['-c', command.replace('sendemall-mock', words)], {
      cwd,
      env: { ...process.env, ...ENV },
    });
    await expect(again).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^FAILED {2}MUST {3}delivery\/dup-seq/) as string,
    });
  });

  test('no finding is without such a command', async () => {
    await using sample = await express.start();
    const env = { SENDEMALL_MOCK_SECRET: SAMPLE_SECRET };
    const { checks } = reportOf(await verify([sample.url, '--json'], { cwd, env }));
    const failed = checks.filter(({ status }) => status === 'fail');
    expect(failed.length).toBeGreaterThan(4);
    expect(failed.filter(({ reproduce }) => reproduce === null)).toEqual([]);
  });

  test('--fail-on decides what counts', async () => {
    await using wrong = await receiver('signature-forgery-answered-500');
    const flags = ['--only', 'signature/refuses-with-4xx'];
    const [must, should] = await Promise.all([
      verify([wrong.url, ...flags], { cwd }),
      verify([wrong.url, ...flags, '--fail-on', 'should'], { cwd }),
    ]);
    expect(must.stdout).toContain('1 warning (SHOULD)');
    expect([must.status, should.status]).toEqual([0, 1]);
  });

  test('--bail stops at the first failure that counts', async () => {
    await using wrong = await receiver('signature-missing-accepted');
    const flags = ['--only', 'signature/*', '--bail', '--json'];
    const { checks } = reportOf(await verify([wrong.url, ...flags], { cwd }));
    expect(checks.filter(({ status }) => status === 'fail')).toHaveLength(1);
    expect(checks.some(({ reason }) => reason?.startsWith('Not run: stopped after') === true)).toBe(
      true,
    );
  });

  test('GitHub Actions: annotations on stderr, Markdown in the summary, stdout as ever', async () => {
    await using wrong = await receiver('signature-missing-accepted');
    const summary = join(cwd, 'summary.md');
    writeFileSync(summary, 'before\n');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    const ran = await verify([wrong.url, ...MISSING, '--json'], { cwd, env });
    expect(ran.stderr).toMatch(/^::error title=signature\/missing-header \(MUST\)::/m);
    expect(reportOf(ran).summary.failed).toBe(1);
    expect(readFileSync(summary, 'utf8')).toMatch(/^before\n## FAILED 1 of 3/);
  });
});

describe('--baseline', () => {
  const file = join(cwd, 'baseline.json');
  const known = (...entries: readonly object[]): string[] => {
    writeFileSync(file, JSON.stringify({ known: entries }));
    return ['--baseline', 'baseline.json'];
  };
  const entry = { id: 'signature/missing-header', reason: 'until #12' };

  test('what it names may fail', async () => {
    await using wrong = await receiver('signature-missing-accepted');
    const { status, stdout } = await verify([wrong.url, ...MISSING, ...known(entry)], { cwd });
    expect(stdout).toMatch(/^KNOWN {3}MUST {3}signature\/missing-header  until #12 \(/);
    expect(stdout).toMatch(/\nPASSED 2 of 3 · 1 known failure · /);
    expect(status).toBe(0);
  });

  test('what it does not name fails still', async () => {
    await using wrong = await receiver('signature-missing-accepted');
    const other = { id: 'signature/wrong-digest', reason: 'some day' };
    const flags = ['--only', 'signature/missing-header', ...known(other)];
    expect((await verify([wrong.url, ...flags], { cwd })).status).toBe(1);
  });

  test('what it names and passes fails the run, by its name', async () => {
    await using right = await receiver();
    const { status, stdout, stderr } = await verify([right.url, ...MISSING, ...known(entry)], {
      cwd,
    });
    expect(stderr).toContain('Stale baseline entries: signature/missing-header. Remove them');
    expect(stdout).toContain('These checks pass now: remove them from the baseline.');
    expect(status).toBe(1);
  });

  test('what was not run is not stale', async () => {
    await using right = await receiver();
    const flags = ['--only', 'signature/wrong-digest', ...known(entry)];
    expect((await verify([right.url, ...flags], { cwd })).status).toBe(0);
  });
});

describe('what cannot be judged', () => {
  test('unreachable: status 2, and the remedy', async () => {
    const url = `http://127.0.0.1:${await freePort()}/hooks`;
    const { status, stdout, stderr } = await verify([url], { cwd });
    expect(status).toBe(2);
    expect(stderr).toMatch(/error: Inconclusive: The target cannot be reached: connection refused/);
    expect(stdout).toContain('\nINCONCLUSIVE · 1 error · ');
    // Once in the report, and once in the last line.
    expect(
      `${stdout}${stderr}`.replaceAll(/\s+/g, ' ').split('cannot be reached: connection refused'),
    ).toHaveLength(3);
  });

  test('an unreachable hook: the live line and the report state the cause, the last line names the check', async () => {
    await using right = await receiver();
    const effects = `http://127.0.0.1:${await freePort()}/{id}`;
    const flags = ['--only', 'delivery/dup-seq', '--effects-url', effects];
    const { status, stdout, stderr } = await verify([right.url, ...flags], { cwd });
    expect(status).toBe(2);
    expect(stderr).toContain(
      'error: Inconclusive: error in delivery/effects-probe. See the messages above.',
    );
    expect(stderr).toMatch(/^ERROR delivery\/effects-probe: \w/m);
    expect(stdout).toMatch(/error +\w/);
  });

  test('a hook that was given and shows nothing: status 2, and which', async () => {
    await using right = await receiver();
    await using hooks = await serveHooks(right);
    const other = hooks.flags.with(3, hooks.flags[3]!.replace('{lead_email}', 'x{lead_email}'));
    const flags = [...other, '--only', 'signature/missing-header,domain/bounce-class'];
    const ran = await verify([right.url, ...flags], { cwd });
    expect(ran.stderr).toMatch(
      /error: Inconclusive: a hook is unreliable, .* domain\/state-probe: .* is unknown/,
    );
    expect(ran.stdout).toMatch(/\nINCONCLUSIVE · \d+ passed · 1 warning \(SHOULD\) · /);
    expect(ran.status).toBe(2);
  });

  test('nothing that could be run: status 2', async () => {
    await using right = await receiver();
    const ran = await verify([right.url, '--only', 'delivery/dup-seq'], { cwd });
    expect(ran.stderr).toContain('error: Inconclusive: none of the selected checks could run');
    expect(ran.status).toBe(2);
  });
});

test('Ctrl-C reports what is known by then, status 130', async () => {
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume();
    asked += 1;
    // The plain valid event is accepted; what comes later hangs.
    if (asked <= 1) response.end();
  });
  const port = await open(server);
  try {
    const file = join(cwd, 'interrupted.json');
    const running = keepRunning(
      ['verify', `http://127.0.0.1:${port}/`, '--report', `json=${file}`, '--report', 'pretty'],
      { cwd, env: ENV },
    );
    while (asked < 3) await once(server, 'request');
    expect(await running.stop('SIGINT')).toBe(130);
    const report = reportOf({ stdout: readFileSync(file, 'utf8'), stderr: '', status: 130 });
    expect(report.interrupted).toBe(true);
    expect(report.checks.find(({ id }) => id === 'signature/accepts-valid')?.status).toBe('pass');
    expect(report.checks.some(({ reason }) => reason === 'Not run: the run was interrupted.')).toBe(
      true,
    );
    const last = running.lines.findLast((line) => line.startsWith('INTERRUPTED'));
    expect(last).toMatch(/^INTERRUPTED after \d+ of \d+(, \d+ failed so far)? · \d+ passed · /);
    expect(running.lines.join('\n')).not.toMatch(/conformant/i);
    expect(running.stderr()).not.toContain('error:');
  } finally {
    await kill(server);
  }
});

test('the same seed gives the same report, but for times', async () => {
  // How many events these send depends on the speed of the machine.
  const SKIPPED = [
    'delivery/recovery-*',
    'delivery/dup-race',
    'delivery/dedupe-evict',
    'delivery/histories',
    'content/generated*',
    'performance/growth',
    'domain/lead-histories',
    // Whether the receiver has processed a request whose sender gives up depends on it, too.
    'delivery/sender-gives-up',
    // These tell several stories side by side, so that ids depend on which one is first.
    'domain/address-*',
    'domain/*-forms',
    'domain/*-order',
  ].join(',');
  const reports: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    await using right = await receiver();
    await using hooks = await serveHooks(right);
    const flags = [...hooks.flags, '--seed', '77', '--json', '--skip', SKIPPED];
    const { stdout } = await verify([right.url, ...flags], { cwd });
    reports.push(
      stdout
        .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
        .replaceAll(/"duration_ms": \d+/g, '"duration_ms": 0')
        // Bodies hold the time, and wrong digests are made from bodies.
        .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?/g, 'TIME')
        .replaceAll(/"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT"/g, '"TIME"')
        .replaceAll(/[0-9a-fA-F]{24,}|[\w+/]{27,}={0,2}/g, 'DIGEST')
        .replaceAll(/\d+(\.\d+)? (ms|s)\b/g, '0 ms'),
    );
  }
  expect(reports[0]).toContain('"seed": 77');
  expect(reports[1]).toBe(reports[0]);
});

describe('--list', () => {
  test('every check with level, requirement and source', async () => {
    const { status, stdout, stderr } = await verify(['--list'], { cwd });
    expect(status).toBe(0);
    expect(stderr).toContain(`${CATALOGUE.length} checks: `);
    for (const { id, level, title, requirement } of CATALOGUE) {
      expect(stdout).toContain(`${id}  ${level}  ${title}\n`);
      expect(stdout).toContain(requirement.source);
    }
  });

  test('as JSON, of those that are selected', async () => {
    const { stdout } = await verify(['--list', '--json', '--only', 'delivery/dup-*'], { cwd });
    const listed = JSON.parse(stdout) as { id: string; needs: string[] }[];
    const expected = CATALOGUE.filter(({ id }) => id.startsWith('delivery/dup-'));
    expect(listed.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    expect(listed.find(({ id }) => id === 'delivery/dup-seq')?.needs).toEqual(['effects']);
  });
});

describe('--config', () => {
  test('JSON holds the flags, flags win, paths start at its folder', async () => {
    await using wrong = await receiver('signature-missing-accepted');
    writeFileSync(
      join(cwd, 'verify.json'),
      JSON.stringify({
        url: wrong.url,
        secret: SECRET,
        only: 'signature/*',
        headers: { 'X-Gateway-Key': 'from-the-file' },
        timeout: '5s',
        report: ['json=out/from-config.json'],
      }),
    );
    const flags = ['--config', join(cwd, 'verify.json'), ...MISSING];
    const ran = await verify(flags, { cwd: '/', env: { SENDEMALL_MOCK_SECRET: '' } });
    expect(ran.stderr).toContain('FAILED signature/missing-header');
    const written = readFileSync(join(cwd, 'out', 'from-config.json'), 'utf8');
    const { checks } = reportOf({ ...ran, stdout: written });
    expect(checks.filter(({ status }) => status === 'fail').map(({ id }) => id)).toEqual([
      'signature/missing-header',
    ]);
    expect(written).toContain('"X-Gateway-Key"');
    expect(written).not.toContain('from-the-file');
    expect(ran.status).toBe(1);
  });

  test('a TypeScript module may have hooks as functions', async () => {
    await using right = await receiver();
    await using hooks = await serveHooks(right);
    const effects = hooks.flags[1] ?? '';
    writeFileSync(
      join(cwd, 'verify.config.ts'),
      `const count = async (id: string): Promise<number> => {
         const answer = await fetch(${JSON.stringify(effects)}.replace('{id}', id));
         return ((await answer.json()) as { count: number }).count;
       };
       export default { hooks: { effects: count } };`,
    );
    const flags = ['--config', 'verify.config.ts', '--only', 'delivery/dup-seq', '--json'];
    const ran = await verify([right.url, ...flags], { cwd });
    expect(ran.stderr).not.toContain('error');
    expect(reportOf(ran).checks.find(({ id }) => id === 'delivery/dup-seq')?.status).toBe('pass');
  });
});

test('headers of --header are sent', async () => {
  let seen: string | undefined;
  const server = createServer((request, response) => {
    seen ??= request.headers['x-gateway'] as string | undefined;
    request.resume().on('end', () => response.end());
  });
  const url = `http://127.0.0.1:${await open(server)}/`;
  try {
    await verify([url, '--header', 'X-Gateway: a:b', '--only', 'signature/accepts-valid'], { cwd });
    expect(seen).toBe('a:b');
  } finally {
    await kill(server);
  }
});
