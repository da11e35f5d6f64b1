/**
 * The data of triggered events, over HTTP: it fits the contract and itself, follows what is given, and comes from
 * the seed.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../schemas/contract.ts';
import { ReplySentiment, WebhookEvent } from '../../schemas/events.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Reply } from '../support/api.ts';

type Data = Record<string, any>;
interface Triggered {
  readonly events: readonly { readonly timestamp: string; readonly data: Data }[];
  readonly notice: string;
}

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', clockStart: '2026-04-06T12:00:00Z', seed: 7 });
});
afterAll(() => mock.close());

let accounts = 0;
/** An account of its own, so that no test draws from another's values. */
const account = (key = `account-${++accounts}`, url = mock.url) => {
  const api = apiOf(url, key);
  const send = (event: string, more: Data = {}): Promise<Reply<Triggered>> =>
    api.send('POST', '/_sandbox/events', { event, ...more });
  const make = async (event: string, given: Data = {}, more: Data = {}): Promise<Data> => {
    const { data, error } = await send(event, { data: given, ...more });
    if (error !== undefined) throw new Error(error.message);
    return data.events[0]!.data;
  };
  return { send, make };
};

test.each(EVENT_TYPES)(
  '200 × %s fit the contract and name no field that it does not',
  async (event) => {
    const { data } = await account().send(event, { count: 200 });
    expect(data.events).toHaveLength(200);
    for (const one of data.events) expect(WebhookEvent.safeParse(one).error).toBeUndefined();
    expect(data.notice).not.toContain('Unknown field');
  },
);

describe('what belongs together fits together', () => {
  test('many events are about as many leads of one campaign', async () => {
    const { data } = await account().send('email.sent', { count: 200 });
    const distinct = (field: string) => new Set(data.events.map((one) => one.data[field])).size;
    expect(distinct('lead_id')).toBe(200);
    expect(distinct('lead_email')).toBe(200);
    expect(distinct('campaign_id')).toBe(1);
  });

  test('a campaign runs through an account’s triggers until it is completed', async () => {
    const { make } = account();
    const opened = await make('email.opened');
    const bounced = await make('email.bounced');
    const completed = await make('campaign.completed');
    const next = await make('email.sent');
    expect(bounced['campaign_id']).toBe(opened['campaign_id']);
    expect(completed['campaign_id']).toBe(opened['campaign_id']);
    expect(next['campaign_id']).not.toBe(opened['campaign_id']);
  });

  test('addresses consist of name and company, and belong to no one', async () => {
    const { data } = await account().send('email.replied', { count: 200 });
    for (const { data: lead } of data.events) {
      const [, last] = (lead['lead_name'] as string).toLowerCase().split(' ');
      const company = (lead['lead_company'] as string).toLowerCase();
      const [local, domain] = (lead['lead_email'] as string).split('@');
      expect(local).toContain(last!.replace(/[^a-z]+/g, '-'));
      expect(domain).toMatch(/^[a-z0-9-]+\.example$/);
      expect(domain).toContain(company.split(/[^a-z]/)[0]);
    }
  });

  test('bounces: 4xx is soft, 5xx is hard, and both come', async () => {
    const { data } = await account().send('email.bounced', { count: 100 });
    const codes = new Set(
      data.events.map(
        ({ data: { bounce_type, bounce_code } }) => `${bounce_type} ${bounce_code[0]}`,
      ),
    );
    expect([...codes].toSorted()).toEqual(['hard 5', 'soft 4']);
  });

  test.each([
    ['email.opened', 'open_count', 'first_opened_at'],
    ['email.clicked', 'click_count', 'first_clicked_at'],
  ])('%s: the first of many lies before, the first of one is now', async (event, count, first) => {
    const { data } = await account().send(event, { count: 100 });
    for (const { timestamp, data: one } of data.events) {
      if (one[count] === 1) expect(one[first]).toBe(timestamp);
      else expect(Date.parse(one[first])).toBeLessThan(Date.parse(timestamp));
    }
    const counts = new Set(data.events.map((one) => one.data[count] === 1));
    expect(counts.size).toBe(2);
  });

  test('every sentiment is replied with, in several texts', async () => {
    const { data } = await account().send('email.replied', { count: 300 });
    for (const sentiment of ReplySentiment.options) {
      const replies = data.events.filter((one) => one.data['reply_sentiment'] === sentiment);
      const texts = new Set(replies.map((one) => one.data['reply_preview']));
      expect(texts.size, sentiment).toBeGreaterThan(1);
    }
  });

  test('the totals of a campaign add up', async () => {
    const { data } = await account().send('campaign.completed', { count: 100 });
    for (const {
      data: { totals },
    } of data.events) {
      expect(totals.delivered + totals.bounced).toBe(totals.sent);
      expect(totals.clicked).toBeLessThanOrEqual(totals.opened);
      expect(totals.unsubscribed).toBeLessThanOrEqual(totals.replied);
      for (const part of ['opened', 'replied']) {
        expect(totals[part]).toBeLessThanOrEqual(totals.leads);
      }
    }
  });
});

