/**
 * A moment without file descriptors passes: what failed then works again, without a restart.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { environment } from '../support/process.ts';

const createMock = new URL('../../src/create-mock.ts', import.meta.url).href;

/** Asks for what is loaded when it is first needed: while no descriptor is free, and afterwards. */
const PROGRAM = `
import { closeSync, openSync } from 'node:fs';
import { createMock } from ${JSON.stringify(createMock)};
const mock = await createMock({ port: null, clock: 'frozen' });
const ask = async (path, body) => {
  const headers = { 'x-user-context': 'key', 'content-type': 'application/json' };
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  return (await mock.app.fetch(new Request(mock.url + path, init))).status;
};
const campaign = {
  name: 'Q2', daily_limit: 10, timezone: 'UTC',
  schedule: { days: ['mon'], start_hour: 0, end_hour: 24 },
  sequences: [{ step: 1, delay_days: 0, subject: 'Hi', body: 'Hi' }],
};
const round = async () => [
  await ask('/_sandbox/events', { event: 'email.sent' }),
  await ask('/metrics'),
  await ask('/v1/campaigns', campaign),
];
const held = [];
try {
  for (;;) held.push(openSync('/dev/null', 'r'));
} catch {}
const without = await round();
for (const descriptor of held) closeSync(descriptor);
console.log(JSON.stringify([without, await round()]));
await mock.close();
`;

test.skipIf(process.platform === 'win32')(
  'what is loaded on first use is loaded once descriptors are free again',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sendemall-descriptors-'));
    const file = join(folder, 'program.mjs');
    await writeFile(file, PROGRAM);
    const child = spawn('sh', ['-c', `ulimit -n 128 && exec "$0" "$1"`, process.execPath, file], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    await rm(folder, { recursive: true });
    expect(JSON.parse(output)).toEqual([
      [500, 500, 500],
      [202, 200, 201],
    ]);
  },
);
