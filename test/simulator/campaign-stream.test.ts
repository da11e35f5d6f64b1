/**
 * The events of a campaign: their order and times, and that the same seed repeats them.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WebhookEvent } from '../../schemas/events.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import type { MockOptions } from '../../src/mock-options.ts';
import { apiOf, type Api } from '../support/api.ts';
import { eventsOf, groups, leads, only, sequence, startCampaign } from '../support/campaign.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

/** A Friday. */
const START = '2026-03-06T12:00:00Z';
const OPTIONS: MockOptions = { clock: 'frozen', clockStart: START, seed: 7, rateLimit: false };
const DAY = 86_400_000;

let mock: Mock;
let api: Api;
let receiver: Receiver;

const open = async (options: MockOptions = {}): Promise<void> => {
  mock = await createMock({ ...OPTIONS, ...options });
  api = apiOf(mock.url);
};

beforeEach(async () => {
  receiver = await startReceiver();
  await open();
  await api.register(receiver.url);
});
afterEach(async () => {
  await mock.close();
  await receiver[Symbol.asyncDispose]();
});

/** All bodies of a run, as they were sent. */
const run = async (options: MockOptions = {}): Promise<readonly string[]> => {
  await using other = await startReceiver();
  await using own = await createMock({ ...OPTIONS, concurrency: 1, ...options });
  const account = apiOf(own.url);
  await account.register(other.url);
  await startCampaign(account, leads(60), {
    sequences: sequence(0, 3, 4),
    timezone: 'America/New_York',
    schedule: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], start_hour: 8, end_hour: 17 },
    daily_limit: 25,
  });
  await account.advance({ until: 'settled' });
  return other.received.map(({ body }) => body);
};

const digest = (bodies: readonly string[]): string =>
  createHash('sha256').update(bodies.join('\n')).digest('hex');

describe('the stream', () => {
  test('is the same, byte for byte, from the same seed and commands', async () => {
    const bodies = await run();
    expect(bodies.length).toBeGreaterThan(400);
    expect(await run()).toEqual(bodies);
    // Held, so that it is the same on any machine; it changes only when the simulator is meant to.
    expect(digest(bodies)).toMatchInlineSnapshot(
      `"812faa8f8071c48d316a7526b6a380ea46b6f08632b8726911aaf11bd152b476"`,
    );
  });

  test('is another one from another seed', async () => {
    expect(await run({ seed: 8 })).not.toEqual(await run());
  });

  test('is the same in a file as in memory', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'campaign-'));
    try {
      expect(await run({ db: join(folder, 'sandbox.db') })).toEqual(await run());
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is the same however its time passes', async () => {
    await startCampaign(api, leads(20), { sequences: sequence(0, 2) });
    for (let days = 0; days < 40; days += 1) await api.advance({ by: '1d' });
    const inSteps = eventsOf(receiver).map(({ id }) => id);

    await using other = await startReceiver();
    await using skipping = await createMock({ ...OPTIONS, clock: 'frozen' });
    const account = apiOf(skipping.url);
    await account.register(other.url);
    await startCampaign(account, leads(20), { sequences: sequence(0, 2) });
    await account.send('PUT', '/_sandbox/clock', { mode: 'skip' });
    await other.arrived(inSteps.length);
    expect(eventsOf(other).map(({ id }) => id)).toEqual(inSteps);
  });
});

/** What happened to each lead. */
const byLead = (events: readonly WebhookEvent[]): ReadonlyMap<string, readonly WebhookEvent[]> =>
  groups(
    events.filter((event) => event.event !== 'campaign.completed'),
    ({ data }) => (data as { lead_id: string }).lead_id,
  );

