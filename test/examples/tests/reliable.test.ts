/**
 * Each event is worked on once, answered at once, and found again when it was lost.
 *
 * @module
 */
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../../src/create-mock.ts';
import { startReceiver } from '../../support/receiver.ts';
import { createStage, LANGUAGES, runExample, startExample } from './support.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'skip' });
});
afterAll(() => mock.close());

describe.each(LANGUAGES)('in $language', ({ language, missing }) => {
  describe.skipIf(missing !== null)('dedupe by id', () => {
    test('works once on an event that comes five times, four of them together', async () => {
      const { client, env, register, deliver, seen } = await createStage(mock);
      await using example = await startExample(language, 'dedupe', env);
      await register(example.url);
      const id = await deliver('email.clicked');
      const [first] = (await client.deliveries.list({ event_id: id }).page()).items;
      const again = await Promise.all(
        [1, 2, 3, 4].map(() => client.deliveries.redeliver(first!.id)),
      );
      for (const one of again) {
        const { delivery } = await client.deliveries.wait(one.id);
        expect(delivery.status).toBe('delivered');
      }
      expect(await seen('crm', id)).toMatchObject([{ path: '/activities' }]);
      const other = await deliver('email.clicked');
      expect(await seen('crm', other)).toHaveLength(1);
    });

    test('does not take what failed for done', async () => {
      const { client, env, register, deliver, seen } = await createStage(mock);
      await using example = await startExample(language, 'dedupe', env);
      await register(example.url);
      await client.sinks.answer('crm', { status: 500, times: 1 });
      const id = await deliver('email.clicked');
      expect((await seen('crm', id)).map(({ answered }) => answered)).toEqual([500, 200]);
    });
  });

  describe.skipIf(missing !== null)('answer first', () => {
    test('is answered while the CRM is still busy', async () => {
      const { client, env, register, deliver } = await createStage(mock);
      // A CRM that takes the call and does not answer while we look.
      const busy: ServerResponse[] = [];
      await using crm = await startReceiver((_request, response) => {
        busy.push(response);
      });
      await using example = await startExample(language, 'answer-first', {
        ...env,
        CRM_URL: new URL(crm.url).origin,
      });
      await register(example.url);
      const id = await deliver('email.opened');
      expect((await crm.arrived(1))[0]!.body).toContain(id);
      expect((await client.deliveries.list({ event_id: id }).page()).items).toMatchObject([
        { status: 'delivered', attempts_made: 1 },
      ]);
      for (const response of busy) response.end();
    });

    test('retries on its own, since the provider does not', async () => {
      const { client, env, register, deliver, seen } = await createStage(mock);
      await using example = await startExample(language, 'answer-first', env);
      await register(example.url);
      await client.sinks.answer('crm', { status: 503, times: 2 });
      const ids = [await deliver('email.opened'), await deliver('email.clicked')];
      const { reached } = await client.sinks.waitFor('crm', 4, { timeoutMs: 20_000 });
      expect(reached).toBe(true);
      // A failing event does not hold up the others, so either may meet a failure.
      const all = await Promise.all(ids.map((id) => seen('crm', id)));
      expect(all.flat().filter(({ answered }) => answered === 503)).toHaveLength(2);
      for (const calls of all) expect(calls.map(({ answered }) => answered).at(-1)).toBe(200);
      for (const { attempts_made } of (await client.deliveries.list().page()).items) {
        expect(attempts_made).toBe(1);
      }
    });
  });

  describe.skipIf(missing !== null)('daily dead-letter recovery', () => {
    test('works on each dead letter, then acknowledges it; the next day no dead letter is left', async () => {
      const { client, env, register, deliver, seen } = await createStage(mock);
      const down = await startReceiver();
      const webhook = await register(down.url);
      await down[Symbol.asyncDispose]();
      const ids: string[] = [];
      for (let at = 0; at < 3; at += 1) ids.push(await deliver('email.replied'));
      const job = () => runExample(language, 'recover-daily', { ...env, WEBHOOK_ID: webhook });

      // The first one's work fails today.
      await client.sinks.answer('crm', { status: 500, times: 1 });
      const today = await job();
      expect(today).toMatchObject({ status: 1, stdout: '2 recovered, 1 left\n' });
      expect(today.stderr).toContain(`${ids[0]} is left`);
      const left = await client.failedEvents.list(webhook).page();
      expect(left.items.map(({ id }) => id)).toEqual([ids[0]]);

      expect(await job()).toMatchObject({ status: 0, stdout: '1 recovered, 0 left\n' });
      expect(await job()).toMatchObject({ status: 0, stdout: '0 recovered, 0 left\n' });
      for (const [at, id] of ids.entries()) {
        expect((await seen('crm', id)).map(({ answered }) => answered)).toEqual(
          at === 0 ? [500, 200] : [200],
        );
        const letter = await client.failedEvents.get(webhook, id);
        expect(letter.failure.acknowledged_at).not.toBeNull();
      }
    });

    test('waits where the provider’s rate limit says so', async () => {
      const { key, env, register, deliver, client } = await createStage(mock);
      const down = await startReceiver();
      const webhook = await register(down.url);
      await down[Symbol.asyncDispose]();
      const id = await deliver('email.replied');
      // In front of the sandbox: every second request is one too many.
      const times: number[] = [];
      await using limiter = await startReceiver((request, response) => {
        times.push(Date.now());
        if (times.length % 2 === 1) {
          response.writeHead(429, { 'retry-after': '1' }).end();
          return;
        }
        const { method, path } = request;
        void fetch(mock.url + path, { method, headers: { 'x-user-context': key } }).then(
          async (answer) => {
            response.writeHead(answer.status, { 'content-type': 'application/json' });
            response.end(await answer.text());
          },
        );
      });
      const job = await runExample(language, 'recover-daily', {
        ...env,
        API_URL: new URL(limiter.url).origin,
        WEBHOOK_ID: webhook,
      });
      expect(job).toMatchObject({ status: 0, stdout: '1 recovered, 0 left\n' });
      expect(times).toHaveLength(4);
      expect(times[1]! - times[0]!).toBeGreaterThan(990);
      const letter = await client.failedEvents.get(webhook, id);
      expect(letter.failure.acknowledged_at).not.toBeNull();
    });

    test('says what is wrong when the provider refuses', async () => {
      const { env } = await createStage(mock);
      const { status, stderr } = await runExample(language, 'recover-daily', {
        ...env,
        WEBHOOK_ID: 'whk_none',
      });
      expect(status).toBe(1);
      expect(stderr).toContain('404');
    });
  });
});
