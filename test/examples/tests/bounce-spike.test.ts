/**
 * A bounce spike pauses the campaign: seen on the provider's API, whose place a sink takes, and in Slack.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../../src/create-mock.ts';
import { createStage, LANGUAGES, startExample, type Stage } from './support.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', clockStart: '2026-04-06T12:00:00Z' });
});
afterAll(() => mock.close());

const ofCampaign = (campaign_id: string) => ({ campaign_id });

/** Sends `count` emails of a campaign. */
const send = async ({ client }: Stage, count: number, campaign = 'cmp_a'): Promise<void> => {
  await client.events.trigger({ event: 'email.sent', count, data: ofCampaign(campaign) });
  await client.clock.advance({ until: 'settled' });
};

const bounce = ({ deliver }: Stage, campaign = 'cmp_a') =>
  deliver('email.bounced', ofCampaign(campaign));

describe.each(LANGUAGES)('in $language', ({ language, missing }) => {
  const setUp = async () => {
    const stage = await createStage(mock);
    const API_URL = await stage.client.sinks.url('api');
    const example = await startExample(language, 'pause-on-bounce-spike', {
      ...stage.env,
      API_URL,
    });
    await stage.register(example.url);
    return { stage, example };
  };

  describe.skipIf(missing !== null)('pause on a bounce spike', () => {
    test('over 5 % of more than 20 pauses that campaign, once, and tells Slack', async () => {
      const { stage, example } = await setUp();
      await using _example = example;
      await send(stage, 40);
      await bounce(stage);
      await bounce(stage);
      expect(await stage.seen('api')).toEqual([]);
      await bounce(stage, 'cmp_b');
      expect(await stage.seen('api')).toEqual([]);
      const third = await bounce(stage);
      await bounce(stage);
      const calls = await stage.seen('api');
      expect(calls).toMatchObject([{ method: 'POST', path: '/v1/campaigns/cmp_a/pause' }]);
      expect(calls[0]!.headers).toContainEqual(['x-user-context', '[redacted]']);
      expect(await stage.seen('slack')).toMatchObject([
        { json: { event_id: third, text: 'Campaign cmp_a paused: 7.5% bounce rate' } },
      ]);
    });

    test('20 are too few, 21 are enough', async () => {
      const { stage, example } = await setUp();
      await using _example = example;
      await send(stage, 20);
      await bounce(stage);
      await bounce(stage);
      expect(await stage.seen('api')).toEqual([]);
      await send(stage, 1);
      expect(await stage.seen('api')).toHaveLength(1);
    });

    test('an event that comes twice counts once, and opens hide nothing', async () => {
      const { stage, example } = await setUp();
      await using _example = example;
      const { client } = stage;
      await send(stage, 21);
      await client.events.trigger({
        event: 'email.opened',
        count: 100,
        data: ofCampaign('cmp_a'),
      });
      await client.clock.advance({ until: 'settled' });
      const once = await bounce(stage);
      const [delivery] = (await client.deliveries.list({ event_id: once }).page()).items;
      await client.deliveries.redeliver(delivery!.id);
      await client.clock.advance({ until: 'settled' });
      // One of 21 is under 5 %; two make it 9.5 %.
      expect(await stage.seen('api')).toEqual([]);
      await bounce(stage);
      expect(await stage.seen('slack')).toMatchObject([
        { json: { text: 'Campaign cmp_a paused: 9.5% bounce rate' } },
      ]);
    });

    test('an hour later the count starts again', async () => {
      const { stage, example } = await setUp();
      await using _example = example;
      await send(stage, 40);
      await bounce(stage);
      await bounce(stage);
      await stage.client.clock.advance({ by: '61m' });
      await bounce(stage);
      await send(stage, 20);
      expect(await stage.seen('api')).toEqual([]);
    });

    test('a pause that fails is tried again with the next attempt', async () => {
      const { stage, example } = await setUp();
      await using _example = example;
      await stage.client.sinks.answer('api', { status: 503, times: 1 });
      await send(stage, 21);
      await bounce(stage);
      const { deliveries } = await stage.client.events.trigger({
        event: 'email.bounced',
        data: ofCampaign('cmp_a'),
      });
      await stage.client.clock.advance({ until: 'settled' });
      expect(await stage.client.deliveries.get(deliveries[0]!.id)).toMatchObject({
        status: 'delivered',
        attempts_made: 2,
      });
      const calls = await stage.seen('api');
      expect(calls.map(({ answered }) => answered)).toEqual([503, 200]);
    });
  });
});
