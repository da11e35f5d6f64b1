/**
 * Ctrl-C and SIGTERM end every verb, whatever it is waiting for.
 *
 * @module
 */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { apiOf } from '../support/api.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { keepRunning, serve } from './support.ts';
import { atTerminal, CTRL_C, hasScript } from './terminal-support.ts';
import { allVerbs, lineOf, UNREACHABLE, titleOf, VERBS, type Partners } from './verbs.ts';
import { ENV, receiver, serveHooks } from './verify-support.ts';

// Several processes each: a busy machine takes its time to start them.
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'sendemall-interruptions-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

const originOf = ({ url }: Receiver): string => new URL(url).origin;

const partners = (server: Receiver): Partners => ({
  ...UNREACHABLE,
  sandbox: originOf(server),
  receiver: originOf(server),
});

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

/** Never answered, or answered by half. */
const PHASES: readonly (readonly [
  string,
  'SIGINT' | 'SIGTERM',
  (response: ServerResponse) => void,
])[] = [
  ['waits for an answer', 'SIGINT', () => {}],
  [
    'waits for the rest of an answer',
    'SIGTERM',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"success"');
    },
  ],
];

test('the table has every verb that there is', async () => {
  const known = [...new Set(VERBS.map(({ name }) => name))];
  expect(known.toSorted()).toEqual((await allVerbs()).toSorted());
});

describe.each(PHASES)('while it %s, %s ends', (phase, signal, respond) => {
  const asks = VERBS.filter(({ needs, name }) =>
    // A status is all that `health` reads.
    name === 'health' ? respond.length === 0 : needs === 'sandbox' || needs === 'receiver',
  );
  test.each(asks.map((verb) => [titleOf(verb), verb] as const))('%s', async (_title, verb) => {
    await using hanging = await startReceiver((_request, response) => respond(response));
    await using command = keepRunning(lineOf(verb, partners(hanging)));
    await hanging.arrived(1);
    expect(await command.stop(signal), `${phase}: ${command.stderr()}`).toBe(STATUS[signal]);
    expect(command.stderr()).not.toMatch(/\n {4}at |bug/);
  });
});

describe.skipIf(!hasScript)('typed at a terminal, Ctrl-C ends', () => {
  const reads = VERBS.filter(({ needs }) => needs === 'input');
  test.each(reads.map((verb) => [titleOf(verb), verb] as const))(
    '%s while it reads standard input',
    async (_title, verb) => {
      // One that sends what it reads at once needs somebody who listens.
      await using hanging = await startReceiver(() => {});
      await using typed = atTerminal(lineOf(verb, partners(hanging)));
      await typed.shows('Reading standard input');
      typed.type(CTRL_C);
      expect(await typed.status).toBe(130);
    },
  );

  test('serve, in order; and at once when it is typed twice', async () => {
    await using hanging = await startReceiver(() => {});
    const flags = ['--port', '0', '--forward-to', hanging.url, '--attempt-timeout', '10m'];
    await using typed = atTerminal(['serve', ...flags]);
    const [url = ''] =
      /http:\/\/127\.0\.0\.1:\d+/.exec(await typed.shows('Trigger an event')) ?? [];
    await apiOf(url).trigger();
    await hanging.arrived(1);
    typed.type(CTRL_C);
    await typed.shows('Press Ctrl-C again');
    typed.type(CTRL_C);
    expect(await typed.status).toBe(130);
  });

  test('trigger --wait', async () => {
    await using hanging = await startReceiver(() => {});
    await using sandbox = await serve(['--forward-to', hanging.url]);
    const line = ['trigger', 'email.replied', '--wait', '--sandbox-url', sandbox.url];
    await using typed = atTerminal(line);
    await typed.shows('Waiting for');
    typed.type(CTRL_C);
    expect(await typed.status).toBe(130);
    await sandbox.stop('SIGKILL');
  });
});

describe('Ctrl-C ends', () => {
  test('a wait for the rate limit', async () => {
    await using limited = await startReceiver((_request, response) => {
      response.setHeader('retry-after', '600');
      json(response, 429, { success: false, error: { code: 'RATE_LIMIT_EXCEEDED', message: '' } });
    });
    await using command = keepRunning(['clock', '--sandbox-url', originOf(limited)]);
    await once(command.child.stderr, 'data');
    expect(await command.stop('SIGINT')).toBe(130);
  });

  test.each([
    ['trigger --wait', 1, ['trigger', 'email.replied', '--wait']],
    // The first attempt is the trigger's.
    ['an advance', 2, ['clock', 'advance', '--until', 'settled']],
    ['a scenario in a sandbox', 1, ['scenario', 'run', 'reply']],
  ] as const)('%s while an attempt is in flight', async (_name, which, line) => {
    await using hanging = await startReceiver((_request, response, count) => {
      if (count < which) response.writeHead(500).end();
    });
    await using sandbox = await serve(['--clock', 'frozen', '--forward-to', hanging.url]);
    if (which === 2) await apiOf(sandbox.url).trigger();
    await using command = keepRunning([...line, '--sandbox-url', sandbox.url]);
    await hanging.arrived(which);
    expect(await command.stop('SIGINT')).toBe(130);
    // The sandbox is as well as before.
    expect((await apiOf(sandbox.url).get('/_sandbox/clock')).status).toBe(200);
    await sandbox.stop('SIGKILL');
  });

  test('a command that verify runs, and what that has started', async () => {
    const model = await receiver();
    await using hooks = await serveHooks(model);
    const pidFile = join(folder, 'restart.pid');
    const restart = `echo $$ > '${pidFile}.part'; mv '${pidFile}.part' '${pidFile}'; sleep 600 & wait`;
    const flags = [
      '--only',
      'delivery/restart-probe',
      ...hooks.flags,
      '--restart-command',
      restart,
    ];
    await using command = keepRunning(['verify', model.url, ...flags], { env: ENV });
    await expect.poll(() => existsSync(pidFile)).toBe(true);
    const group = Number(readFileSync(pidFile, 'utf8'));
    expect(await command.stop('SIGINT')).toBe(130);
    await expect.poll(() => isUnreachable(-group)).toBe(true);
    await model.stop();
  });
});

function isUnreachable(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

describe('serve', () => {
  test('stops with a stream open, an advance going on and an attempt in flight', async () => {
    await using hanging = await startReceiver(() => {});
    await using served = await serve([
      '--clock',
      'frozen',
      '--attempt-timeout',
      '500ms',
      '--forward-to',
      hanging.url,
    ]);
    const headers = { 'x-user-context': 'your-api-key', 'content-type': 'application/json' };
    const stream = await fetch(`${served.url}/_sandbox/stream`, { headers });
    await apiOf(served.url).trigger();
    const advance = fetch(`${served.url}/_sandbox/clock/advance`, {
      method: 'POST',
      headers,
      body: '{"until": "settled"}',
    }).then(
      () => 'over',
      () => 'over',
    );
    await hanging.arrived(1);
    expect(await served.stop('SIGTERM')).toBe(0);
    expect(await advance).toBe('over');
    await stream.text().catch(() => '');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('ends at once on a second %s', async (signal) => {
    await using hanging = await startReceiver(() => {});
    await using served = await serve(['--forward-to', hanging.url, '--attempt-timeout', '10m']);
    await apiOf(served.url).trigger();
    await hanging.arrived(1);
    const stopped = served.stop(signal);
    await expect.poll(() => served.stderr()).toContain('Stopping');
    served.child.kill(signal);
    expect(await stopped).toBe(STATUS[signal]);
  });
});