describe('a lead', () => {
  const stories = async (): Promise<readonly (readonly WebhookEvent[])[]> => {
    await startCampaign(api, leads(300), { sequences: sequence(0, 2, 3, 4) });
    await api.advance({ until: 'settled' });
    const stories = [...byLead(eventsOf(receiver)).values()];
    expect(stories).toHaveLength(300);
    return stories;
  };

  test('is sent an e-mail, which is delivered or bounces before any other event', async () => {
    for (const story of await stories()) {
      const done = new Map<number, Set<string>>();
      for (const { event, data } of story) {
        const { sequence_step } = data as { sequence_step: number };
        const before = done.get(sequence_step) ?? new Set<string>();
        if (event === 'email.sent') expect(before.size).toBe(0);
        else expect(before).toContain('email.sent');
        if (!['email.sent', 'email.bounced', 'email.delivered'].includes(event))
          expect(before).toContain('email.delivered');
        done.set(sequence_step, before.add(event));
      }
    }
  });

  test('gets its e-mails in order, days apart, and none after a reply, an unsubscription or a hard bounce', async () => {
    const ends = new Set<string>();
    for (const story of await stories()) {
      const sent = only(story, 'email.sent');
      expect(sent.map(({ data }) => data.sequence_step)).toEqual(sent.map((_, place) => place + 1));
      for (const [place, { timestamp }] of sent.slice(1).entries()) {
        const since = Date.parse(timestamp) - Date.parse(sent[place]!.timestamp);
        expect(since).toBeGreaterThan([1, 2, 3][place]! * DAY);
      }
      const end = story.findIndex(
        ({ event, data }) =>
          event === 'email.replied' ||
          event === 'email.unsubscribed' ||
          (event === 'email.bounced' && data.bounce_type === 'hard'),
      );
      if (end === -1) {
        expect(sent).toHaveLength(4);
        continue;
      }
      ends.add(story[end]!.event);
      expect(only(story.slice(end), 'email.sent')).toEqual([]);
    }
    expect(ends).toEqual(new Set(['email.replied', 'email.unsubscribed', 'email.bounced']));
  });

  test('keeps its address, program and country; its opens are counted, and the first stays the first', async () => {
    let again = 0;
    for (const story of await stories()) {
      const opens = only(story, 'email.opened').map(({ data }) => data);
      expect(opens.map(({ open_count }) => open_count)).toEqual(opens.map((_, place) => place + 1));
      const same = opens.map(({ lead_email, first_opened_at, user_agent, ip_country }) =>
        [lead_email, first_opened_at, user_agent, ip_country].join(),
      );
      expect(new Set(same).size).toBeLessThanOrEqual(1);
      if (opens.length > 1) again += 1;
    }
    expect(again).toBeGreaterThan(50);
  });
});

