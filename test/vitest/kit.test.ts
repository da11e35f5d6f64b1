/**
 * The kit as a user's test file has it.
 *
 * @module
 */
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect } from 'vitest';
import * as z from 'zod';
import { createSandboxTest, matchers, test } from '../../src/vitest/index.ts';

expect.extend(matchers);

describe.concurrent('a sandbox of its own', () => {
  test('delivers to a fetch-style handler', async ({ sandbox }) => {
    const bodies: string[] = [];
    const receiver = await sandbox.register(async (request: Request) => {
      bodies.push(await request.text());
      return new Response(null, { status: 204 });
    });
    const triggered = await sandbox.trigger('email.replied', {
      data: { reply_sentiment: 'positive' },
    });
    await expect(triggered).toBeDelivered();
    await expect(triggered).toHaveAttempts(1);
    await expect(triggered).toBeSignedWith(receiver.secret);
    await expect(receiver).toHaveReceivedEvent('email.replied', { reply_sentiment: 'positive' });
    expect(bodies[0]).toMatchEventSchema('email.replied');
  });

  test('delivers to a Hono app', async ({ sandbox }) => {
    const app = new Hono().post('/webhooks/sendemall', (c) => c.body(null, 202));
    await sandbox.register(app);
    await expect(await sandbox.trigger('email.opened')).toBeDelivered();
  });

  test('delivers to an Express app', async ({ sandbox }) => {
    const app = express();
    app.post('/hooks', (_request, response) => void response.sendStatus(200));
    await sandbox.register(app, { path: '/hooks?a=1' });
    await expect(await sandbox.trigger('email.opened')).toBeDelivered();
  });

  test('delivers to a Fastify app', async ({ sandbox }) => {
    const app = fastify();
    app.post('/webhooks/sendemall', (_request, reply) => reply.code(204).send());
    await sandbox.register(app);
    await expect(await sandbox.trigger('email.opened')).toBeDelivered();
  });

  test('can use up the requests of a minute, and ends all the same', async ({ sandbox }) => {
    await sandbox.register(new Hono().all('*', (c) => c.body(null, 204)));
    const asked = Array.from({ length: 60 }, () => sandbox.client.webhooks.list());
    await expect(Promise.all(asked)).rejects.toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
  });

  test('plays a scenario', async ({ sandbox }) => {
    const receiver = await sandbox.register(new Hono().all('*', (c) => c.body(null, 204)));
    const { campaign, leads } = await sandbox.scenario('reply', { leads: 10 });
    expect(leads).toBe(10);
    await sandbox.untilSettled();
    await expect(receiver).toHaveReceivedEvent('email.replied', {
      campaign_id: campaign.id,
      reply_sentiment: 'out_of_office',
    });
    await expect(receiver).toHaveReceivedEvent('campaign.completed');
  });

  test('runs the whole ladder without waiting', async ({ sandbox }) => {
    const receiver = await sandbox.register('http://127.0.0.1:9/unreachable');
    const triggered = await sandbox.trigger('email.bounced');
    await expect(triggered).toBeDeadLettered();
    await expect(triggered).toHaveAttempts(4);
    const [letter] = await sandbox.deadLetters(receiver);
    expect(letter?.event).toBe('email.bounced');
    expect(letter?.id).toBe(triggered.events[0]?.id);
  });

  test('moves time by hand', async ({ sandbox }) => {
    let fails = true;
    await sandbox.register(() => new Response(null, { status: fails ? 503 : 200 }));
    const { deliveries } = await sandbox.trigger('email.sent');
    await sandbox.advance('10s');
    expect((await sandbox.client.deliveries.get(deliveries[0]!.id)).attempts_made).toBe(1);
    fails = false;
    await sandbox.advance('30s');
    await expect(deliveries[0]).toBeDelivered();
    await expect(deliveries[0]).toHaveAttempts(2);
  });
});

describe('failures say what happened', () => {
  test('attempt by attempt', async ({ sandbox }) => {
    await sandbox.register('http://127.0.0.1:9/unreachable');
    const triggered = await sandbox.trigger('email.bounced');
    await expect(expect(triggered).toBeDelivered()).rejects.toThrow(
      /email\.bounced to .*: dead\n {2}attempt 1 .* refused {2}connection refused/,
    );
  });

  test('with what the handler threw', async ({ sandbox }) => {
    const receiver = await sandbox.register(() => {
      throw new Error('the CRM is down');
    });
    const triggered = await sandbox.trigger('email.replied');
    await expect(expect(triggered).toBeDelivered()).rejects.toThrow('the CRM is down');
    expect(receiver.errors).toHaveLength(4);
  });

  test('with the data that came in place of those', async ({ sandbox }) => {
    const receiver = await sandbox.register(() => new Response('ok'));
    await sandbox.trigger('email.bounced', { data: { bounce_type: 'soft' } });
    await expect(
      expect(receiver).toHaveReceivedEvent('email.bounced', { bounce_type: 'hard' }),
    ).rejects.toThrow('with other data');
    await expect(expect(receiver).toHaveReceivedEvent('email.sent')).rejects.toThrow(
      'received: email.bounced',
    );
  });

  test('with why the signature is another', async ({ sandbox }) => {
    await sandbox.register(() => new Response('ok'), { secret: 'whsec_the-right-secret' });
    const triggered = await sandbox.trigger('email.sent');
    await expect(expect(triggered).toBeSignedWith('whsec_the-wrong-secret')).rejects.toThrow(
      /match this secret\n {2}It /,
    );
    expect(() => expect({ event: 'email.sent', id: 'x' }).toMatchEventSchema('email.sent')).toThrow(
      /id: /,
    );
  });
});