describe('what is given is kept, and the rest follows', () => {
  test.each<[string, string, Data, Data]>([
    [
      'a name from an address',
      'email.replied',
      { lead_email: 'ada.byron@acme.test' },
      { lead_name: 'Ada Byron' },
    ],
    [
      'an address from name and company',
      'email.replied',
      { lead_name: 'José  Núñez', lead_company: 'Acme Corp' },
      { lead_email: 'jose.nunez@acme-corp.example' },
    ],
    [
      'a code from a type',
      'email.bounced',
      { bounce_type: 'soft' },
      { bounce_code: expect.stringMatching(/^4/) },
    ],
    [
      'type and message from a code',
      'email.bounced',
      { bounce_code: '452' },
      { bounce_type: 'soft', bounce_message: 'Mailbox full' },
    ],
    [
      'a first time from a count',
      'email.opened',
      { open_count: 1 },
      { first_opened_at: '2026-04-06T12:00:00Z' },
    ],
    [
      'bounces from sent and delivered',
      'campaign.completed',
      { totals: { sent: 10, bounced: 4 } },
      { totals: expect.objectContaining({ sent: 10, bounced: 4, delivered: 6 }) },
    ],
  ])('%s', async (_what, event, given, expected) => {
    const { make } = account();
    for (let round = 0; round < 10; round += 1) {
      expect(await make(event, given)).toMatchObject(expected);
    }
  });

  test('an earlier first time makes it one of several', async () => {
    const { make } = account();
    for (let round = 0; round < 10; round += 1) {
      const { open_count } = await make('email.opened', {
        first_opened_at: '2026-04-01T00:00:00Z',
      });
      expect(open_count).toBeGreaterThan(1);
    }
  });

  test('a reply fits the sentiment that is asked for', async () => {
    const { make } = account();
    const { reply_preview } = await make('email.replied', { reply_sentiment: 'unsubscribe' });
    expect(reply_preview).toMatch(/unsubscribe|list|remove/i);
  });

  test('a given time is what the others are measured by', async () => {
    const timestamp = '2020-02-29T23:59:59Z';
    const { first_opened_at } = await account().make(
      'email.opened',
      { open_count: 4 },
      { timestamp },
    );
    expect(Date.parse(first_opened_at)).toBeLessThan(Date.parse(timestamp));
  });

  test('null takes a field out; objects are merged', async () => {
    const { make } = account();
    expect(await make('email.opened', { user_agent: null })).not.toHaveProperty('user_agent');
    const { totals } = await make('campaign.completed', { totals: { leads: 3, extra: { a: 1 } } });
    expect(totals).toMatchObject({ leads: 3, sent: expect.any(Number), extra: { a: 1 } });
  });

  test('a key with a meaning to JavaScript is a key like any other', async () => {
    const body = '{"event":"email.sent","data":{"__proto__":{"polluted":true}}}';
    const { status, data } = await apiOf(mock.url, 'proto').send('POST', '/_sandbox/events', body);
    expect(status).toBe(202);
    expect(({} as Data)['polluted']).toBeUndefined();
    expect(JSON.stringify(data.events)).not.toContain('undefined');
  });
});

describe('invalid data is rejected, unknown fields are reported', () => {
  test.each<[string, Data, RegExp]>([
    ['email.opened', { open_count: 'three' }, /"data\.open_count" is "three".*number/],
    ['email.bounced', { bounce_type: 'medium' }, /"data\.bounce_type" is "medium".*hard, soft/],
    ['email.replied', { lead_email: null }, /"data\.lead_email" is missing/],
    ['campaign.completed', { totals: { sent: -1 } }, /"data\.totals\.sent" is -1.*at least 0/],
  ])('%s with %j', async (event, data, message) => {
    const { status, error } = await account().send(event, { data });
    expect(status).toBe(422);
    expect(error.code).toBe('VALIDATION_FAILED');
    expect(error.message).toMatch(message);
  });

  test('one id cannot be many events’', async () => {
    const { status, error } = await account().send('email.sent', { count: 2, id: 'evt_one' });
    expect(status).toBe(422);
    expect(error.message).toMatch(/"id".*"count" is 2/);
  });

  test('unknown fields are sent and told, at any depth; one that is taken out is not', async () => {
    const { data } = await account().send('campaign.completed', {
      data: { compaign_name: 'x', totals: { sends: 1 }, gone: null },
    });
    expect(data.events[0]!.data).toMatchObject({ compaign_name: 'x', totals: { sends: 1 } });
    expect(data.notice).toContain(': "data.compaign_name", "data.totals.sends". Sent unchanged');
    expect(data.notice).not.toContain('gone');
  });
});

describe('from the seed', () => {
  const draw = async (url: string, key: string) => {
    const { send } = account(key, url);
    const drawn: unknown[] = [];
    for (const event of EVENT_TYPES) {
      const { data } = await send(event, { count: 3 });
      drawn.push(data.events.map((one) => one.data));
    }
    return drawn;
  };
  const options = { clock: 'frozen' as const, clockStart: '2026-04-06T12:00:00Z' };

  test('the same seed and calls give the same data, whatever other accounts do', async () => {
    await using one = await createMock({ ...options, seed: 42 });
    await using two = await createMock({ ...options, seed: 42 });
    await account('someone', two.url).send('email.replied', { count: 5 });
    expect(await draw(two.url, 'key')).toEqual(await draw(one.url, 'key'));
  });

  test('another seed gives other data', async () => {
    await using one = await createMock({ ...options, seed: 42 });
    await using two = await createMock({ ...options, seed: 43 });
    expect(await draw(two.url, 'key')).not.toEqual(await draw(one.url, 'key'));
  });
});