describe('a campaign', () => {
  const working = {
    timezone: 'America/New_York',
    schedule: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], start_hour: 9, end_hour: 11 },
    daily_limit: 10,
  } as const;
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'America/New_York',
    weekday: 'short',
    day: '2-digit',
    month: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = (timestamp: string): Record<string, string> =>
    Object.fromEntries(
      local.formatToParts(new Date(timestamp)).map(({ type, value }) => [type, value]),
    );

  test('sends in the hours and on the days of its time zone, up to its daily limit, across a change to daylight saving', async () => {
    // Clocks there go forward on Sunday, March 8.
    await startCampaign(api, leads(35), {
      ...working,
      schedule: { ...working.schedule, days: [...working.schedule.days] },
    });
    await api.advance({ until: 'settled' });
    const sent = only(eventsOf(receiver), 'email.sent').map(({ timestamp }) => timestamp);
    const days = groups(sent, (timestamp) => {
      const { weekday, day, month } = parts(timestamp);
      return `${weekday} ${day}/${month}`;
    });
    expect([...days].map(([day, times]) => [day, times.length])).toEqual([
      ['Fri 06/03', 10],
      ['Mon 09/03', 10],
      ['Tue 10/03', 10],
      ['Wed 11/03', 5],
    ]);
    for (const timestamp of sent) expect(['09', '10']).toContain(parts(timestamp)['hour']);
    // 9 o'clock there is 14:00 UTC in winter and 13:00 in summer.
    expect(new Date(sent[0]!).getUTCHours()).toBe(14);
    expect(new Date(sent[10]!).getUTCHours()).toBe(13);
  });

  test('sends nothing in an hour that daylight saving leaves out', async () => {
    await api.advance({ to: '2026-03-08T05:00:00Z' });
    const schedule = { days: ['sun' as const], start_hour: 2, end_hour: 3 };
    await startCampaign(api, leads(1), { ...working, schedule });
    await api.advance({ until: 'settled' });
    const [sent] = only(eventsOf(receiver), 'email.sent');
    expect(sent?.timestamp).toMatch(/^2026-03-15T06:/);
  });

  test('is completed once, when its last lead has finished, with totals that add up', async () => {
    const id = await startCampaign(api, leads(80), { sequences: sequence(0, 2) });
    await api.advance({ until: 'settled' });
    const events = eventsOf(receiver);
    const [completed, ...more] = only(events, 'campaign.completed');
    expect(more).toEqual([]);
    expect(events.at(-1)).toBe(completed);
    const people = (name: WebhookEvent['event']): number =>
      byLead(events.filter(({ event }) => event === name)).size;
    const count = (name: WebhookEvent['event']): number => only(events, name).length;
    expect(completed?.data.totals).toEqual({
      leads: 80,
      sent: count('email.sent'),
      delivered: count('email.delivered'),
      opened: people('email.opened'),
      clicked: people('email.clicked'),
      replied: people('email.replied'),
      bounced: count('email.bounced'),
      unsubscribed: people('email.unsubscribed'),
    });
    const { data } = await api.get(`/v1/campaigns/${id}/analytics`);
    expect(data).toMatchObject({
      ...completed?.data.totals,
      finished: 80,
      opens: count('email.opened'),
    });
    expect((await api.get(`/v1/campaigns/${id}`)).data.status).toBe('completed');
  });

  test('sends nothing while paused, but sent e-mails are still opened; resuming continues it', async () => {
    const id = await startCampaign(
      api,
      leads(40).map((_, place) => ({ email: `open+2+${place}@acme.example` })),
      { daily_limit: 40 },
    );
    await api.advance({ by: '4h' });
    await api.send('POST', `/v1/campaigns/${id}/pause`);
    const sent = only(eventsOf(receiver), 'email.sent').length;
    expect(sent).toBeGreaterThan(3);
    expect(sent).toBeLessThan(40);
    await api.advance({ until: 'settled' });
    expect(only(eventsOf(receiver), 'email.sent')).toHaveLength(sent);
    expect(only(eventsOf(receiver), 'email.opened')).toHaveLength(2 * sent);
    expect((await api.get('/_sandbox/clock')).data.next_due_at).toBeNull();

    const { data: resumed } = await api.send('POST', `/v1/campaigns/${id}/resume`);
    expect(resumed.status).toBe('active');
    await api.advance({ until: 'settled' });
    const emails = only(eventsOf(receiver), 'email.sent').map(({ data }) => data.lead_email);
    expect(new Set(emails).size).toBe(40);
    expect(emails).toHaveLength(40);
    expect(only(eventsOf(receiver), 'campaign.completed')).toHaveLength(1);
  });

  test('skips leads that unsubscribed globally in any campaign', async () => {
    const gone = { email: 'unsubscribe+global@acme.example' };
    const only_here = { email: 'unsubscribe+campaign@acme.example' };
    const waiting = await startCampaign(api, [gone, only_here, ...leads(1)], {
      sequences: sequence(3),
    });
    await startCampaign(api, [gone, only_here]);
    await api.advance({ by: '2d' });
    const events = only(eventsOf(receiver), 'email.unsubscribed');
    const suppressions = events.map(({ data }) => [data.lead_email, data.suppressed_globally]);
    expect(new Map(suppressions as [string, boolean][])).toEqual(
      new Map([
        [gone.email, true],
        [only_here.email, false],
      ]),
    );
    await api.advance({ until: 'settled' });
    const later = only(eventsOf(receiver), 'email.sent').filter(
      ({ data }) => data.campaign_id === waiting,
    );
    expect(later.map(({ data }) => data.lead_email).toSorted()).toEqual([
      'lead.1@acme.example',
      only_here.email,
    ]);
    const { data: list } = await api.get(`/v1/campaigns/${waiting}/leads`);
    expect(list[0]).toMatchObject({ ...gone, status: 'suppressed', sequence_step: 0 });
    expect(only(eventsOf(receiver), 'campaign.completed')).toHaveLength(2);

    const { data: draft } = await api.send('POST', `/v1/campaigns`, {
      name: 'Later',
      daily_limit: 1,
      timezone: 'UTC',
      schedule: { days: ['mon'], start_hour: 0, end_hour: 24 },
      sequences: sequence(0),
    });
    const added = await api.send('POST', `/v1/campaigns/${draft.id}/leads`, {
      leads: [{ email: 'Unsubscribe+Global@ACME.example' }],
    });
    expect(added.data).toEqual({
      leads: [],
      skipped: [{ email: 'Unsubscribe+Global@ACME.example', reason: 'suppressed' }],
    });
  });

  test('that is deleted tells nothing more', async () => {
    const id = await startCampaign(api, leads(20), { daily_limit: 20 });
    await api.advance({ by: '6h' });
    const before = receiver.received.length;
    expect(before).toBeGreaterThan(5);
    await api.send('DELETE', `/v1/campaigns/${id}`);
    await api.advance({ until: 'settled' });
    expect(receiver.received).toHaveLength(before);
  });

  test('accepts leads while it runs, and drops removed ones', async () => {
    const id = await startCampaign(api, leads(1), { sequences: sequence(1, 1) });
    const { data: added } = await api.send('POST', `/v1/campaigns/${id}/leads`, {
      leads: leads(2, 2),
    });
    await api.send('DELETE', `/v1/campaigns/${id}/leads/${added.leads[0].id}`);
    await api.advance({ until: 'settled' });
    const emails = only(eventsOf(receiver), 'email.sent').map(({ data }) => data.lead_email);
    expect(emails.toSorted()).toEqual([
      ...Array<string>(2).fill('lead.1@acme.example'),
      ...Array<string>(2).fill('lead.3@acme.example'),
    ]);
    const { data: list } = await api.get(`/v1/campaigns/${id}/leads`);
    expect(list.map(({ email }: { email: string }) => email)).toEqual([
      'lead.1@acme.example',
      'lead.3@acme.example',
    ]);
  });

  test('follows its profile and its rates', async () => {
    const id = await startCampaign(api, leads(200));
    const { data } = await api.send('PUT', `/_sandbox/campaigns/${id}/simulation`, {
      profile: 'silent',
      rates: { reply: 1, sentiments: { negative: 1 } },
    });
    expect(data).toMatchObject({ profile: 'custom', rates: { open: 0, reply: 1 } });
    await api.advance({ until: 'settled' });
    const { data: counts } = await api.get(`/v1/campaigns/${id}/analytics`);
    expect(counts).toMatchObject({ sent: 200, delivered: 200, opens: 0, replied: 200 });
    expect(counts.replies).toMatchObject({ negative: 200, positive: 0 });
  });

  test.each([
    ['average', 'bounced', 0.002, 0.04],
    ['dangerous', 'bounced', 0.08, 0.17],
    ['average', 'opened', 0.43, 0.57],
    ['excellent', 'opened', 0.58, 0.72],
    ['silent', 'opened', 0, 0],
    ['average', 'replied', 0.02, 0.065],
  ] as const)('%s: %s is between %d and %d of the leads', async (profile, what, from, to) => {
    await using own = await createMock({ ...OPTIONS, profile });
    const account = apiOf(own.url);
    const id = await startCampaign(account, leads(1000));
    await account.advance({ until: 'settled' });
    const { data } = await account.get(`/v1/campaigns/${id}/analytics`);
    expect(data[what] / 1000).toBeGreaterThanOrEqual(from);
    expect(data[what] / 1000).toBeLessThanOrEqual(to);
  });
});

