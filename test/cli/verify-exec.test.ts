/**
 * `verify --exec`: the suite starts the receiver, sees its effects at a sink, restarts it and ends it.
 *
 * @module
 */
import { createServer } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { kill, open } from '../receivers/receiver.ts';
import { eventually } from '../support/eventually.ts';
import { COMMAND, createWorkshop } from './exec-support.ts';
import { ESCAPES } from './support.ts';
import { reportOf } from './verify-support.ts';

// Every test starts processes, and a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });

const EXEC = ['--exec', COMMAND, '--sink-env', 'CRM_URL'];
const statusOf = (report: ReturnType<typeof reportOf>, id: string) =>
  report.checks.find((check) => check.id === id)?.status;

test('effects, faults and restarts are judged without a line of test code in the receiver', async () => {
  using shop = await createWorkshop();
  const only = [
    'effects-probe',
    'fault-probe',
    'restart-probe',
    'mark-before-success',
    'dedupe-volatile',
  ];
  const ids = ['delivery/dup-seq', ...only.map((name) => `delivery/${name}`)];
  // The URL in short, as people type it.
  const url = `:${shop.port}/webhooks/sendemall`;
  const ran = await shop.verify([...EXEC, url, '--only', ids.join(','), '--json']);
  const report = reportOf(ran);
  expect(ids.map((id) => [id, statusOf(report, id)])).toEqual(ids.map((id) => [id, 'pass']));
  expect(ran.status).toBe(0);
  expect(shop.alive()).toEqual([]);
  const env = JSON.parse(shop.read('environment.json')) as Record<string, string>;
  expect(env['SENDEMALL_SECRET']).toMatch(/^whsec_[\w-]{32}$/);
  expect(env['SENDEMALL_API_URL']).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(env['SENDEMALL_API_KEY']).toBe('conformance');
  expect(env['CRM_URL']).toContain('/_sandbox/sinks/~');
  expect(ran.stdout + ran.stderr).not.toContain(env['SENDEMALL_SECRET']);
});

test('the recovery command gets what the receiver gets, and the dead letters', async () => {
  using shop = await createWorkshop();
  shop.write(
    'recover.cjs',
    `const { SENDEMALL_MOCK_API_URL: api, SENDEMALL_MOCK_API_KEY: key, SENDEMALL_MOCK_WEBHOOK_ID: id, CRM_URL, SENDEMALL_API_URL } = process.env;
    if (api !== SENDEMALL_API_URL) throw new Error('another sandbox');
    const headers = { 'x-user-context': key };
    const failed = api + '/v1/webhooks/' + id + '/failed-events';
    (async () => {
      const { data } = await (await fetch(failed + '?limit=100', { headers })).json();
      for (const event of data) {
        await fetch(CRM_URL, { method: 'POST', body: JSON.stringify({ event_id: event.id }) });
        await fetch(failed + '/' + event.id + '/acknowledge', { method: 'POST', headers });
      }
    })();`,
  );
  const ran = await shop.verify([
    ...EXEC,
    shop.url,
    '--recover-command',
    `"${process.execPath}" recover.cjs`,
    '--only',
    'delivery/recovery-processes,delivery/recovery-acknowledges',
    '--json',
  ]);
  const report = reportOf(ran);
  expect(statusOf(report, 'delivery/recovery-processes')).toBe('pass');
  expect(statusOf(report, 'delivery/recovery-acknowledges')).toBe('pass');
  expect(ran.status).toBe(0);
});

describe('a crash', () => {
  const crash = async (format: readonly string[], on = '{"event":') => {
    using shop = await createWorkshop();
    const ran = await shop.verify(
      [...EXEC, shop.url, '--only', 'http/signed-nonsense,http/survives', ...format],
      { env: { CRASH_ON: on } },
    );
    const env = JSON.parse(shop.read('environment.json')) as Record<string, string>;
    return { ran, secret: env['SENDEMALL_SECRET'] };
  };

  test('is shown with the last lines of the receiver, without secrets and control characters', async () => {
    const { ran, secret } = await crash(['--json']);
    const report = reportOf(ran);
    const survives = report.checks.find(({ id }) => id === 'http/survives');
    expect(survives?.status).toBe('fail');
    expect(survives?.log).toContain('TypeError: cannot read the event of');
    expect(survives?.log).toContain('[exited with status 7; verify started it again]');
    expect(ran.stderr).toContain('The receiver exited with status 7; starting it again.');
    expect(ran.stderr).toContain('  | TypeError: cannot read the event of');
    expect(ran.stdout + ran.stderr).not.toContain(secret);
    expect(ran.stderr).not.toMatch(ESCAPES);
  });

  test('has its log in the terminal report', async () => {
    const { ran } = await crash([]);
    expect(ran.stdout).toMatch(/http\/survives[\s\S]*\n {2}log +.*listening on[\s\S]*TypeError/);
    expect(ran.stdout).not.toMatch(ESCAPES);
  });

  test('on the first event is one finding, with the log', async () => {
    const { ran } = await crash([], 'any');
    expect(ran.stdout).toMatch(/signature\/accepts-valid[\s\S]*\n {2}log +[\s\S]*TypeError/);
  });
});

