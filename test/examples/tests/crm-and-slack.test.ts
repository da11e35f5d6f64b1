/**
 * A reply updates the CRM, a meeting request alerts Slack: seen from the CRM and from Slack, which are sinks.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../../src/create-mock.ts';
import { createStage, LANGUAGES, startExample } from './support.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'skip' });
});
afterAll(() => mock.close());

const lead = {
  lead_email: 'sarah+q2@example.com',
  lead_name: 'Sarah Chen',
  lead_company: 'Acme Corp',
};

describe.each(LANGUAGES)('in $language', ({ language, missing }) => {
  describe.skipIf(missing !== null)('CRM update on reply', () => {
    test('puts the contact, and tells the sales rep of a positive one only', async () => {
      const { env, register, deliver, seen } = await createStage(mock);
      await using example = await startExample(language, 'crm-on-reply', env);
      await register(example.url);
      const positive = await deliver('email.replied', {
        ...lead,
        reply_sentiment: 'positive',
        reply_preview: 'Yes, please.',
      });
      const negative = await deliver('email.replied', { ...lead, reply_sentiment: 'negative' });
      const opened = await deliver('email.opened', lead);

      for (const [id, sentiment] of [
        [positive, 'positive'],
        [negative, 'negative'],
      ] as const) {
        const calls = await seen('crm', id);
        expect(calls).toMatchObject([
          {
            method: 'PUT',
            path: '/contacts/sarah%2Bq2%40example.com',
            json: { email: lead.lead_email, status: 'replied', sentiment },
          },
        ]);
      }
      expect(await seen('slack')).toMatchObject([
        {
          path: '/messages',
          json: {
            event_id: positive,
            channel: '#sales-replies',
            text: 'Positive reply from Sarah Chen at Acme Corp: Yes, please.',
          },
        },
      ]);
      expect(await seen('crm', opened)).toEqual([]);
    });

    test('is not answered 200 while the CRM is down, so the provider sends it again', async () => {
      const { client, env, register, deliver, seen } = await createStage(mock);
      await using example = await startExample(language, 'crm-on-reply', env);
      await register(example.url);
      await client.sinks.answer('crm', { status: 503, times: 2 });
      const id = await deliver('email.replied', { ...lead, reply_sentiment: 'neutral' });
      const calls = await seen('crm', id);
      expect(calls.map(({ answered }) => answered)).toEqual([503, 503, 200]);
      expect((await client.deliveries.list({ event_id: id }).page()).items).toMatchObject([
        { status: 'delivered', attempts_made: 3 },
      ]);
    });
  });

  test.skipIf(missing !== null)('Slack alert on a meeting request', async () => {
    const { env, register, deliver, seen } = await createStage(mock);
    await using example = await startExample(language, 'slack-on-meeting', env);
    await register(example.url);
    const reply = (reply_preview: string) => deliver('email.replied', { ...lead, reply_preview });
    const wanted = [
      await reply('Can you do THURSDAY at 2pm?'),
      await reply('Let\u2019s talk.'),
      await reply('Any time next week.'),
    ];
    await reply('Please remove me.');
    await deliver('email.opened', lead);
    const alerts = await seen('slack');
    expect(alerts.map(({ json }) => (json as { event_id: string }).event_id)).toEqual(wanted);
    expect(alerts[0]).toMatchObject({
      method: 'POST',
      path: '/messages',
      json: {
        channel: '#meetings',
        text: 'Possible meeting request from Sarah Chen. Check reply.',
      },
    });
    expect(await seen('crm')).toEqual([]);
  });

  test
    .skipIf(missing !== null)
    .each(['crm-on-reply', 'slack-on-meeting', 'pause-on-bounce-spike', 'dedupe', 'answer-first'])(
    '%s refuses what is not signed, and does nothing of it',
    async (name) => {
      const { client, env, register, deliver, seen } = await createStage(mock);
      const data = { ...lead, reply_sentiment: 'positive', reply_preview: 'Thursday?' };
      // No webhook subscribes yet, so this one is never delivered.
      const { events } = await client.events.trigger({ event: 'email.replied', data });
      await using example = await startExample(language, name, env);
      await register(example.url);
      for (const signature of ['', 'sha256=', `sha256=${'0'.repeat(64)}`, 'é']) {
        const answer = await fetch(example.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-sendemall-signature': signature },
          body: JSON.stringify(events[0]),
        });
        expect(answer.status).toBe(401);
      }
      // What it does of a right one comes after anything that it would do of those.
      const right = await deliver('email.replied', data);
      const sink = name === 'slack-on-meeting' ? 'slack' : 'crm';
      if (name !== 'pause-on-bounce-spike') {
        const { reached } = await client.sinks.waitFor(sink, 1, { contains: right });
        expect(reached).toBe(true);
      }
      for (const one of ['crm', 'slack']) expect(await seen(one, events[0]!.id)).toEqual([]);
    },
  );
});