describe('a matcher on the wrong thing', () => {
  test.for([null, 42, {}, Promise.resolve()])('%s', async (thing, { sandbox }) => {
    expect(sandbox.url).toContain('127.0.0.1');
    await expect(expect(thing).toBeDelivered()).rejects.toThrow(
      'requires the result of sandbox.trigger()',
    );
  });

  const own = { trigger: async () => ({ events: [], deliveries: [] }) };
  const clashing = test.extend<{ sandbox: typeof own }>({
    // eslint-disable-next-line no-empty-pattern
    sandbox: async ({}, use) => use(own),
  });
  clashing('two fixtures of one name', async ({ sandbox }) => {
    await expect(expect(await sandbox.trigger()).toBeDelivered()).rejects.toThrow(
      'that fixture has replaced the one of sendemall-mock/vitest. Rename it',
    );
  });

  test('an event without a registered receiver', async ({ sandbox }) => {
    const triggered = await sandbox.trigger('email.sent');
    await expect(expect(triggered).toBeDelivered()).rejects.toThrow('Register a receiver');
  });

  test('an invalid receiver', async ({ sandbox }) => {
    await expect(sandbox.register('not a URL')).rejects.toThrow('Invalid URL');
    await expect(sandbox.register({} as never)).rejects.toThrow('Invalid receiver of type object');
  });

  test('a parsed body', async () => {
    await expect(expect({ body: { a: 1 } }).toBeSignedWith('whsec_x')).rejects.toThrow('raw body');
  });
});

describe('a schema that the user wrote', () => {
  const data = {
    campaign_id: z.string(),
    campaign_name: z.string(),
    lead_id: z.string(),
    lead_email: z.string(),
    sequence_step: z.number(),
    reply_sentiment: z.string(),
    reply_preview: z.string(),
    thread_id: z.string(),
  };
  const envelope = {
    event: z.literal('email.replied'),
    id: z.string(),
    timestamp: z.iso.datetime(),
  };

  test('that is open accepts every legal event', async () => {
    const schema = z.looseObject({ ...envelope, data: z.looseObject(data) });
    await expect(schema).toAcceptEvery('email.replied');
  });

  test.for([
    [
      'a closed object',
      z.strictObject({ ...envelope, data: z.looseObject(data) }),
      'a_field_of_tomorrow',
    ],
    [
      'a closed data',
      z.looseObject({ ...envelope, data: z.strictObject(data) }),
      '"additionalProperties":false',
    ],
    [
      'a closed enumeration',
      z.looseObject({
        ...envelope,
        data: z.looseObject({ ...data, reply_sentiment: z.enum(['positive', 'negative']) }),
      }),
      'data.reply_sentiment',
    ],
    [
      'a required optional',
      z.looseObject({ ...envelope, data: z.looseObject({ ...data, lead_name: z.string() }) }),
      'without data.lead_name',
    ],
    [
      'a short text',
      z.looseObject({
        ...envelope,
        data: z.looseObject({ ...data, reply_preview: z.string().max(200) }),
      }),
      '"maxLength":200',
    ],
  ] as const)('with %s is reported', async ([, schema, says]) => {
    await expect(expect(schema).toAcceptEvery('email.replied')).rejects.toThrow(says);
  });

  test('of zod 3 is explained too', async () => {
    const { z: three } = await import('zod/v3');
    const schema = three.object({
      event: three.string(),
      data: three.object({ reply_preview: three.string().max(100) }),
    });
    await expect(expect(schema).toAcceptEvery('email.replied')).rejects.toThrow('"maxLength":100');
  });

  test('that is not a schema is rejected', async () => {
    await expect(expect({}).toAcceptEvery('email.replied')).rejects.toThrow('requires a schema');
    await expect(expect(z.object({})).toAcceptEvery('email.forwarded' as never)).rejects.toThrow(
      'unknown event',
    );
  });
});

const skipping = createSandboxTest({ clock: 'skip', seed: 7 });

skipping('another clock', async ({ sandbox }) => {
  await sandbox.register('http://127.0.0.1:9/unreachable');
  await expect(await sandbox.trigger('email.sent')).toBeDeadLettered();
});
