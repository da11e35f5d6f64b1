/**
 * Effects as a sink saw them.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../../schemas/contract.ts';
import { createHttpHooks } from '../../../src/conformance/hooks/http-hooks.ts';
import { createMock, type Mock } from '../../../src/create-mock.ts';
import { createStage } from '../../examples/tests/support.ts';

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
    const call = (body: string, headers = {}) =>
      fetch(env.CRM_URL, { method: 'POST', body, headers });
    return { key, client, call, effects: effects! };
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

  test('fails, and keeps nothing more, once a run has sent 64 MiB to the sink', async () => {
    const { call, effects } = await setUp();
    // A sink keeps the beginning of a body, and an account the newest requests: read before they are evicted.
    const body = 'x'.repeat(LIMITS.maxSinkBodyBytes);
    const enough = Math.ceil(67_108_864 / body.length);
    for (let sent = 1; sent <= enough; sent += 1) {
      expect((await call(body)).ok).toBe(true);
      if (sent % 8 === 0 && sent < enough) expect(await effects('evt_1')).toBe(0);
    }
    await call(body);
    await expect(effects('evt_1')).rejects.toThrow('has received more than 64 MiB in this run');
  }, 60_000);

  test('is of requests that the sink took', async () => {
    const { client, call, effects } = await setUp();
    let taken = 0;
    for (const status of [503, 200, 299, 300]) {
      await client.sinks.answer('crm', { status, times: 1 });
      await call('evt_1');
      if (status >= 200 && status < 300) taken += 1;
      expect(await effects('evt_1')).toBe(taken);
    }
    expect(taken).toBe(2);
  });

  test('goes over pages', async () => {
    const { call, effects } = await setUp();
    for (let at = 0; at < 101; at += 1) await call('evt_1');
    expect(await effects('evt_1')).toBe(101);
  });

  test('is of requests with the same Idempotency-Key once, unless the first failed', async () => {
    const { client, call, effects } = await setUp();
    await client.sinks.answer('crm', { status: 503, times: 1 });
    for (const key of ['one', 'one', 'one', 'two']) {
      await call('evt_1', { 'Idempotency-Key': key });
    }
    expect(await effects('evt_1')).toBe(2);
  });

  test('includes requests that the sink has evicted since', async () => {
    const { client, call, effects } = await setUp();
    const body = `evt_1 ${'x'.repeat(60_000)}`;
    const count = 150;
    for (let at = 0; at < count; at += 1) {
      await call(body);
      if (at % 50 === 0) await effects('evt_1');
    }
    const [sink] = await client.sinks.list();
    expect(sink!.requests).toBeLessThan(count);
    expect(await effects('evt_1')).toBe(count);
  });

  test.each(['A', 'a b', 'crm!', '!crm', '', 'a'.repeat(65)])('of no sink: "%s"', (name) => {
    const effectsSink = { sandboxUrl: mock.url, apiKey: 'k', name };
    expect(() => createHttpHooks({ effectsSink })).toThrow(
      `effectsSink "${name}" is not a sink name. Use 1 to 64 characters of a-z, 0-9 and "-".`,
    );
  });

  test('in a sink with the longest name are counted: none before the first, none after an interruption', async () => {
    const { key } = await setUp();
    const effectsSink = { sandboxUrl: mock.url, apiKey: key, name: `a-0${'z'.repeat(61)}` };
    expect(await createHttpHooks({ effectsSink }).effects!('evt_1')).toBe(0);
    const signal = AbortSignal.abort();
    await expect(createHttpHooks({ effectsSink, signal }).effects!('evt_1')).rejects.toThrow();
  });

  test('where no sandbox listens, an error says so', async () => {
    const effectsSink = { sandboxUrl: 'http://127.0.0.1:9', apiKey: 'k', name: 'crm' };
    const { effects } = createHttpHooks({ effectsSink });
    await expect(effects!('evt_1')).rejects.toMatchObject({
      name: 'HookError',
      message: expect.stringContaining('The effects hook failed: cannot read the sink "crm".'),
    });
  });
});