describe('no process is left', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('after %s', async (signal) => {
    using shop = await createWorkshop();
    await using running = shop.keepVerifying([...EXEC, shop.url]);
    await eventually(() => expect(shop.alive()).toHaveLength(1));
    const status = await running.stop(signal);
    expect(status).toBe({ SIGINT: 130, SIGTERM: 143, SIGKILL: null }[signal]);
    await eventually(() => expect(shop.alive()).toEqual([]));
  });

  test.runIf(process.platform === 'linux')('that has left the process group', async () => {
    using shop = await createWorkshop();
    await shop.verify([...EXEC, shop.url, '--only', 'http/reachable'], { env: { ORPHAN: '1' } });
    expect(shop.read('pids').trim().split('\n')).toHaveLength(2);
    expect(shop.alive()).toEqual([]);
  });
});

describe('a receiver that cannot be judged', () => {
  const refuses = async (args: readonly string[], message: RegExp) => {
    using shop = await createWorkshop();
    const ran = await shop.verify([...args, shop.url], { env: { LEAK: '1' } });
    expect(ran.stderr.replaceAll(String(shop.port), 'PORT')).toMatch(message);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).not.toMatch(/\n {4}at /);
    expect(shop.alive()).toEqual([]);
  };

  test.each<[string, string[], RegExp]>([
    [
      'a command that does not exist',
      ['--exec', 'no-such-command-4711'],
      // The second from a shell whose PATH names a folder that its user may not enter.
      /--exec "no-such-command-4711" exited with status 127 before port PORT was open\..*Its last output:\n {2}\| .*(not found|Permission denied)/,
    ],
    [
      'one that ends at once',
      ['--exec', 'echo cannot import app; exit 3'],
      /exited with status 3 before port PORT was open\. Fix the command.*\n {2}\| cannot import app/,
    ],
    [
      'one that goes into the background',
      ['--exec', 'sleep 60 &'],
      /exited with status 0 before port PORT was open\. Keep the receiver in the foreground/,
    ],
    [
      'one that listens elsewhere',
      ['--exec', 'echo listening on 1; sleep 60', '--exec-timeout', '300ms'],
      /did not open port PORT within 0\.3 s\. Let it listen.*\n {2}\| listening on 1/,
    ],
    [
      'one that writes its secret',
      ['--exec', 'echo $SENDEMALL_SECRET; exit 1'],
      /Its last output:\n {2}\| <secret>\n$/,
    ],
  ])('%s is shown with its output', (_what, args, message) => refuses(args, message));

  test('another process on the port is not mistaken for it', async () => {
    using shop = await createWorkshop();
    const other = createServer((_request, response) => response.end());
    const port = await open(other);
    const ran = await shop.verify([...EXEC, `http://127.0.0.1:${port}/hook`]);
    await kill(other);
    expect(ran.stderr).toContain(
      `error: Port ${port} is already in use, so --exec would judge another process.`,
    );
    expect(ran.status).toBe(2);
    expect(shop.alive()).toEqual([]);
  });

  test.each<[string, string[], RegExp]>([
    ['an empty command', ['--exec', ' '], /--exec is empty\. Pass the command/],
    ['--sink-env alone', ['--sink-env', 'CRM_URL'], /--sink-env requires --exec/],
    ['an empty name', ['--exec', 'x', '--sink-env', ''], /--sink-env is empty\. Pass the name/],
    ['no name', ['--exec', 'x', '--sink-env', 'CRM URL'], /Invalid --sink-env "CRM URL"/],
    [
      'a name twice',
      ['--exec', 'x', '--sink-env', 'SENDEMALL_SECRET'],
      /SENDEMALL_SECRET is used twice/,
    ],
    ['a timeout', ['--exec', 'x', '--exec-timeout', 'soon'], /Invalid --exec-timeout "soon"/],
    [
      'a restart command',
      ['--exec', 'x', '--restart-command', 'y'],
      /--exec and --restart-command are mutually exclusive/,
    ],
  ])('%s is refused', (_what, args, message) => refuses(args, message));
});

test('a receiver that ignores its sink, or its secret, gets advice', async () => {
  using shop = await createWorkshop();
  const ignored = await shop.verify([
    '--exec',
    COMMAND,
    '--sink-env',
    'SLACK_URL',
    shop.url,
    '--only',
    'delivery/dup-seq',
  ]);
  expect(ignored.stderr).toContain('The receiver sent nothing to the URL in SLACK_URL');
  expect(ignored.stdout.replaceAll(/\s+/g, ' ')).toContain(
    'Let the receiver send a request whose body contains the event id to the URL in SLACK_URL.',
  );
  const fixed = await shop.verify(
    ['--exec', `SENDEMALL_SECRET=whsec_in-its-code ${COMMAND}`, shop.url],
    {},
  );
  expect(fixed.stderr).toContain(
    'It got a generated secret in SENDEMALL_SECRET: pass --secret-env',
  );
});