describe('an address that decides', () => {
  test.each([
    ['bounce+hard', ['sent', 'bounced']],
    ['bounce+soft', ['sent', 'bounced', 'sent', 'delivered']],
    ['silent+1', ['sent', 'delivered', 'sent', 'delivered']],
    ['open+3', ['sent', 'delivered', 'opened', 'opened', 'opened', 'sent', 'delivered']],
    ['click+1', ['sent', 'delivered', 'opened', 'clicked', 'sent', 'delivered']],
    ['reply+positive', ['sent', 'delivered', 'opened', 'replied']],
    ['reply+out_of_office+sam', ['sent', 'delivered', 'opened', 'replied']],
    ['unsubscribe+global', ['sent', 'delivered', 'opened', 'unsubscribed']],
    ['unsubscribe+campaign', ['sent', 'delivered', 'opened', 'unsubscribed']],
    ['unsubscribe+race', ['sent', 'delivered', 'opened', 'unsubscribed', 'opened', 'opened']],
  ])('%s@…', async (local, story) => {
    await startCampaign(api, [{ email: `${local}@acme.example` }], { sequences: sequence(0, 30) });
    await api.advance({ until: 'settled' });
    const events = eventsOf(receiver).map(({ event }) => event);
    // What is sent in the same second is under way together.
    expect(events.toSorted()).toEqual(
      [...story.map((name) => `email.${name}`), 'campaign.completed'].toSorted(),
    );
    expect(events[0]).toBe('email.sent');
  });

  test.each(['positive', 'neutral', 'negative', 'out_of_office', 'unsubscribe'])(
    'reply+%s@… says so, and who it is stays the same',
    async (sentiment) => {
      await startCampaign(api, [{ email: `reply+${sentiment}@acme.de`, company: 'Acme' }]);
      await api.advance({ until: 'settled' });
      const [reply] = only(eventsOf(receiver), 'email.replied');
      expect(reply?.data).toMatchObject({ reply_sentiment: sentiment, lead_company: 'Acme' });
      expect(reply?.data.reply_preview.length).toBeGreaterThan(10);
      expect(only(eventsOf(receiver), 'email.opened')[0]?.data.ip_country).toMatch(/^(?:DE|US)$/);
    },
  );
});

