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

/**
 * Asks for what is loaded when it is first needed, three times: while no descriptor is free, while descriptors come and go,
 * which interrupts packages in the middle, and afterwards.
 */
const PROGRAM = `
import { closeSync, openSync } from 'node:fs';
import { createMock } from ${JSON.stringify(createMock)};
const mock = await createMock({ port: null, clock: 'frozen', rateLimit: false });
const ask = async (path, body) => {
  const headers = { 'x-user-context': 'key', 'content-type': 'application/json' };
  const init = body === undefined ? { headers } : { method: 'POST', headers, body };
  const response = await mock.app.fetch(new Request(mock.url + path, init));
  return [response.status, await response.text()];
};
const campaign = {
  name: 'Q2', daily_limit: 10, timezone: 'UTC',
  schedule: { days: ['mon'], start_hour: 0, end_hour: 24 },
  sequences: [{ step: 1, delay_days: 0, subject: 'Hi', body: 'Hi' }],
};
const round = () => Promise.all([
  ask('/_sandbox/events', JSON.stringify({ event: 'email.sent' })),
  ask('/metrics'),
  ask('/v1/campaigns', JSON.stringify(campaign)),
  ask('/v1/campaigns', '{"name": }'),
  ask('/docs/verify.md'),
  ask('/'),
  ask('/docs/verify'),
]);
const held = [];
const grab = () => {
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {}
};
const release = (count) => {
  for (const descriptor of held.splice(0, count)) closeSync(descriptor);
};
grab();
const without = await round();
let comesAndGoes = true;
let turn = 0;
const comeAndGo = () => {
  if (!comesAndGoes) return;
  if ((turn += 1) % 2 === 0) grab();
  else release(turn % 3);
  setImmediate(comeAndGo);
};
comeAndGo();
for (let times = 0; times < 3; times += 1) await round();
comesAndGoes = false;
release(Infinity);
const afterwards = await round();
console.log(JSON.stringify({
  without: without.map(([status]) => status),
  reason: JSON.parse(without[4][1]).error.message,
  afterwards: afterwards.map(([status]) => status),
}));
await mock.close();
`;

test.skipIf(process.platform === 'win32')(
  'what is loaded on first use is loaded once descriptors are free again',
  { timeout: 60_000 },
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
    expect(JSON.parse(output.slice(output.lastIndexOf('{"without"')))).toEqual({
      without: Array(7).fill(500),
      reason: expect.stringMatching(/run out of resources \(EMFILE\).*Raise its limits/),
      afterwards: [202, 200, 201, 400, 200, 200, 200],
    });
  },
);
