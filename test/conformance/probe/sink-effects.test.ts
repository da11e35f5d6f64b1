/**
 * Effects as a sink saw them: counted, and enough for the suite to judge a receiver that knows nothing of it.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpHooks } from '../../../src/conformance/probe/http-hooks.ts';
import { createMock, type Mock } from '../../../src/create-mock.ts';
import { reportOf, verify } from '../../cli/verify-support.ts';
import { createStage, SECRET, startExample } from '../../patterns/support.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

describe('a count', () => {
  const setUp = async () => {
    const { key, client, env } = await createStage(mock);
    const effectsSink = { sandboxUrl: mock.url, apiKey: key, name: 'crm' };
    const { effects } = createHttpHooks({ effectsSink });
    const call = (body: string) => fetch(env.CRM_URL, { method: 'POST', body });
    return { client, call, effects: effects! };
  };

  test('is of requests with the id in their body, not with a longer one', async () => {
    const { call, effects } = await setUp();
    expect(await effects('evt_1')).toBe(0);
    for (const body of [
      '{"id":"evt_1"}',
      'evt_1',
      'evt_10',
      '{"id":"evt_1-a"}',
      '{}',
      'evt_10 evt_1',
    ]) {
      await call(body);
    }
    expect(await effects('evt_1')).toBe(3);
    expect(await effects('evt_10')).toBe(2);
  });

  test('is of requests that the sink took', async () => {
    const { client, call, effects } = await setUp();
    await client.sinks.answer('crm', { status: 503, times: 2 });
    for (let at = 0; at < 3; at += 1) await call('evt_1');
    expect(await effects('evt_1')).toBe(1);
  });

  test('goes over pages', async () => {
    const { call, effects } = await setUp();
    for (let at = 0; at < 101; at += 1) await call('evt_1');
    expect(await effects('evt_1')).toBe(101);
  });

  test('where no sandbox listens, an error says so', async () => {
    const effectsSink = { sandboxUrl: 'http://127.0.0.1:9', apiKey: 'k', name: 'crm' };
    const { effects } = createHttpHooks({ effectsSink });
    await expect(effects!('evt_1')).rejects.toMatchObject({
      name: 'HookError',
      message: expect.stringContaining('The effects hook, the sink "crm", cannot be read.'),
    });
  });
});

describe('verify --effects-sink', () => {
  const judge = async (example: string, only: string) => {
    const { key, env } = await createStage(mock);
    await using receiver = await startExample('TypeScript', example, env);
    const sandbox = ['--sandbox-url', mock.url, '--api-key', key];
    const ran = await verify(
      [receiver.url, ...sandbox, '--effects-sink', 'crm', '--only', only, '--json'],
      { env: { SENDEMALL_MOCK_SECRET: SECRET } },
    );
    const { checks } = reportOf(ran);
    return {
      status: ran.status,
      checks: Object.fromEntries(
        checks
          .filter(({ id }) => only.split(',').includes(id))
          .map(({ id, status }) => [id, status]),
      ),
    };
  };

  test('passes a receiver that works once on each event', async () => {
    expect(
      await judge('dedupe', 'delivery/dup-seq,delivery/dup-race,delivery/dedupe-evict'),
    ).toEqual({
      status: 0,
      checks: {
        'delivery/dup-seq': 'pass',
        'delivery/dup-race': 'pass',
        'delivery/dedupe-evict': 'pass',
      },
    });
  });

  test('fails one that works on each delivery', async () => {
    expect(await judge('answer-first', 'delivery/dup-seq')).toEqual({
      status: 1,
      checks: { 'delivery/dup-seq': 'fail' },
    });
  });
});
