/**
 * A user's test file.
 *
 * @module
 */
import { describeReceiver, matchers, test } from 'sendemall-mock/vitest';
import { describe, expect } from 'vitest';
import * as z from 'zod';
import { createReceiver } from './receiver.ts';

const SECRET = 'whsec_your-signing-secret';

describe.concurrent('my receiver', () => {
  test('takes a reply', async ({ sandbox }) => {
    const { receive, effects } = createReceiver(SECRET);
    const receiver = await sandbox.register(receive, { secret: SECRET });
    const triggered = await sandbox.trigger('email.replied', {
      data: { reply_sentiment: 'positive' },
    });
    await expect(triggered).toBeDelivered();
    await expect(receiver).toHaveReceivedEvent('email.replied', { reply_sentiment: 'positive' });
    expect([...effects.values()]).toEqual([1]);
  });

  test('is sent valid events', async ({ sandbox }) => {
    const received: unknown[] = [];
    await sandbox.register(async (request: Request) => {
      received.push(await request.json());
      return new Response(null, { status: 204 });
    });
    const triggered = await sandbox.trigger('email.opened');
    await expect(Promise.resolve(triggered)).resolves.toBeDelivered();
    expect(received[0]).toMatchEventSchema('email.opened');
    expect({ received }).toEqual({ received: [expect.toMatchEventSchema('email.opened')] });
    // @ts-expect-error no such event type
    expect(() => expect(received[0]).toMatchEventSchema('email.archived')).toThrow('unknown event');
  });

  test('that is down loses nothing', async ({ sandbox }) => {
    await sandbox.register('http://127.0.0.1:9/unreachable');
    const triggered = await sandbox.trigger('email.bounced');
    await expect(triggered).toBeDeadLettered();
    await expect(triggered).toHaveAttempts(4);
  });

  test('says why a test fails', async ({ sandbox }) => {
    await sandbox.register('http://127.0.0.1:9/unreachable');
    const triggered = await sandbox.trigger('email.bounced');
    await expect(expect(triggered).toBeDelivered()).rejects.toThrow('connection refused');
  });
});

describe('my schema', () => {
  expect.extend(matchers);

  test('takes every event that the contract allows', async () => {
    const schema = z.looseObject({ event: z.string(), id: z.string(), data: z.looseObject({}) });
    await expect(schema).toAcceptEvery('email.bounced');
  });
});

const { receive, effects } = createReceiver(SECRET);
describeReceiver(receive, {
  secret: SECRET,
  only: ['signature/*'],
  hooks: { effects: async (id) => effects.get(id) ?? 0 },
});
