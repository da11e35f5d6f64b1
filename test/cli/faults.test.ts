/**
 * `faults`, and what the other commands show of them.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiOf } from '../support/api.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { run, serve, type Served } from './support.ts';

let served: Served;
let receiver: Receiver;
beforeAll(async () => {
  [served, receiver] = await Promise.all([serve(['--clock', 'frozen']), startReceiver()]);
});
afterAll(async () => {
  await served.stop();
  await receiver[Symbol.asyncDispose]();
});

const cli = (key: string, ...args: readonly string[]) =>
  run(args, {
    env: { SENDEMALL_MOCK_SANDBOX_URL: served.url, SENDEMALL_MOCK_API_KEY: key },
  });

test('adds, lists, applies, marks and removes', async () => {
  const api = apiOf(served.url, 'faults');
  const webhook = await api.register(receiver.url);
  expect((await cli('faults', 'faults', 'list')).stderr).toContain('No fault rules.');
  const added = await cli('faults', 'faults', 'add', 'lost_acknowledgement', '--times', '1');
  expect(added.stdout).toBe(
    'flt_1  lost_acknowledgement: discards a 2xx response, so that the event is retried, always\n',
  );
  const flags = ['--event', 'email.sent', '--webhook', webhook, '--nth', '3', '--delay', '90s'];
  const json = await cli(
    'faults',
    'faults',
    'add',
    'delay',
    ...flags,
    '--probability',
    '0.5',
    '--json',
  );
  expect(JSON.parse(json.stdout)).toMatchObject({
    id: 'flt_2',
    match: { event: 'email.sent', webhook_id: webhook, nth: 3 },
    probability: 0.5,
    delay_ms: 90_000,
  });
  const delivery = await api.trigger();
  await api.advance({ until: 'settled' });
  const { stdout } = await cli('faults', 'faults', 'list');
  expect(stdout).toMatch(/^flt_1 +lost_acknowledgement +any +always +1× +- +1$/m);
  expect(stdout).toMatch(/^flt_2 +delay +email\.sent, whk_\w+, number 3 +50 % +- +1m 30s +0$/m);
  const shown = await cli('faults', 'deliveries', 'show', delivery);
  expect(shown.stdout).toMatch(
    /200 +\d+ ms +try 2\/4 in 30s +dlv_1 +\[lost_acknowledgement\]\n +fault lost_acknowledgement: answered 200, which was discarded/,
  );
  expect((await cli('faults', 'faults', 'clear', '--id', 'flt_2')).stdout).toBe(
    'Removed 1 rule.\n',
  );
  expect(JSON.parse((await cli('faults', 'faults', 'clear', '--json')).stdout)).toEqual({
    removed: 1,
  });
});

test.each([
  [['add', 'storm'], /Pass one of duplicate, /],
  [['add', 'delay', '--probability', '2'], /above 0 and up to 1/],
  [['add', 'delay', '--probability', '0'], /above 0 and up to 1/],
  [['add', 'delay', '--delay', 'soon'], /"delay" is "soon"/],
  [['add', 'delay', '--webhook', 'whk_x'], /Webhook "whk_x" not found/],
  [['clear', '--id', 'flt_7'], /Fault "flt_7" not found/],
])('wrong usage: %j', async (args, message) => {
  const { status, stderr } = await cli('wrong', 'faults', ...args);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});