describe('what was begun', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'campaign-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const plan = { sequences: sequence(0, 2, 3) };

  test('continues after a restart as if nothing had happened', async () => {
    const whole = (async () => {
      await startCampaign(api, leads(40), plan);
      await api.advance({ by: '30d' });
      return eventsOf(receiver);
    })();
    const expected = await whole;

    await using other = await startReceiver();
    const db = join(folder, 'sandbox.db');
    await mock.close();
    await open({ db });
    await api.register(other.url);
    const id = await startCampaign(api, leads(40), plan);
    for (let days = 0; days < 30; days += 6) {
      await api.advance({ by: '6d' });
      await mock.close();
      await open({ db });
    }
    expect(eventsOf(other).toSorted(byId)).toEqual([...expected].toSorted(byId));
    expect((await api.get(`/v1/campaigns/${id}/analytics`)).data.sent).toBe(
      only(expected, 'email.sent').length,
    );
  });

  test('is part of a snapshot, and continues wherever that is loaded', async () => {
    await startCampaign(api, leads(30), plan);
    await api.advance({ by: '3d' });
    const { data: snapshot } = await api.get('/_sandbox/snapshot');
    const sofar = receiver.received.length;
    await api.advance({ until: 'settled' });
    const rest = eventsOf(receiver).slice(sofar);

    await using other = await createMock({ ...OPTIONS, db: join(folder, 'other.db') });
    const account = apiOf(other.url);
    const before = receiver.received.length;
    expect((await account.send('PUT', '/_sandbox/snapshot', snapshot)).status).toBe(200);
    await account.advance({ until: 'settled' });
    expect(eventsOf(receiver).slice(before).toSorted(byId)).toEqual(rest.toSorted(byId));
  });

  test('ends with a reset', async () => {
    await startCampaign(api, leads(30), plan);
    await api.advance({ by: '1d' });
    await api.send('POST', '/_sandbox/reset');
    expect((await api.get('/v1/campaigns')).data).toEqual([]);
    expect((await api.get('/_sandbox/clock')).data.next_due_at).toBeNull();
  });

  test('is not stored without a subscriber, but counted', async () => {
    const [webhook] = (await api.get('/v1/webhooks')).data;
    await api.send('PATCH', `/v1/webhooks/${webhook.id}`, { events: ['email.replied'] });
    const id = await startCampaign(
      api,
      [...leads(10), { email: 'reply+positive@acme.example' }],
      plan,
    );
    await api.advance({ until: 'settled' });
    const { data: kept } = await api.get('/_sandbox/events');
    expect(new Set(kept.map(({ event }: WebhookEvent) => event))).toEqual(
      new Set(['email.replied']),
    );
    expect((await api.get(`/v1/campaigns/${id}/analytics`)).data.sent).toBeGreaterThan(20);
  });
});

const byId = (a: WebhookEvent, b: WebhookEvent): number => (a.id < b.id ? -1 : 1);
