/**
 * The guide's patterns against campaigns that run: what a receiver does to its CRM, its Slack and the provider's API
 * is what came of the leads.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebhookEvent } from '../../../schemas/events.ts';
import { createMock, type Mock } from '../../../src/create-mock.ts';
import { collect } from '../../client/collect.ts';
import { createStage, LANGUAGES, runExample, SECRET, startExample, type Stage } from './support.ts';

/** A receiver that pauses a campaign before it answers is in time however fast the clock runs. */
let mock: Mock;
beforeAll(async () => {
  mock = await createMock({
    clock: 'frozen',
    clockStart: '2026-04-06T12:00:00Z',
    seed: 7,
    rateLimit: false,
  });
});
afterAll(() => mock.close());

const eventsOf = ({ client }: Stage, event: string): Promise<WebhookEvent[]> =>
  collect(client.events.list({ event, limit: 100 }));

describe.each(LANGUAGES)('in $language', ({ language, missing }) => {
  describe.skipIf(missing !== null)('a campaign of the simulator', () => {
    /** The example of this name, registered; and the sandbox as the provider that it calls. */
    const setUp = async (name: string) => {
      const stage = await createStage(mock);
      const example = await startExample(language, name, stage.env);
      await stage.register(example.url);
      return { stage, example };
    };

    test('every reply is in the CRM, once', async () => {
      const { stage, example } = await setUp('crm-on-reply');
      await using _example = example;
      await stage.client.scenarios.start({ scenario: 'reply', leads: 10 });
      await stage.client.clock.advance({ until: 'settled' });
      const replies = await eventsOf(stage, 'email.replied');
      expect(replies).toHaveLength(10);
      const told = (await stage.seen('crm')).map(({ body }) => body);
      expect(told).toHaveLength(10);
      for (const { id } of replies)
        expect(told.filter((body) => body.includes(id))).toHaveLength(1);
    });

    test('a meeting request is in Slack, other replies are not', async () => {
      const { stage, example } = await setUp('slack-on-meeting');
      await using _example = example;
      await stage.client.scenarios.start({ scenario: 'reply', leads: 60 });
      await stage.client.clock.advance({ until: 'settled' });
      const keywords = /calendar|schedule|thursday|friday|next week|available|let's talk/i;
      const asked = (await eventsOf(stage, 'email.replied')).filter(
        (event) => event.event === 'email.replied' && keywords.test(event.data.reply_preview),
      );
      expect(asked.length).toBeGreaterThan(3);
      const told = (await stage.seen('slack')).map(({ body }) => body);
      expect(told).toHaveLength(asked.length);
      for (const { id } of asked) expect(told.filter((body) => body.includes(id))).toHaveLength(1);
    });

    test('a bounce spike pauses the campaign, on the provider’s own API', async () => {
      const { stage, example } = await setUp('pause-on-bounce-spike');
      await using _example = example;
      const { campaign } = await stage.client.scenarios.start({ scenario: 'bounce-spike' });
      await stage.client.clock.advance({ until: 'settled' });
      expect((await stage.client.campaigns.get(campaign.id)).status).toBe('paused');
      const { sent, bounced } = await stage.client.campaigns.analytics(campaign.id);
      expect(sent).toBeGreaterThan(20);
      expect(sent).toBeLessThan(40);
      expect(bounced).toBeGreaterThanOrEqual(2);
      expect(await stage.seen('slack')).toHaveLength(1);
    });

    test('events that come twice work once', async () => {
      const { stage, example } = await setUp('dedupe');
      await using _example = example;
      await stage.client.faults.add({ fault: 'duplicate', probability: 0.5 });
      await stage.client.faults.add({ fault: 'lost_acknowledgement', probability: 0.5 });
      await stage.client.scenarios.start({ scenario: 'reply', leads: 20 });
      await stage.client.clock.advance({ until: 'settled' });
      const [first, second] = await stage.client.faults.list();
      expect(Math.min(first!.applied, second!.applied)).toBeGreaterThan(5);
      const told = (await stage.seen('crm')).map(({ body }) => body);
      const events = await eventsOf(stage, 'email.replied');
      expect(events).toHaveLength(20);
      for (const { id } of events) expect(told.filter((body) => body.includes(id))).toHaveLength(1);
    });

    test('what is answered first is worked on afterwards, all of it', async () => {
      const { stage, example } = await setUp('answer-first');
      await using _example = example;
      await stage.client.scenarios.start({ scenario: 'reply', leads: 20 });
      await stage.client.clock.advance({ until: 'settled' });
      const events = await collect(stage.client.events.list({ limit: 100 }));
      expect(events.length).toBeGreaterThan(60);
      const { reached } = await stage.client.sinks.waitFor('crm', events.length);
      expect(reached).toBe(true);
      const told = (await stage.seen('crm')).map(({ body }) => body);
      for (const { id } of events) expect(told.filter((body) => body.includes(id))).toHaveLength(1);
    });

    test('what was given up is recovered, and acknowledged', async () => {
      const stage = await createStage(mock);
      const { id } = await stage.client.webhooks.create({
        url: 'http://127.0.0.1:9/unreachable',
        events: ['email.replied'],
        secret: SECRET,
      });
      await stage.client.scenarios.start({ scenario: 'reply', leads: 10 });
      await stage.client.clock.advance({ until: 'settled' });
      const letters = await collect(stage.client.failedEvents.list(id));
      expect(letters).toHaveLength(10);
      const job = await runExample(language, 'recover-daily', { ...stage.env, WEBHOOK_ID: id });
      expect(job).toMatchObject({ status: 0, stdout: '10 recovered, 0 left\n' });
      const told = (await stage.seen('crm')).map(({ body }) => body);
      for (const letter of letters)
        expect(told.filter((body) => body.includes(letter.id))).toHaveLength(1);
      expect(await collect(stage.client.failedEvents.list(id))).toEqual([]);
    });
  });
});
