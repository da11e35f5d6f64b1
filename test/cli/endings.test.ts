/**
 * Every verb ends when its work is done: no timer and no connection keeps it, and no reader of its output is needed.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createClient } from '../../src/client/create-client.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { BIN, keepRunning, type RunOptions } from './support.ts';
import { lineOf, SECRET, titleOf, VERBS, type Partners, type Verb } from './verbs.ts';
import { receiver as model } from './verify-support.ts';

// Several processes each: a busy machine takes its time to start them.
vi.setConfig({ testTimeout: 60_000 });

/** A connection or a timer that outlives the work would hold the process for 10 s and more. */
const AFTER_ITS_WORK_MS = 5000;

let mock: Mock;
let webhook: Receiver;
let partners: Partners;
let crm: string;
let isBroken = false;
beforeAll(async () => {
  mock = await createMock({ clock: 'skip', rateLimit: false });
  webhook = await startReceiver((_request, response) => {
    response.writeHead(isBroken ? 500 : 200).end();
  });
});
afterAll(async () => {
  await mock.close(0);
  await webhook[Symbol.asyncDispose]();
});

beforeEach(async () => {
  const client = createClient({ baseUrl: mock.url, apiKey: 'your-api-key' });
  await client.reset();
  // A reset keeps the mode that `clock set` has chosen.
  await client.clock.set({ mode: 'skip' });
  const { campaign } = await client.scenarios.start({ scenario: 'reply', leads: 1 });
  await client.clock.advance({ until: 'settled' });
  const { id } = await client.webhooks.create({ url: webhook.url, events: ['*'], secret: SECRET });
  isBroken = true;
  const { events, deliveries } = await client.events.trigger({ event: 'email.replied' });
  await client.deliveries.wait(deliveries[0]!.id);
  isBroken = false;
  crm = await client.sinks.url('crm');
  partners = {
    sandbox: mock.url,
    receiver: new URL(webhook.url).origin,
    delivery: deliveries[0]!.id,
    event: events[0]!.id,
    webhook: id,
    campaign: campaign.id,
  };
  await fetch(crm, { method: 'POST', body: 'called' });
});

const ENDING = VERBS.filter(({ name }) => !['serve', 'verify', 'tail'].includes(name));

const inputFor = ({ name, needs }: Verb): RunOptions =>
  needs === 'input' ? { input: name === 'trigger' ? '{}' : 'body' } : {};

/** The campaign has ended, and the input is no snapshot. */
const REFUSED = ['campaigns activate', 'campaigns pause', 'campaigns resume', 'snapshot load'];

/** A signature of zeros does not match; everything else succeeds. */
const statusOf = ({ name }: Verb): number =>
  REFUSED.includes(name) ? 2 : name === 'check-signature' ? 1 : 0;

const lineFor = (verb: Verb): readonly string[] => {
  const line = lineOf(verb, partners);
  return verb.needs === 'input' && !line.includes('--secret')
    ? [...line, '--sandbox-url', partners.sandbox]
    : line;
};

describe('ends as soon as it has said what it has to say', () => {
  test.each(ENDING.map((verb) => [titleOf(verb), verb] as const))('%s', async (_title, verb) => {
    await using command = keepRunning(lineFor(verb));
    command.child.stdin.end(inputFor(verb).input ?? '');
    const exit = once(command.child, 'exit') as Promise<[number | null]>;
    let said = performance.now();
    command.child.stdout.on('data', () => {
      said = performance.now();
    });
    const [status] = await exit;
    expect(status, command.stderr()).toBe(statusOf(verb));
    expect(performance.now() - said).toBeLessThan(AFTER_ITS_WORK_MS);
  });

  test('verify', async () => {
    const judged = await model();
    const flags = ['--secret', 'whsec_never-to-be-seen-4711', '--only', 'signature/wrong-digest'];
    await using command = keepRunning(['verify', judged.url, ...flags]);
    const exit = once(command.child, 'exit') as Promise<[number | null]>;
    await command.line((line) => line.startsWith('PASSED'));
    const said = performance.now();
    expect(await exit).toEqual([0, null]);
    expect(performance.now() - said).toBeLessThan(AFTER_ITS_WORK_MS);
    await judged.stop();
  });
});

/** As `sendemall-mock … | head -0` does. */
const withoutReader = async (line: readonly string[], input = '') => {
  await using command = keepRunning(line);
  command.child.stdout.destroy();
  command.child.stdin.on('error', () => {});
  command.child.stdin.end(input);
  const [status] = (await once(command.child, 'exit')) as [number | null];
  return { status, stderr: command.stderr() };
};

describe('keeps its status, and complains of nothing, when its reader goes away:', () => {
  test.each(ENDING.map((verb) => [titleOf(verb), verb] as const))('%s', async (_title, verb) => {
    const { status, stderr } = await withoutReader(
      lineFor(verb),
      String(inputFor(verb).input ?? ''),
    );
    expect(status, stderr).toBe(statusOf(verb));
    expect(stderr).not.toMatch(/EPIPE|\n {4}at /);
  });

  test('verify, whose verdict still counts', async () => {
    const flags = ['--secret', SECRET, '--only', 'signature/wrong-digest'];
    const { status, stderr } = await withoutReader(['verify', webhook.url, ...flags]);
    expect(status, stderr).toBe(1);
    expect(stderr).not.toMatch(/EPIPE|\n {4}at /);
  });

  test('serve, which stops', async () => {
    expect(await withoutReader(['serve', '--port', '0'])).toMatchObject({ status: 0 });
    const { status, stderr } = await withoutReader(['serve', '--port', '0', '--json']);
    expect(status).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|\n {4}at /);
  });
});

test.skipIf(!existsSync('/dev/full'))('reports a full disk, status 2', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [BIN, 'spec', 'asyncapi'], {
    stdio: ['ignore', full, 'pipe'],
  });
  const [stderr, [status]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
  closeSync(full);
  expect(stderr).toBe(
    'error: Cannot write to standard output: no space left on device. Redirect it to a writable file.\n',
  );
  expect(status).toBe(2);
});
